import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const read = (path: string): string => readFileSync(at(path), 'utf8')

/** Major versions of Node: the oldest that `engines` allows, and the base of the image. */
const oldest = Number(
  />=(\d+)/.exec((JSON.parse(read('package.json')) as { engines: { node: string } }).engines.node)?.[1],
)
const ofImage = Number(/nodejs-(\d+)-minimal/.exec(read('Containerfile'))?.[1])

interface Step {
  uses?: string
  run?: string
}
interface Job {
  strategy?: { matrix?: { node?: number[] } }
  steps: Step[]
}

describe('pipelines', () => {
  test('GitHub runs everything on the oldest supported Node and on that of the image, and builds the image', () => {
    const { jobs } = parse(read('.github/workflows/ci.yml')) as { jobs: Record<string, Job> }
    expect(jobs.everything?.strategy?.matrix?.node).toEqual([oldest, ofImage])
    expect(jobs.everything?.steps.at(-1)?.run).toBe('.ci/run')
    expect(jobs.image?.steps.some(({ run }) => run?.startsWith('podman build'))).toBe(true)
  })

  test('actions of others are pinned to a commit, with the version beside it', () => {
    const uses = read('.github/workflows/ci.yml').match(/uses: .*/g) ?? []
    expect(uses.length).toBeGreaterThan(0)
    for (const line of uses) expect(line).toMatch(/^uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
  })

  test('GitLab does the same', () => {
    const jobs = parse(read('.gitlab-ci.yml')) as {
      everything: { parallel: { matrix: { NODE: string[] }[] }; script: string[] }
      'build-image': { script: string[] }
    }
    expect(jobs.everything.parallel.matrix).toEqual([{ NODE: [String(oldest), String(ofImage)] }])
    expect(jobs.everything.script).toEqual(['.ci/run'])
    expect(jobs['build-image'].script[0]).toMatch(/^buildah bud/)
  })

  test('the example for Argo CD names a path that is there, and leaves alone what a build and the idler write', () => {
    const { spec } = parse(read('openshift/argocd/application.yaml')) as {
      spec: {
        source: { path: string; helm: { valuesObject: Record<string, unknown> } }
        ignoreDifferences: { kind: string; jqPathExpressions?: string[] }[]
        syncPolicy: { syncOptions: string[] }
      }
    }
    expect(existsSync(at(`${spec.source.path}/Chart.yaml`))).toBe(true)
    const values = parse(read(`${spec.source.path}/values.yaml`)) as Record<string, unknown>
    expect(Object.keys(values)).toEqual(expect.arrayContaining(Object.keys(spec.source.helm.valuesObject)))
    const deployments = spec.ignoreDifferences.find(({ kind }) => kind === 'Deployment')?.jqPathExpressions ?? []
    expect(deployments.some((path) => path.includes('.image'))).toBe(true)
    expect(deployments).toContain('.spec.replicas')
    expect(spec.syncPolicy.syncOptions).toContain('RespectIgnoreDifferences=true')
  })
})
