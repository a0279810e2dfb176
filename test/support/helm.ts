import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { kubectlParts } from './kubectl-parts.ts'
import { type Manifest, parseManifests, projectRoot } from './manifests.ts'

export const chart = join(projectRoot, 'openshift/helm/dtms')

export interface HelmRun {
  code: number | null
  out: string
  /** Without Helm's notes about each symbolic link that it follows. */
  problems: string
}

export function helm(...args: string[]): HelmRun {
  const program = kubectlParts()?.helm
  if (program === undefined) throw new Error('helm is not there; the setup of the suite says why')
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  if (error !== undefined) throw error
  const problems = stderr
    .split('\n')
    .filter((line) => line !== '' && !line.includes('found symbolic link in path'))
    .join('\n')
  return { code: status, out: stdout, problems }
}

/** The objects that `helm install --set ...` would apply on OpenShift. */
export function helmTemplate(sets: readonly string[] = [], from = chart): Manifest[] {
  const values = sets.flatMap((set) => ['--set', set])
  const run = helm('template', 'dtms', from, '--api-versions', 'route.openshift.io/v1', ...values)
  if (run.code !== 0) throw new Error(run.problems)
  return parseManifests(run.out, `helm template ${sets.join(' ')}`)
}
