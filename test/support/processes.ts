import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

export interface RunningProcess {
  readonly pid: number
  /** Everything it has printed so far, both streams. */
  output(): string
  kill(signal: NodeJS.Signals): void
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>
  /** Sends the signal and waits for the end; answers as `ended` does. */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals>
}

/** A Node process of its own with this environment and no other; killed when the test has ended. */
export function startNode(args: readonly string[], env: Record<string, string>): RunningProcess {
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
  const ended = (async () => {
    const [code, by] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
    return code ?? by ?? 'SIGKILL'
  })()
  const end = (signal: NodeJS.Signals): Promise<number | NodeJS.Signals> => {
    child.kill(signal)
    return ended
  }
  onTestFinished(async () => void (await end('SIGKILL')))
  return {
    pid: child.pid ?? -1,
    output: () => Buffer.concat(chunks).toString('utf8'),
    kill: (signal) => child.kill(signal),
    ended,
    end,
  }
}

/** Runs a script beside this file. */
export function aProcess(script: string, env: Record<string, string>): RunningProcess {
  const path = fileURLToPath(new URL(script, import.meta.url))
  return startNode([path], { PATH: process.env.PATH ?? '', ...env })
}
