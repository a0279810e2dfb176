import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from './kafka-parts.ts'

const VERSION = '3.13.5'
/** The same as the Go module proxy counts it. */
const MODULE_VERSION = 'v0.313.5'
const MODULE = 'github.com/prometheus/prometheus/cmd'

/** A promtool and the Prometheus of the same release. */
export interface PrometheusParts {
  /** As it names itself, such as 2.42.0+ds. */
  version: string
  promtool: string
  prometheus: string
}

const cached = () => join(cacheFolder(), `prometheus-${MODULE_VERSION}`)

/** Every Prometheus there is here, the system's own first. */
export function prometheusParts(): PrometheusParts[] {
  const own = { promtool: 'promtool', prometheus: 'prometheus' }
  const version = versionOf(own.promtool)
  const found = version === undefined || versionOf(own.prometheus) === undefined ? [] : [{ version, ...own }]
  // One that is built from the module proxy does not know its version.
  const built = { version: VERSION, promtool: join(cached(), 'promtool'), prometheus: join(cached(), 'prometheus') }
  return existsSync(cached()) ? [...found, built] : found
}

/** Why no Prometheus can be started here; undefined when one can. */
export function noPrometheus(): string | undefined {
  if (prometheusParts().length > 0) return undefined
  return 'no Prometheus here: install prometheus (Debian has it), or Go, with which it is built into the cache folder'
}

/** Why the rules cannot be tried on release 3; undefined when they can. */
export function noPrometheus3(): string | undefined {
  if (prometheusParts().some(({ version }) => version.startsWith('3.'))) return undefined
  return `no Prometheus 3 here: ${cached()} is empty; Go and a network fill it in about 4 minutes`
}

/** Why no Alertmanager can be started here; undefined when one can. */
export function noAlertmanager(): string | undefined {
  if (alertmanager() !== undefined && versionOf('amtool') !== undefined) return undefined
  return 'no Alertmanager here: install prometheus-alertmanager (Debian has it), which brings amtool'
}

/** Debian gives it a name of its own. */
export function alertmanager(): string | undefined {
  return ['prometheus-alertmanager', 'alertmanager'].find((command) => versionOf(command) !== undefined)
}

/** Builds release 3 into the cache folder when it is not there and Go is; safe in several processes at once. */
export function buildPrometheus3(): void {
  if (existsSync(cached()) || spawnSync('go', ['version'], { stdio: 'ignore' }).status !== 0) return
  mkdirSync(cacheFolder(), { recursive: true })
  const work = mkdtempSync(join(cacheFolder(), 'building-'))
  try {
    process.stdout.write('building Prometheus 3 for the tests of rules: about 4 minutes\n')
    writeFileSync(join(work, 'go.mod'), 'module tools\n\ngo 1.25.0\n')
    const go = (...args: string[]) =>
      execFileSync('go', args, { cwd: work, stdio: 'inherit', env: { ...process.env, CGO_ENABLED: '0' } })
    const tools = ['promtool', 'prometheus']
    go('get', '-tool', ...tools.map((tool) => `${MODULE}/${tool}@${MODULE_VERSION}`))
    mkdirSync(join(work, 'bin'))
    // Without service discovery: static targets are all that a test needs, and the rest is most of the build.
    const flags = ['-trimpath', '-tags', 'remove_all_sd', '-ldflags', '-s -w', '-o', join(work, 'bin')]
    for (const tool of tools) go('build', ...flags, `${MODULE}/${tool}`)
    renameSync(join(work, 'bin'), cached())
  } catch (error) {
    // Another process may have been quicker; whether the parts are there is asked again by `noPrometheus3`.
    process.stdout.write(`Prometheus 3 was not built: ${error instanceof Error ? error.message : String(error)}\n`)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function versionOf(command: string): string | undefined {
  const { status, stdout, stderr } = spawnSync(command, ['--version'], { encoding: 'utf8' })
  return status === 0 ? /version (\S+)/.exec(`${stdout}${stderr}`)?.[1]?.replace(/,$/, '') : undefined
}
