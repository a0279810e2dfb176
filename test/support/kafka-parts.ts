import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

const VERSION = '4.3.1'

/** Where parts that are too large for the checkout are kept: $DTMS_CACHE_DIR, else the user's cache folder. */
export function cacheFolder(): string {
  const { DTMS_CACHE_DIR, XDG_CACHE_HOME } = process.env
  return DTMS_CACHE_DIR ?? join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'dtms')
}

export interface KafkaParts {
  classPath: string
  /** A formatted, empty data folder to copy: formatting takes a JVM of its own each time. */
  formatted: string
}

const folder = () => join(cacheFolder(), `kafka-${VERSION}`)

/** The parts of the broker that are there already. */
export function kafkaParts(): KafkaParts | undefined {
  const formatted = join(folder(), 'formatted')
  return existsSync(formatted) ? { classPath: join(folder(), 'libs', '*'), formatted } : undefined
}

/** Why no broker can be started here; undefined when one can. Call `fetchKafka` first. */
export function noKafka(): string | undefined {
  if (!isThere('java', '-version')) return 'no broker here: install Java 17 (openjdk-17-jre-headless)'
  if (kafkaParts() === undefined) return `no broker here: ${folder()} is empty; Maven and a network fill it`
  return undefined
}

/** Fills the cache folder when it is empty; safe in several processes at once. */
export function fetchKafka(): void {
  if (kafkaParts() !== undefined || !isThere('java', '-version') || !isThere('mvn', '--version')) return
  mkdirSync(cacheFolder(), { recursive: true })
  const work = mkdtempSync(join(cacheFolder(), 'fetching-'))
  try {
    process.stdout.write('fetching the broker for the Kafka tests\n')
    const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${join(work, 'libs')}`]
    cpSync(resolve('test/kafka/pom.xml'), join(work, 'pom.xml'))
    execFileSync('mvn', ['-B', '-q', '-ntp', ...goal], { cwd: work, stdio: 'inherit' })
    format(work)
    renameSync(work, folder())
  } catch (error) {
    // Another process may have been quicker; whether the parts are there is asked again by `noKafka`.
    process.stdout.write(`the broker was not fetched: ${error instanceof Error ? error.message : String(error)}\n`)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function format(work: string): void {
  const settings = [
    'process.roles=broker,controller',
    'node.id=1',
    'controller.quorum.voters=1@127.0.0.1:1',
    'listeners=CONTROLLER://127.0.0.1:1,PLAINTEXT://127.0.0.1:2',
    'controller.listener.names=CONTROLLER',
    'listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    `log.dirs=${join(work, 'formatted')}`,
  ]
  const file = join(work, 'format.properties')
  writeFileSync(file, settings.join('\n'))
  const tool = ['kafka.tools.StorageTool', 'format', '-t', 'ZHRtcy10ZXN0LWJyb2tlcg', '-c', file]
  execFileSync('java', ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-cp', join(work, 'libs', '*'), ...tool], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

function isThere(command: string, flag: string): boolean {
  return spawnSync(command, [flag], { stdio: 'ignore' }).status === 0
}
