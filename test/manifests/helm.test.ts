import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chart, helm, helmTemplate } from '../support/helm.ts'
import { noKubectl } from '../support/kubectl-parts.ts'
import { ruleProblems } from '../support/manifest-rules.ts'
import { kustomize, type Manifest, plainManifests, projectRoot } from '../support/manifests.ts'

/** By what identifies an object; what OpenShift's console connects, and sources of a projected volume, have no order. */
function byIdentity(objects: readonly Manifest[]): Map<string, Manifest> {
  const found = new Map<string, Manifest>()
  for (const object of objects) {
    const identity = `${object.apiVersion} ${object.kind} ${object.metadata.name}`
    if (found.has(identity)) throw new Error(`twice: ${identity}`)
    found.set(identity, withoutOrder(object))
  }
  return new Map([...found].sort(([a], [b]) => a.localeCompare(b)))
}

function withoutOrder(object: Manifest): Manifest {
  return JSON.parse(JSON.stringify(object), (key, value: unknown) => {
    if (key !== 'sources' && key !== 'app.openshift.io/connects-to') return value
    const list: unknown = typeof value === 'string' ? JSON.parse(value) : value
    return Array.isArray(list) ? list.map((entry) => JSON.stringify(entry)).sort() : value
  })
}

/** Values, and the overlay with components that means the same. */
const sameAs: [sets: string[], overlay: string, components?: string[]][] = [
  [['profile=3'], 'profile-3'],
  [['profile=1'], 'profile-1'],
  [['profile=0.5'], 'profile-0.5'],
  [['storage.mode=rwx'], 'profile-3'],
  [['storage.mode=rwo-colocated'], 'profile-3-rwo'],
  [['storage.mode=single-pod'], 'profile-3', ['single-pod']],
  [['profile=0.5', 'storage.ephemeral=true'], 'profile-0.5', ['ephemeral']],
  [['storage.className=nfs'], 'profile-3', ['storage-rwx']],
  [['platform=kubernetes'], 'kubernetes'],
  [['platform=kubernetes', 'profile=1'], 'profile-1', ['plain-kubernetes', 'ingress']],
  [['platform=kubernetes', 'profile=0.5'], 'profile-0.5', ['plain-kubernetes', 'ingress', 'without-grafana']],
  [['components.pushgateway=true'], 'profile-3', ['pushgateway']],
  [['components.discovery=true'], 'profile-3', ['prometheus-discovery']],
  [['components.hpa=true'], 'profile-3', ['hpa']],
  [
    ['components.pushgateway=true', 'components.discovery=true', 'components.hpa=true', 'storage.mode=rwo-colocated'],
    'profile-3-rwo',
    ['pushgateway', 'prometheus-discovery', 'hpa'],
  ],
]

describe.skipIf(noKubectl() !== undefined)('the Helm chart', () => {
  let work = ''
  let elsewhere = ''
  beforeAll(() => {
    // Below overlays/: kustomize wants a base that is reached by a relative path.
    work = mkdtempSync(join(projectRoot, 'openshift/overlays/try-'))
    elsewhere = mkdtempSync(join(tmpdir(), 'dtms-chart-'))
  })
  afterAll(() => {
    rmSync(work, { recursive: true, force: true })
    rmSync(elsewhere, { recursive: true, force: true })
  })

  const built = (overlay: string, components: readonly string[]): Manifest[] => {
    const to = (path: string): string => relative(work, join(projectRoot, 'openshift', path))
    const lines = ['apiVersion: kustomize.config.k8s.io/v1beta1', 'kind: Kustomization']
    lines.push('resources:', `  - ${to(`overlays/${overlay}`)}`, 'components:')
    lines.push(...components.map((name) => `  - ${to(`components/${name}`)}`))
    writeFileSync(join(work, 'kustomization.yaml'), lines.join('\n'))
    return kustomize(work)
  }

  test('passes the strict lint', () => {
    const run = helm('lint', '--strict', chart)
    expect(run.code, run.out + run.problems).toBe(0)
  })

  test('renders the objects of the plain folders by default', () => {
    expect(byIdentity(helmTemplate())).toEqual(byIdentity(plainManifests()))
  })

  test.each(sameAs)('with %s renders the same objects as the overlay %s %s', (sets, overlay, components = []) => {
    expect(byIdentity(helmTemplate(sets))).toEqual(byIdentity(built(overlay, components)))
  })

  test('as a package holds copies of what its links lead to, and renders the same', () => {
    expect(helm('package', chart, '-d', elsewhere).code).toBe(0)
    const version = /^version: (.+)$/m.exec(helm('show', 'chart', chart).out)?.[1]
    const objects = helmTemplate([], join(elsewhere, `dtms-${version}.tgz`))
    expect(byIdentity(objects)).toEqual(byIdentity(plainManifests()))
  })

  test('keeps the rules of a small namespace with knobs turned', () => {
    const image = ['image.repository=quay.io/somebody/dtms', `image.digest=sha256:${'0'.repeat(64)}`]
    const objects = helmTemplate(['workloads.dtms-stream.replicas=3', 'components.discovery=true', ...image])
    expect(ruleProblems(objects)).toEqual([])
    expect(objects.filter(({ kind }) => kind === 'BuildConfig')).toEqual([])
    expect(JSON.stringify(objects)).not.toContain('dtms:latest')
  })

  test('puts settings above those of the plain folder, as text', () => {
    const of = (sets: string[]) => helmTemplate(sets).find(({ metadata }) => metadata.name === 'dtms-settings')?.data
    const changed = of(['settings.DTMS_SPEED=50', 'settings.LOG_LEVEL=debug', 'settings.DTMS_CLOCK=wall'])
    const before = of([])
    expect(changed).toEqual({ ...(before ?? {}), DTMS_SPEED: '50', LOG_LEVEL: 'debug', DTMS_CLOCK: 'wall' })
  })

  test('restarts the services, and nothing else, when a setting changes and that is wanted', () => {
    const annotated = helmTemplate(['restartOnSettingsChange=true', 'settings.DTMS_SPEED=50'])
      .filter((object) => JSON.stringify(object).includes('dtms.io/settings'))
      .map(({ metadata }) => metadata.name)
    expect(annotated).toHaveLength(8)
    expect(annotated).not.toContain('prometheus')
  })

  test('leaves the claims alone at the end when asked', () => {
    const kept = (sets: string[]) =>
      helmTemplate(sets).filter(({ metadata }) => metadata.annotations?.['helm.sh/resource-policy'] === 'keep')
    expect(kept([])).toEqual([])
    expect(kept(['storage.keep=true']).map(({ kind }) => kind)).toEqual(Array(3).fill('PersistentVolumeClaim'))
  })

  test('prints how to go on: the secrets that are missing, the build, the key, the command that wakes', () => {
    const notes = (...sets: string[]) => {
      const values = sets.flatMap((set) => ['--set', set])
      const run = helm('install', 'dtms', chart, '--dry-run=client', '-n', 'lab', ...values)
      expect(run.code, run.problems).toBe(0)
      return run.out.slice(run.out.indexOf('NOTES:'))
    }
    const openshift = notes()
    for (const part of [
      'create secret generic dtms-api-key',
      'start-build dtms',
      'get route grafana',
      '-n lab scale',
    ]) {
      expect(openshift).toContain(part)
    }
    const kubernetes = notes(
      'platform=kubernetes',
      'profile=0.5',
      'secrets.generate=true',
      'image.repository=r.org/dtms',
    )
    expect(kubernetes).toContain('http://dtms.example.org')
    for (const part of ['create secret', 'start-build', 'grafana', 'oc -n']) expect(kubernetes).not.toContain(part)
  })

  test('makes the secrets when asked, each key once', () => {
    const secrets = helmTemplate(['secrets.generate=true']).filter(({ kind }) => kind === 'Secret')
    const keys = secrets.map(({ metadata, data }) => [metadata.name, Object.keys(data ?? {}).sort()])
    expect(Object.fromEntries(keys)).toEqual({
      'dtms-api-key': ['api-key'],
      'grafana-admin': ['admin-password', 'admin-user'],
    })
  })

  test.each([
    ['profile=2', 'profile'],
    ['profile=0.4', 'profile'],
    ['platform=nomad', 'platform'],
    ['storage.mode=rwm', 'mode'],
    ['storage.size.data=5', 'data'],
    ['storage.size.data=0Gi', 'data'],
    ['workloads.dtms-stream.replicas=4', 'replicas'],
    ['workloads.dtms-stream.replicas=0', 'replicas'],
    ['workloads.anomaly.replicas=2', 'replicas'],
    ['workloads.anomaly.heapMiB=31', 'heapMiB'],
    ['workloads.anomaly.resources.limits=null', 'limits'],
    ['workloads.anomaly.resources.limits.memory=192M', 'memory'],
    ['workloads.anomaly.resources.requests.cpu=0m', 'cpu'],
    ['components.kafka=false', 'kafka'],
    ['image.digest=sha256:12', 'digest'],
    ['images.prometheus=prometheus', 'prometheus'],
    ['settings.speed=2', 'speed'],
    ['expose.grafana.host=https://grafana', 'host'],
    ['whatever=1', 'whatever'],
  ])('refuses %s and names %s', (set, name) => {
    const run = helm('template', 'dtms', chart, '--set', set)
    expect(run.code, run.out).not.toBe(0)
    expect(run.problems).toContain(name)
  })

  test.each([
    'profile=0.5',
    'workloads.dtms-stream.replicas=3',
    'workloads.anomaly.heapMiB=32',
    'workloads.anomaly.resources.requests.cpu=1m',
    'workloads.anomaly.resources.limits.memory=192Mi',
    'storage.size.data=1Gi',
    'settings.SPEED=2',
    'expose.grafana.host=grafana',
  ])('takes %s', (set) => {
    expect(helm('template', 'dtms', chart, '--set', set).problems).toBe('')
  })

  test.each([
    [['profile=0.5', 'storage.mode=rwx'], 'half a vCPU'],
    [['storage.ephemeral=true'], 'storage.mode=single-pod'],
    [['profile=1', 'components.hpa=true'], 'components.hpa needs profile 3'],
    [['storage.mode=single-pod', 'components.discovery=true'], 'components.discovery needs profile 3'],
    [['components.hpa=true', 'workloads.dtms-stream.replicas=2'], 'leave workloads.dtms-stream.replicas at 1'],
  ])('says what does not go together: %s', (sets, message) => {
    const run = helm('template', 'dtms', chart, ...sets.flatMap((set) => ['--set', set]))
    expect(run.code).not.toBe(0)
    expect(run.problems).toContain(message)
  })
})
