import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cacheFolder } from './kafka-parts.ts'

/** The job, with the files that say which Spark and which jars it needs. */
export const jobFolder = fileURLToPath(new URL('../../streaming/spark', import.meta.url))

export interface SparkParts {
  python: string
  /** Folder of the connector's jars. */
  jars: string
}

const version = /pyspark==(\S+)/.exec(readFileSync(join(jobFolder, 'requirements.txt'), 'utf8'))?.[1] ?? 'unknown'
const folder = (): string => join(cacheFolder(), `spark-${version}`)
/** Written last: a folder without it was left half filled. */
const complete = (): string => join(folder(), 'complete')

export function sparkParts(): SparkParts | undefined {
  if (!existsSync(complete())) return undefined
  return { python: join(folder(), 'venv', 'bin', 'python'), jars: join(folder(), 'jars') }
}

/** Why Spark cannot run here; undefined when it can. Call `fetchSpark` first. */
export function noSpark(): string | undefined {
  if (!isThere('java', '-version')) return 'no Spark here: install Java 17 (openjdk-17-jre-headless)'
  if (sparkParts() !== undefined) return undefined
  return `no Spark here: ${folder()} is empty; python3 with venv, Maven and a network fill it`
}

/** Fills the cache folder (434 MB) when it is not complete. */
export function fetchSpark(): void {
  if (sparkParts() !== undefined || !isThere('mvn', '--version') || !isThere('python3', '--version')) return
  rmSync(folder(), { recursive: true, force: true })
  mkdirSync(folder(), { recursive: true })
  try {
    process.stdout.write('fetching Spark for the tests\n')
    const run = (command: string, ...args: string[]): void => {
      execFileSync(command, args, { cwd: folder(), stdio: ['ignore', 'ignore', 'inherit'] })
    }
    run('python3', '-m', 'venv', 'venv')
    run(join('venv', 'bin', 'python'), '-m', 'pip', 'install', '-q', '-r', join(jobFolder, 'requirements.txt'))
    const goal = [
      'dependency:copy-dependencies',
      '-DincludeScope=runtime',
      `-DoutputDirectory=${join(folder(), 'jars')}`,
    ]
    run('mvn', '-B', '-q', '-ntp', '-f', join(jobFolder, 'pom.xml'), ...goal)
    writeFileSync(complete(), '')
  } catch (error) {
    process.stdout.write(`Spark was not fetched: ${error instanceof Error ? error.message : String(error)}\n`)
  }
}

function isThere(command: string, flag: string): boolean {
  return spawnSync(command, [flag], { stdio: 'ignore' }).status === 0
}
