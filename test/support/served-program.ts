import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { ask } from './http.ts'

/** A program of the system that serves HTTP on the loopback, started by a test and ended by it. */
export interface ServedProgram {
  readonly url: string
  readonly pid: number
  /** The last of what it has printed. */
  output(): string
  signal(signal: NodeJS.Signals): void
  /** Ends it in order, after 5 s by force. */
  stop(): Promise<void>
}

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

const READY_MS = 30_000
const STOP_MS = 5000

/** Resolves once `readyPath` answers 200; throws with what it printed when it ends before. */
export async function startProgram(
  command: string,
  args: readonly string[],
  { url, readyPath, cwd }: { url: string; readyPath: string; cwd: string },
): Promise<ServedProgram> {
  const child = spawn(command, [...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  let printed = ''
  const take = (chunk: Buffer): void => {
    printed = (printed + chunk.toString('utf8')).slice(-65_536)
  }
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  let ended: string | undefined
  child.once('error', (error) => {
    ended = error.message
  })
  child.once('exit', (code, signal) => {
    running.delete(child)
    ended = `${signal ?? code}`
  })
  const stop = async (): Promise<void> => {
    if (ended !== undefined) return
    const exit = once(child, 'exit')
    child.kill('SIGTERM')
    const force = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    await exit
    clearTimeout(force)
  }
  const end = performance.now() + READY_MS
  for (;;) {
    if (ended !== undefined) throw new Error(`${command} ended (${ended}):\n${printed}`)
    const status = await ask(`${url}${readyPath}`).then(
      (answer) => answer.status,
      () => 0,
    )
    if (status === 200) break
    if (performance.now() > end) {
      await stop()
      throw new Error(`${command} is not ready after ${READY_MS} ms:\n${printed}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return { url, pid: child.pid ?? -1, output: () => printed, signal: (signal) => void child.kill(signal), stop }
}
