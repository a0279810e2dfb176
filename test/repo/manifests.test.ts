import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ruleProblems } from '../support/manifest-rules.ts'
import { type Container, type Manifest, plainManifests, projectRoot, workloads } from '../support/manifests.ts'

const objects = plainManifests()

test('the plain folders keep every rule of a small restricted namespace', () => {
  expect(ruleProblems(objects)).toEqual([])
})

const base = objects.find(({ metadata, kind }) => kind === 'Deployment' && metadata.name === 'anomaly') as Manifest
const broken: readonly [string, (pod: Record<string, unknown>, spec: Record<string, unknown>) => void, RegExp][] = [
  [
    'a fixed user',
    (pod) => Object.assign(pod, { securityContext: { runAsNonRoot: true, runAsUser: 1000 } }),
    /runAsUser/,
  ],
  ['service links', (pod) => Object.assign(pod, { enableServiceLinks: true }), /KAFKA_PORT/],
  [
    'an emptyDir without a limit',
    (pod) => Object.assign(pod, { volumes: [{ name: 'tmp', emptyDir: {} }] }),
    /sizeLimit/,
  ],
  [
    'a missing claim',
    (pod) => Object.assign(pod, { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'x' } }] }),
    /no claim x/,
  ],
  ['two pods of a writer', (_, spec) => Object.assign(spec, { strategy: { type: 'RollingUpdate' } }), /Recreate/],
  ['a history of replica sets', (_, spec) => Object.assign(spec, { revisionHistoryLimit: 10 }), /revisionHistoryLimit/],
]
test.each(broken)('the rules notice %s', (_, spoil, message) => {
  const copy = structuredClone(base)
  const spec = copy.spec as { template: { spec: Record<string, unknown> } } & Record<string, unknown>
  spoil(spec.template.spec, spec)
  expect(ruleProblems([...objects.filter((object) => object !== base), copy]).join('\n')).toMatch(message)
})

test('every generated file is what its source makes (npm run manifests:build writes them)', () => {
  const check = spawnSync(process.execPath, ['scripts/manifests.js', '--check'], { cwd: projectRoot, encoding: 'utf8' })
  expect(check.stderr).toBe('')
  expect(check.status).toBe(0)
})

/** Variables of each section of docs/configuration.md, which a test holds against the code, with their defaults. */
function documentedSettings(): Map<string, Map<string, string>> {
  const page = readFileSync(join(projectRoot, 'docs/configuration.md'), 'utf8')
  const sections = page.split(/^## /m).slice(1)
  return new Map(
    sections.map((section) => {
      const rows = [...section.matchAll(/^\| `([A-Z_]+)`(.*?)\| (.*?) \|/gm)].flatMap(([, name, also, fallback]) =>
        [name, ...[...(also ?? '').matchAll(/`([A-Z_]+)`/g)].map(([, alias]) => alias)].map(
          (variable): [string, string] => [variable ?? '', (fallback ?? '').replaceAll('`', '')],
        ),
      )
      return [section.slice(0, section.indexOf('\n')), new Map(rows)]
    }),
  )
}

const settings = documentedSettings()

test('every variable that a pod gets is a setting', () => {
  const known = new Set([...settings.values()].flatMap((section) => [...section.keys()]))
  const shared = objects.find(({ metadata }) => metadata.name === 'dtms-settings')?.data as Record<string, string>
  const own = dtmsContainers().flatMap(([, { env = [] }]) => env.map(({ name }) => name.replace(/_FILE$/, '')))
  const read = new Set([...known, 'DTMS_REQUIRED_SETTINGS'])
  expect([...Object.keys(shared), ...own].filter((name) => !read.has(name))).toEqual([])
})

test('every service is started by its name and listens where its Service and its probes look', () => {
  for (const [name, { command = [], ports = [] }] of dtmsContainers()) {
    const service = command[command.indexOf('run') + 1] ?? ''
    expect(settings.has(service), `${name} runs ${service}`).toBe(true)
    if (command.includes('--once')) continue
    expect(String(ports[0]?.containerPort), name).toBe(settings.get(service)?.get('DTMS_PORT'))
  }
})

test('the settings that a pod cannot do without are settings, and the ConfigMap or the pod has them', () => {
  const shared = objects.find(({ metadata }) => metadata.name === 'dtms-settings')?.data as Record<string, string>
  for (const [name, { env = [] }] of dtmsContainers()) {
    const required = env.find((variable) => variable.name === 'DTMS_REQUIRED_SETTINGS')?.value?.split(',') ?? []
    expect(required.length, name).toBeGreaterThan(0)
    const given = new Set([...Object.keys(shared), ...env.map((variable) => variable.name)])
    expect(
      required.filter((variable) => !given.has(variable)),
      name,
    ).toEqual([])
  }
})

test('all that may run at once asks for at most 3 vCPU, and its limits are at most 4 GiB', () => {
  const lasting = workloads(objects).filter(({ pod }) => pod.activeDeadlineSeconds === undefined)
  const sum = (side: 'requests' | 'limits', resource: 'cpu' | 'memory') =>
    lasting.reduce((total, { pod, replicas, surge }) => {
      // Before its containers a pod runs its init containers one by one: it needs the larger of the two.
      const of = (list: readonly Container[] = []) => list.map(({ resources }) => amount(resources?.[side]?.[resource]))
      const pods = Math.max(
        of(pod.containers).reduce((a, b) => a + b, 0),
        ...of(pod.initContainers),
      )
      return total + pods * (replicas + surge)
    }, 0)
  expect(sum('requests', 'cpu')).toBeLessThanOrEqual(3000)
  expect(sum('limits', 'memory')).toBeLessThanOrEqual(4096)
  expect(sum('requests', 'memory')).toBeLessThanOrEqual(sum('limits', 'memory'))
})

/** Millicores, or mebibytes. */
function amount(text = ''): number {
  const [, digits, unit] = /^(\d+)(m|Mi)$/.exec(text) ?? []
  if (unit === undefined) throw new Error(`${text} is neither millicores nor mebibytes`)
  return Number(digits)
}

test('the heap of every service leaves room below its memory limit for what is not heap', () => {
  for (const [name, { command = [], resources }] of dtmsContainers()) {
    const heap = Number(/=(\d+)$/.exec(command.find((arg) => arg.startsWith('--max-old-space-size')) ?? '')?.[1])
    const limit = Number(/^(\d+)Mi$/.exec(resources?.limits?.memory ?? '')?.[1])
    expect(heap / limit, name).toBeLessThanOrEqual(0.6)
    expect(heap / limit, name).toBeGreaterThanOrEqual(0.4)
    expect(command, name).toContain('--max-semi-space-size=1')
  }
})

function dtmsContainers(): [string, Container][] {
  return workloads(objects).flatMap(({ name, pod }) =>
    pod.containers
      .filter(({ image }) => image.startsWith('dtms:'))
      .map((container): [string, Container] => [name, container]),
  )
}
