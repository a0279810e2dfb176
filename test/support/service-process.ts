import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** The compiled `dtms`, seen from the sources and from what is compiled of them for the benches. */
const isSource = import.meta.url.endsWith('.ts')
export const main = fileURLToPath(new URL(isSource ? '../../dist/cli/main.js' : '../../cli/main.js', import.meta.url))

/** A compiled `dtms run <service>` that can be killed and started again under the same settings. */
export interface ServiceProcess {
  readonly pid: number
  /** How often it has been started. */
  readonly starts: number
  /** The last of what it has printed over all its lives. */
  output(): string
  /** Its address, once this life has printed it. */
  url(): string | undefined
  /** It ended without being told to: with what. */
  readonly crashes: readonly string[]
  kill9(): Promise<void>
  /** In order; answers the exit code. */
  stop(): Promise<number | string>
  start(): void
}

/** Started at once; whoever starts it ends it. */
export function startService(service: string, env: Record<string, string>): ServiceProcess {
  let child: ChildProcess | undefined
  let printed = ''
  let url: string | undefined
  let starts = 0
  const crashes: string[] = []
  const end = async (signal: NodeJS.Signals): Promise<number | string> => {
    const ending = child
    child = undefined
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return 'gone'
    const exit = once(ending, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
    ending.kill(signal)
    const [code, by] = await exit
    return code ?? by ?? 'unknown'
  }
  const start = (): void => {
    url = undefined
    starts += 1
    const started = spawn(process.execPath, [main, 'run', service], {
      env: { PATH: process.env.PATH ?? '', DTMS_PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const take = (chunk: unknown): void => {
      printed = (printed + String(chunk)).slice(-65_536)
      url ??= /"url":"(http:[^"]+)"/.exec(String(chunk))?.[1]
    }
    started.stdout.on('data', take)
    started.stderr.on('data', take)
    started.once('exit', (code, signal) => {
      if (child === started) crashes.push(`${service} ended with ${signal ?? code}:\n${printed.slice(-2000)}`)
    })
    child = started
  }
  start()
  return {
    get pid() {
      return child?.pid ?? -1
    },
    get starts() {
      return starts
    },
    output: () => printed,
    url: () => url,
    crashes,
    kill9: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
    start,
  }
}
