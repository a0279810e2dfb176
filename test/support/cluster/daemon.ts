import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'

/** One process of the cluster; what it prints goes to a file. */
export interface Daemon {
  readonly name: string
  readonly pid: number
  /** The end of what it has printed. */
  lines(count: number): string
  /** False once it has ended. */
  runs(): boolean
  stop(): Promise<void>
}

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export function startDaemon(name: string, command: string, args: readonly string[], logFile: string): Daemon {
  const log = openSync(logFile, 'a')
  const child = spawn(command, args, { stdio: ['ignore', log, log] })
  closeSync(log)
  running.add(child)
  child.once('exit', () => running.delete(child))
  const runs = () => child.exitCode === null && child.signalCode === null
  return {
    name,
    pid: child.pid ?? -1,
    lines: (count) => readFileSync(logFile, 'utf8').split('\n').slice(-count).join('\n'),
    runs,
    stop: async () => {
      if (!runs()) return
      const ended = once(child, 'exit')
      // Nothing of it is kept, so there is nothing to end in order.
      child.kill('SIGKILL')
      await ended
    },
  }
}
