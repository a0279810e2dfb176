import { type Command, Help } from 'commander'
import type { Settings } from '../lib/config.ts'
import type { MetricsRegistry } from '../lib/metrics.ts'

/** Renders the reference pages of docs/ from the code, so that they cannot disagree with it. */

const generated = (source: string): string =>
  `<!-- Generated from ${source} by \`npm run docs\`; a test compares. Edit the code, not this page. -->`

export interface ServiceSettings {
  service: string
  title: string
  settings: Settings
}

export function configurationPage(services: readonly ServiceSettings[]): string {
  const shared = sharedNames(services)
  const lines = [
    '# Configuration',
    '',
    generated('the settings beside each service'),
    '',
    'Settings come from the environment; an empty variable counts as not set. Every service checks all of its settings before it does anything and names every problem at once; `dtms run <service> --check-config` and `dtms up --check-config` do only that. A secret may be given in a file named by the same variable with `_FILE` at its end.',
    '',
    'The all-in-one (`dtms up`, `npm start`) reads the settings of all services, and its own; options of the command line win over the environment.',
    '',
    'A default is made for a laptop. Where a deployment takes a setting from elsewhere, it names it in `DTMS_REQUIRED_SETTINGS` (names with commas between them): a service that misses one of them does not start, with exit code 2 and the key of the ConfigMap or Secret that should bring it. The manifests of openshift/ do so for what they take from the ConfigMap `dtms-settings`, and add nothing to that list that a profile does not set.',
    '',
    '## All services',
    '',
    ...settingsTable(Object.values(services[0]?.settings ?? {}).filter((entry) => shared.has(entry.env))),
  ]
  for (const { service, title, settings } of services) {
    const own = Object.values(settings).filter((entry) => !shared.has(entry.env))
    lines.push(
      '',
      `## ${service}`,
      '',
      title,
      '',
      ...(own.length > 0 ? settingsTable(own) : ['No settings of its own.']),
    )
  }
  return `${lines.join('\n')}\n`
}

/** Variables that every service has with the same default. */
function sharedNames(services: readonly ServiceSettings[]): Set<string> {
  const counts = new Map<string, number>()
  for (const { settings } of services) {
    for (const entry of Object.values(settings)) {
      const key = `${entry.env} ${JSON.stringify(entry.fallback)}`
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
  }
  return new Set([...counts].filter(([, count]) => count === services.length).map(([key]) => key.split(' ')[0] ?? ''))
}

function settingsTable(entries: readonly Settings[string][]): string[] {
  return [
    '| variable | default | unit | meaning |',
    '| --- | --- | --- | --- |',
    ...entries.map((entry) => {
      const aliases =
        entry.aliases === undefined || entry.aliases.length === 0 ? '' : ` (also ${entry.aliases.map(code).join(', ')})`
      const secret = entry.secret ? ` Secret; also as \`${entry.env}_FILE\`.` : ''
      return `| ${code(entry.env)}${aliases} | ${fallbackText(entry)} | ${entry.unit ?? ''} | ${cell(entry.description)}${secret} |`
    }),
  ]
}

function fallbackText(entry: Settings[string]): string {
  if (!('fallback' in entry)) return 'required'
  const { fallback } = entry
  if (fallback === undefined) return 'none'
  if (Array.isArray(fallback)) return fallback.length === 0 ? 'none' : code(fallback.join(','))
  return code(String(fallback))
}

export interface ServiceMetrics {
  service: string
  registries: readonly MetricsRegistry[]
}

export async function metricsPage(services: readonly ServiceMetrics[]): Promise<string> {
  const lines = [
    '# Metrics',
    '',
    generated('the registries of the services'),
    '',
    'Metrics are made from records that were read back from the log; ages and states are computed when scraped. Label values come from the log and are capped: what is beyond the cap is `_other`. A metric marked deprecated keeps the name and meaning that existing dashboards rely on; its text names the one to use instead. The all-in-one shows all of them on one `/metrics`.',
    '',
    'Layers (`dtms_layer_*`, once a process) add up what its services say. collection: transfers that an exporter has taken from its source (received) and made durable (published), rows of a foreign log that could not become any (failed). storage: lines of transfers, truth and events that exporters have handed to the log (received), that are durable (processed), and writes that failed and were made again (failed). processing: records acknowledged by the bus (published), delivered by it (received), counted in a window or scored (processed), refused by either side (failed). detection: records read, scored and refused by the forest. Stages: write (storage), publish, process, durable, checkpoint (processing), score of one batch (detection).',
  ]
  for (const { service, registries } of services) {
    lines.push('', `## ${service}`, '', '| metric | type | labels | meaning |', '| --- | --- | --- | --- |')
    const metrics = (await Promise.all(registries.map((registry) => describeRegistry(registry)))).flat()
    metrics.sort((a, b) => (a.name < b.name ? -1 : 1))
    for (const metric of metrics) {
      lines.push(
        `| ${code(metric.name)} | ${metric.type} | ${metric.labels.map(code).join(', ')} | ${cell(metric.help)} |`,
      )
    }
  }
  return `${lines.join('\n')}\n`
}

export interface MetricFacts {
  name: string
  type: string
  help: string
  labels: string[]
}

export async function describeRegistry(registry: MetricsRegistry): Promise<MetricFacts[]> {
  const described = await registry.getMetricsAsJSON()
  return described.map(({ name, type, help }) => {
    const metric: object = registry.getSingleMetric(name) ?? {}
    const labels: unknown = 'labelNames' in metric ? metric.labelNames : []
    return { name, type: String(type), help, labels: Array.isArray(labels) ? labels.map(String) : [] }
  })
}

export function cliPage(program: Command): string {
  const lines = [
    '# The dtms command',
    '',
    generated('the help of every command'),
    '',
    '`npx dtms` after an installation, `node dist/cli/main.js` in a checkout, or `npm run dtms --`. Exit codes: 0 good, 1 a finding or a failure, 2 usage or settings. With `--json` exactly one object goes to stdout; progress and messages go to stderr.',
    '',
    ...commandSections(program, []),
  ]
  return `${lines.join('\n').trimEnd()}\n`
}

function commandSections(command: Command, path: readonly string[]): string[] {
  const name = [...path, command.name()]
  // A fixed width, so that the page does not depend on the terminal it was made in.
  const help = Object.assign(new Help(), { helpWidth: 110 })
  const lines = [
    `${'#'.repeat(Math.min(name.length + 1, 4))} ${name.join(' ')}`,
    '',
    '```',
    help.formatHelp(command, help).trimEnd(),
    '```',
    '',
  ]
  for (const child of command.commands) lines.push(...commandSections(child, name))
  return lines
}

function code(text: string): string {
  return `\`${text}\``
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
