import { resolve } from 'node:path'
import v8 from 'node:v8'
import { runUntilSignal } from '../lib/lifecycle.ts'
import { createLinePrinter, createLogger } from '../lib/logger.ts'
import { version } from '../lib/version.ts'
import { type AllInOne, createAllInOne, type LoggerFor, type Plan, planAllInOne } from './all-in-one.ts'
import type { AddCommand } from './command.ts'
import { type CliContext, createProgress } from './context.ts'
import { dataOption, type EnvOption, toOption, withOptions } from './options.ts'

const upOptions: readonly EnvOption[] = [
  dataOption,
  {
    flags: '--source <kind>',
    env: 'DTMS_SOURCE',
    description: 'simulator, csv, or none: only show what the log holds',
  },
  { flags: '--scenario <name>', env: 'DTMS_SCENARIO', description: 'packaged scenario or path of a YAML file' },
  { flags: '--seed <n>', env: 'DTMS_SEED', description: 'seed of the world' },
  { flags: '--speed <x>', env: 'DTMS_SPEED', description: 'world seconds per second of a new world' },
  { flags: '--backfill-hours <h>', env: 'DTMS_BACKFILL_HOURS', description: 'healthy past of a new world, hours' },
  {
    flags: '--bus <kind>',
    env: 'DTMS_BUS',
    description: 'memory, or kafka with DTMS_KAFKA_BROKERS: what carries the event stream (memory)',
  },
  { flags: '--port <port>', env: 'DTMS_PORT', description: 'TCP port of page and API (8003; 0: any free one)' },
  { flags: '--host <address>', env: 'DTMS_HOST', description: 'address to listen on (127.0.0.1)' },
]

export const addUp: AddCommand = (program, context, act) => {
  const command = program
    .command('up')
    .description('all services in one process: sites, log, detectors, API and page (what npm start runs)')
    .option('--check-config', 'check the settings of every service, name every problem, and end')
  for (const option of upOptions) command.addOption(toOption(option))
  command.action((flags: { checkConfig?: boolean }) => act(() => up(context, flags)))
}

async function up(context: CliContext, flags: { checkConfig?: boolean }): Promise<number> {
  const env = withOptions(context, upOptions, { ...flags })
  const plan = await planAllInOne(env, { createKey: flags.checkConfig !== true })
  if (flags.checkConfig === true) {
    context.out('the settings are good')
    return 0
  }
  // Writing the past leaves garbage that V8, seeing free memory, would keep: 350 MiB resident instead of 250, measured
  // at a tenth more CPU time during the start.
  v8.setFlagsFromString('--heap-growing-percent=30')
  const loggerFor: LoggerFor = (service, layer) => createLogger({ service, layer, level: plan.config.logLevel, fd: 2 })
  const app = createAllInOne(plan, loggerFor, createLinePrinter(2))
  const began = performance.now()
  let over = false
  return runUntilSignal(
    {
      ...(app.failed === undefined ? {} : { failed: app.failed }),
      async start() {
        await app.start()
        context.out(banner(plan, app.url))
        await untilReady(app, context, () => over)
        if (!over) context.out(`  ready after ${((performance.now() - began) / 1000).toFixed(1)} s\n`)
      },
      async stop() {
        over = true
        await app.stop()
      },
    },
    loggerFor('dtms', 'platform'),
  )
}

/** Shows on a terminal what is still missing. */
async function untilReady(app: AllInOne, context: CliContext, isOver: () => boolean): Promise<void> {
  const progress = createProgress(context)
  for (let waiting = app.waitingFor(); waiting.length > 0 && !isOver(); waiting = app.waitingFor()) {
    progress.show(`  not ready yet: ${waiting.join(' · ')}`.slice(0, 110))
    await new Promise((done) => setTimeout(done, 50))
  }
  progress.end()
}

function banner({ config, sites, key }: Plan, url: string): string {
  const [source, destination] = sites
  const what =
    config.source === 'simulator'
      ? `${sites.length} simulated sites, scenario ${config.scenario}, seed ${config.seed}`
      : config.source === 'csv'
        ? `${sites[0]} from ${config.sourceFile}`
        : 'showing a log that is there'
  const generated = key.from !== 'DTMS_API_KEY'
  const lines = [
    '',
    `  DTMS ${version}: ${what}`,
    '',
    `  page     ${url}/${generated ? `#key=${key.key}` : ''}`,
    `  API      ${url}/docs  (also /redoc, /openapi.json, /v1/...)`,
    `  metrics  ${url}/metrics`,
    `  data     ${resolve(config.dataDir)}`,
    `  key      ${generated ? `${key.key}  (for state changes; kept in ${key.from})` : 'the one that DTMS_API_KEY gives (for state changes)'}`,
  ]
  if (source !== undefined && destination !== undefined) {
    const shownKey = generated ? key.key : '$DTMS_API_KEY'
    lines.push(
      '',
      '  break something (or use the buttons on the page):',
      `    curl -X POST ${url}/v1/faults -H "Authorization: Bearer ${shownKey}" -H "Content-Type: application/json" \\`,
      `      -d '{"kind":"link-brownout","scope":{"source":"${source}","destination":"${destination}"},"durationSeconds":1200}'`,
    )
  }
  lines.push('', '  Ctrl-C stops it; the next start goes on from there.', '')
  return lines.join('\n')
}
