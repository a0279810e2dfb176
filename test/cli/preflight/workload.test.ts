import { expect, test } from 'vitest'
import type { KubeObject } from '../../../cli/preflight/objects.ts'
import { hasEnded, isOwnedBy, ownsPod, surgeOf, workloadsOf } from '../../../cli/preflight/workload.ts'
import { aDeployment, aKube, aTemplate, q } from '../../support/kube-objects.ts'

const one = (object: KubeObject, ...others: KubeObject[]) => {
  const [workload] = workloadsOf([object, ...others], [])
  if (workload === undefined) throw new Error('no workload')
  return workload
}

test.each([
  [1, undefined, 1],
  [4, undefined, 1],
  [5, undefined, 2],
  [3, { maxSurge: '34%' }, 2],
  [3, { maxSurge: '33%' }, 1],
  [2, { maxSurge: '100%' }, 2],
  [2, { maxSurge: 0 }, 0],
  [2, { maxSurge: '0%' }, 0],
  [1, { maxSurge: 3 }, 3],
])('%d replicas with %j surge by %d: shares are rounded up', (replicas, rolling, surge) => {
  expect(surgeOf(replicas, rolling)).toBe(surge)
})

test('a Deployment rolls unless it says Recreate, and keeps old ReplicaSets', () => {
  expect(one(aDeployment('a', { spec: { strategy: { type: 'Recreate' } } }))).toMatchObject({ replicas: 1, surge: 0 })
  const rolling = one(aDeployment('a', { spec: { strategy: undefined, replicas: 8, revisionHistoryLimit: undefined } }))
  expect(rolling).toMatchObject({
    replicas: 8,
    surge: 2,
    children: { resource: 'replicasets.apps', kept: 11, rolling: 1 },
  })
})

test('an autoscaler is counted at its maximum, surge included', () => {
  const spec = { maxReplicas: 5, scaleTargetRef: { kind: 'Deployment', name: 'a' } }
  const scaler = aKube('HorizontalPodAutoscaler', 'scale', { spec })
  const rolls = { spec: { strategy: { type: 'RollingUpdate' } } }
  expect(one(aDeployment('a', rolls), scaler)).toMatchObject({ replicas: 5, surge: 2, autoscaler: 'scale' })
  expect(one(aDeployment('b', rolls), scaler)).toMatchObject({ replicas: 1, autoscaler: undefined })
})

test.each(['StatefulSet', 'DaemonSet', 'ReplicaSet'])('a %s takes an old pod away first', (kind) => {
  expect(one(aKube(kind, 'a', { spec: { replicas: 3, template: aTemplate() } }))).toMatchObject({
    replicas: 3,
    surge: 0,
  })
})

const aCronJob = (spec = {}, job = {}, pod = {}) =>
  aKube('CronJob', 'batch', { spec: { jobTemplate: { spec: { template: aTemplate({ pod }), ...job } }, ...spec } })

test('a CronJob keeps finished jobs and their pods, and ends by itself only with a deadline in the pod', () => {
  const limits = { successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 1 }
  expect(one(aCronJob(limits))).toMatchObject({
    replicas: 1,
    finished: 2,
    children: { resource: 'jobs.batch', kept: 3 },
    size: { terminating: false },
  })
  expect(one(aCronJob({}, { activeDeadlineSeconds: 60 }))).toMatchObject({ finished: 4, size: { terminating: false } })
  expect(one(aCronJob({}, {}, { activeDeadlineSeconds: 60 })).size.terminating).toBe(true)
})

test.each([
  [{ parallelism: 3 }, 3],
  [{ parallelism: 3, completions: 2 }, 2],
  [{ completions: 5 }, 1],
])('a job with %j runs %d pods at a time', (spec, replicas) => {
  expect(one(aKube('Job', 'j', { spec: { ...spec, template: aTemplate() } })).replicas).toBe(replicas)
})

test('a build is a pod with the resources and the deadline of its config', () => {
  const resources = { requests: { cpu: '500m' }, limits: { cpu: '1' } }
  const build = one(aKube('BuildConfig', 'image', { spec: { completionDeadlineSeconds: 1800, resources } }))
  expect(build.size.terminating).toBe(true)
  expect(build.size.requests.get('cpu')).toBe(q('500m'))
  expect(build.template).toBeUndefined()
})

test('a bare pod is a workload, a Service is none', () => {
  const { spec } = aTemplate()
  expect(workloadsOf([aKube('Pod', 'p', { spec }), aKube('Service', 's')], []).map(({ name }) => name)).toEqual(['p'])
})

const owned = (kind: string, name: string, labels = {}, pod = 'pod') =>
  aKube('Pod', pod, { spec: aTemplate().spec }, { labels, ownerReferences: [{ kind, name }] })

test('pods are told apart by their owners, also when one name begins with another', () => {
  const hash = { 'pod-template-hash': '5d9f' }
  const api = one(aDeployment('api'))
  expect(ownsPod(api, owned('ReplicaSet', 'api-5d9f', hash), [])).toBe(true)
  expect(ownsPod(api, owned('ReplicaSet', 'api-gateway-5d9f', hash), [])).toBe(false)
  expect(
    ownsPod(one(aKube('StatefulSet', 'db', { spec: { template: aTemplate() } })), owned('StatefulSet', 'db'), []),
  ).toBe(true)
  expect(ownsPod(one(aKube('Pod', 'p', { spec: aTemplate().spec })), aKube('Pod', 'p'), [])).toBe(true)
  expect(ownsPod(api, aKube('Pod', 'api'), [])).toBe(false)
})

test('a pod of a job belongs to the CronJob that owns the job; without the jobs its name tells', () => {
  const job = aKube('Job', 'batch-29', {}, { ownerReferences: [{ kind: 'CronJob', name: 'batch' }] })
  expect(ownsPod(one(aCronJob()), owned('Job', 'batch-29'), [job])).toBe(true)
  expect(ownsPod(one(aCronJob()), owned('Job', 'batch-29'), [])).toBe(true)
  expect(ownsPod(one(aCronJob()), owned('Job', 'batch-import-29'), [])).toBe(false)
  expect(isOwnedBy(job, { kind: 'CronJob', name: 'other' })).toBe(false)
})

test('a build pod is known by its label', () => {
  const build = one(aKube('BuildConfig', 'image', { spec: {} }))
  expect(ownsPod(build, owned('Build', 'image-1', { 'openshift.io/build-config.name': 'image' }), [])).toBe(true)
  expect(ownsPod(build, owned('Build', 'other-1', { 'openshift.io/build-config.name': 'other' }), [])).toBe(false)
})

test.each([
  ['Running', false],
  ['Pending', false],
  ['Succeeded', true],
  ['Failed', true],
])('a pod that is %s has ended: %s', (phase, ended) => {
  expect(hasEnded(aKube('Pod', 'p', { status: { phase } }))).toBe(ended)
})

test('a wrong quantity names object and field', () => {
  expect(() => one(aDeployment('api', { limits: { cpu: 'much' } }))).toThrow(
    /Deployment api: spec\.template\.spec\.containers\.0\.resources\.limits\.cpu/,
  )
})
