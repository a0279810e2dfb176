import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { eventually } from './builders.ts'

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/** Settings of the machine that runs the tests must not reach the processes under test. */
function cleanEnv(extra: Record<string, string> = {}): Record<string, string> {
  const kept = Object.entries(process.env).filter(([name]) => ['PATH', 'HOME', 'TMPDIR', 'LANG'].includes(name))
  return { ...(Object.fromEntries(kept) as Record<string, string>), ...extra }
}

export interface Finished {
  code: number
  out: string
  err: string
}

/** Runs the compiled `dtms` to its end. */
export function dtms(args: readonly string[], env: Record<string, string> = {}): Promise<Finished> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { env: cleanEnv(env), maxBuffer: 1 << 28 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, out, err })
    })
  })
}

export interface RunningDtms {
  process: ChildProcess
  url: string
  output(): string
  /** Sends the signal and waits for the end; answers the exit code, or the signal that ended it. */
  end(signal: NodeJS.Signals): Promise<number | string>
}

/** Starts the compiled `dtms up` on a free port and waits for its address; it ends with the test. */
export async function startUp(args: readonly string[], env: Record<string, string> = {}): Promise<RunningDtms> {
  const child = spawn(process.execPath, [main, 'up', '--port', '0', ...args], {
    env: cleanEnv({ LOG_LEVEL: 'warn', ...env }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const collect = (chunk: unknown): void => {
    output += String(chunk)
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  const end = async (signal: NodeJS.Signals): Promise<number | string> => {
    child.kill(signal)
    const [code, by] = await exit
    return code ?? by ?? 'unknown'
  }
  onTestFinished(async () => {
    await end('SIGKILL')
  })
  const url = await eventually(() => {
    if (child.exitCode !== null) throw new Error(`dtms ended with ${child.exitCode}:\n${output}`)
    return /page\s+(http:\/\/127\.0\.0\.1:\d+)/.exec(output)?.[1]
  }, 60_000)
  return { process: child, url, output: () => output, end }
}

export async function untilReady(url: string): Promise<void> {
  await eventually(async () => (await fetch(`${url}/health/ready`)).status === 200, 60_000)
}
