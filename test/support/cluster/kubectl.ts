import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'

export interface Spoken {
  code: number
  stdout: string
  stderr: string
}

/** Runs kubectl to its end with a kubeconfig; the tests go on when it has said what it has to say. */
export function runKubectl(kubectl: string, kubeconfig: string, args: readonly string[], input?: string): Spoken {
  const done = spawnSync(kubectl, args, {
    input: input ?? '',
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    // Ports come again in a later run, with other kinds behind them: what is known of a server stays in its folder.
    env: {
      PATH: process.env.PATH ?? '',
      HOME: dirname(kubeconfig),
      KUBECONFIG: kubeconfig,
      KUBECACHEDIR: join(dirname(kubeconfig), 'cache'),
    },
  })
  if (done.error !== undefined) throw done.error
  return { code: done.status ?? 1, stdout: done.stdout, stderr: done.stderr }
}
