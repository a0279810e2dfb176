import { execFile } from 'node:child_process'
import { eventually } from './builders.ts'
import { type RunningProcess, startNode } from './processes.ts'
import { main } from './service-process.ts'

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

export interface RunningDtms extends RunningProcess {
  url: string
}

/** Starts the compiled `dtms up` on a free port and waits for its address; it ends with the test. */
export async function startUp(args: readonly string[], env: Record<string, string> = {}): Promise<RunningDtms> {
  const started = startNode([main, 'up', '--port', '0', ...args], cleanEnv({ LOG_LEVEL: 'warn', ...env }))
  let over: number | string | undefined
  void started.ended.then((how) => {
    over = how
  })
  const url = await eventually(() => {
    if (over !== undefined) throw new Error(`dtms ended with ${over}:\n${started.output()}`)
    return /page\s+(http:\/\/127\.0\.0\.1:\d+)/.exec(started.output())?.[1]
  }, 60_000)
  return { ...started, url }
}

export async function untilReady(url: string): Promise<void> {
  await eventually(async () => (await fetch(`${url}/health/ready`)).status === 200, 60_000)
}
