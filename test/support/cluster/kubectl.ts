import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'

export interface Spoken {
  code: number
  stdout: string
  stderr: string
}

/** Runs a command to its end. The tests play parts of the cluster meanwhile, so nothing may keep them from it. */
export function runToEnd(
  command: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; input?: string } = {},
): Promise<Spoken> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, options.env === undefined ? {} : { env: options.env })
    const said = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        said[name] += text
      })
    }
    child.on('error', reject)
    child.on('close', (code) => resolve({ code: code ?? 1, ...said }))
    // It may end before it has read everything.
    child.stdin.on('error', () => {})
    child.stdin.end(options.input)
  })
}

export function runKubectl(
  kubectl: string,
  kubeconfig: string,
  args: readonly string[],
  input?: string,
): Promise<Spoken> {
  // Ports come again in a later run, with other kinds behind them: what is known of a server stays in its folder.
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: dirname(kubeconfig),
    KUBECONFIG: kubeconfig,
    KUBECACHEDIR: join(dirname(kubeconfig), 'cache'),
  }
  return runToEnd(kubectl, args, { env, ...(input !== undefined && { input }) })
}
