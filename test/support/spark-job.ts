import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { jobFolder, sparkParts } from './spark-parts.ts'

/** Python, JVM and what they started: one group, so that a kill meets them all at once. */
export interface SparkRun {
  /** Resolves with the exit code, and with undefined when it was killed. */
  ended: Promise<number | undefined>
  output(): string
  kill9(): void
}

const groups = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of groups) killGroup(child)
})

/** `spark-submit` of one file on this machine with a small heap. */
export function submit(file: string, env: Record<string, string>, args: string[] = []): SparkRun {
  const parts = sparkParts()
  if (parts === undefined) throw new Error('Spark has not been fetched')
  // Spark leaves files behind wherever it is killed, and an empty folder where it is started.
  const folder = mkdtempSync(join(tmpdir(), 'dtms-spark-run-'))
  const confs = {
    'spark.driver.host': '127.0.0.1',
    'spark.driver.bindAddress': '127.0.0.1',
    'spark.ui.enabled': 'false',
    'spark.log.level': 'ERROR',
    'spark.sql.shuffle.partitions': '2',
    'spark.driver.extraClassPath': join(parts.jars, '*'),
    'spark.driver.defaultJavaOptions': `-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.io.tmpdir=${folder}`,
  }
  const flags = Object.entries(confs).flatMap(([name, value]) => ['--conf', `${name}=${value}`])
  const launcher = join(dirname(parts.python), 'spark-submit')
  const child = spawn(launcher, ['--master', 'local[2]', '--driver-memory', '512m', ...flags, file, ...args], {
    env: {
      ...process.env,
      PATH: `${dirname(parts.python)}:${process.env.PATH}`,
      PYSPARK_PYTHON: parts.python,
      PYTHONDONTWRITEBYTECODE: '1',
      SPARK_LOCAL_IP: '127.0.0.1',
      SPARK_LOCAL_DIRS: folder,
      TMPDIR: folder,
      ...env,
    },
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  groups.add(child)
  let printed = ''
  const take = (chunk: Buffer): void => {
    printed = (printed + chunk.toString()).slice(-2_000_000)
  }
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  const ended = once(child, 'close').then(([code]) => {
    groups.delete(child)
    rmSync(folder, { recursive: true, force: true })
    return code === null ? undefined : Number(code)
  })
  return { ended, output: () => printed, kill9: () => killGroup(child) }
}

export function submitJob(env: Record<string, string>): SparkRun {
  return submit(join(jobFolder, 'job.py'), env)
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
