import { spawnSync } from 'node:child_process'
import type { Cluster } from './control-plane.ts'
import type { Sandbox } from './sandbox.ts'

export interface Verdict {
  exitCode: number | null
  fits: boolean
  sums: { rolling: { requests: { cpu: string } } }
  problems: { what: string; remedy: string }[]
}

/** `dtms preflight` as the user of the namespace would start it. */
export function preflight(cluster: Cluster, sandbox: Sandbox, ...options: string[]): Verdict {
  const login = ['--kubeconfig', sandbox.kubeconfig, '--kubectl', cluster.parts.kubectl, '--json']
  const said = spawnSync(process.execPath, ['dist/cli/main.js', 'preflight', ...login, ...options], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  if (said.stdout === '') throw new Error(`preflight said nothing (${said.status}): ${said.stderr}`)
  return { exitCode: said.status, ...(JSON.parse(said.stdout) as Omit<Verdict, 'exitCode'>) }
}
