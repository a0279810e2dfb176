import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { noKubectl } from '../support/kubectl-parts.ts'
import { ruleProblems } from '../support/manifest-rules.ts'
import {
  kustomizations,
  kustomize,
  type Manifest,
  plainManifests,
  projectRoot,
  workloads,
} from '../support/manifests.ts'

const overlay = (name: string): string => join(projectRoot, 'openshift/overlays', name)
const identity = ({ apiVersion, kind, metadata }: Manifest): string => `${apiVersion} ${kind} ${metadata.name}`

/** What each component is put on: those of the single pod want the single pod. */
const bases = new Map([
  ['ephemeral', 'profile-0.5'],
  ['small', 'profile-3-rwo'],
])
/** Already in the base. */
const within = new Map([['profile-0.5', new Set(['single-pod', 'without-grafana'])]])

describe.skipIf(noKubectl() !== undefined)('kustomize', () => {
  let work = ''
  beforeAll(() => {
    // Below overlays/: kustomize wants a base that is reached by a relative path.
    work = mkdtempSync(join(projectRoot, 'openshift/overlays/try-'))
  })
  afterAll(() => rmSync(work, { recursive: true, force: true }))

  const withComponents = (base: string, components: readonly string[]): Manifest[] => {
    const to = (path: string): string => relative(work, join(projectRoot, 'openshift', path))
    const lines = [
      'apiVersion: kustomize.config.k8s.io/v1beta1',
      'kind: Kustomization',
      'resources:',
      `  - ${to(`overlays/${base}`)}`,
    ]
    lines.push('components:', ...components.map((name) => `  - ${to(`components/${name}`)}`))
    writeFileSync(join(work, 'kustomization.yaml'), lines.join('\n'))
    return kustomize(work)
  }

  test('the overlay of everything applies exactly what the plain folders hold', () => {
    const sort = (objects: readonly Manifest[]) => [...objects].sort((a, b) => identity(a).localeCompare(identity(b)))
    expect(sort(kustomize(overlay('profile-3')))).toEqual(sort(plainManifests()))
  })

  test.each(kustomizations('overlays').filter((name) => !name.startsWith('try-')))(
    'the overlay %s keeps the rules',
    (name) => {
      expect(ruleProblems(kustomize(overlay(name)), { ownUser: name === 'kubernetes' })).toEqual([])
    },
  )

  test.each(kustomizations('components'))('the component %s builds and keeps the rules', (name) => {
    const base = bases.get(name) ?? 'profile-3'
    if (within.get(base)?.has(name) === true) throw new Error(`${name} is in ${base} already`)
    const objects = withComponents(base, [name])
    expect(ruleProblems(objects, { ownUser: name === 'plain-kubernetes' })).toEqual([])
    expect(objects.length).toBeGreaterThan(10)
  })

  test('the class of the log is a parameter of the component storage-rwx', () => {
    const claim = withComponents('profile-3', ['storage-rwx']).find(({ metadata }) => metadata.name === 'dtms-data')
    expect(claim?.spec).toMatchObject({ storageClassName: 'nfs', accessModes: ['ReadWriteMany'] })
  })

  test('with one claim for one node every pod of the log wants the same node, and no other pod does', () => {
    const all = workloads(kustomize(overlay('profile-3-rwo')))
    const mounts = all.filter(({ pod }) =>
      pod.volumes?.some((volume) => volume.persistentVolumeClaim?.claimName === 'dtms-data'),
    )
    const bound = all.filter(({ pod }) => JSON.stringify(pod).includes('podAffinity'))
    expect(bound.map(({ name }) => name)).toEqual(mounts.map(({ name }) => name))
    expect(mounts).toHaveLength(9)
  })

  test('the smaller profiles scrape what is there and nothing else', () => {
    for (const name of kustomizations('overlays')) {
      const objects = kustomize(overlay(name))
      const hosts = new Set(objects.filter(({ kind }) => kind === 'Service').map(({ metadata }) => metadata.name))
      const config = objects.find(({ metadata }) => metadata.name === 'prometheus-config')?.data as Record<
        string,
        string
      >
      const targets = [...(config['prometheus.yml'] ?? '').matchAll(/([a-z0-9-]+):\d{4}\b/g)].map(
        ([, host]) => host ?? '',
      )
      expect(targets.length, name).toBeGreaterThan(0)
      expect(
        targets.filter((host) => host !== 'localhost' && !hosts.has(host)),
        name,
      ).toEqual([])
    }
  })
})
