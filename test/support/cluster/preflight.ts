import type { Cluster } from './control-plane.ts'
import { runToEnd } from './kubectl.ts'
import type { Sandbox } from './sandbox.ts'

export interface Verdict {
  exitCode: number
  fits: boolean
  sums: { rolling: { requests: { cpu: string } } }
  problems: { what: string; remedy: string }[]
}

/** `dtms preflight` as the user of the namespace would start it. */
export async function preflight(cluster: Cluster, sandbox: Sandbox, ...options: string[]): Promise<Verdict> {
  const login = ['--kubeconfig', sandbox.kubeconfig, '--kubectl', cluster.parts.kubectl, '--json']
  const said = await runToEnd(process.execPath, ['dist/cli/main.js', 'preflight', ...login, ...options])
  if (said.stdout === '') throw new Error(`preflight said nothing (${said.code}): ${said.stderr}`)
  return { exitCode: said.code, ...(JSON.parse(said.stdout) as Omit<Verdict, 'exitCode'>) }
}
