import { expect, test } from 'vitest'
import type { KubeObject } from '../../../cli/preflight/objects.ts'
import { type Plan, planOf } from '../../../cli/preflight/plan.ts'
import { countedResource, countsPod, needOf, quotasOf, scopeText, unsaid, weigh } from '../../../cli/preflight/quota.ts'
import { workloadsOf } from '../../../cli/preflight/workload.ts'
import { aDeployment, aKube, aQuota, aTemplate, q } from '../../support/kube-objects.ts'

const sized = { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '200m', memory: '128Mi' } }
const steady = aDeployment('steady', { spec: { replicas: 2 } })
const rolling = aDeployment('rolling', { spec: { strategy: { type: 'RollingUpdate' } } })
const job = aKube('Job', 'job', { spec: { template: aTemplate({ ...sized, pod: { activeDeadlineSeconds: 60 } }) } })
const bare = aDeployment('bare', { requests: {}, limits: {} })

const planFor = (...objects: KubeObject[]): Plan => planOf(objects, workloadsOf(objects, []), undefined)
const nothing = planFor()
const only = (object: KubeObject) => {
  const [quota] = quotasOf([object])
  if (quota === undefined) throw new Error('no quota')
  return quota
}

test.each([
  ['requests.cpu', '300m', '100m'],
  ['cpu', '300m', '100m'],
  ['requests.memory', '192Mi', '64Mi'],
  ['memory', '192Mi', '64Mi'],
  ['limits.cpu', '600m', '200m'],
  ['limits.memory', '384Mi', '128Mi'],
  ['pods', '3', '1'],
  ['count/pods', '3', '1'],
  ['count/deployments.apps', '2', '0'],
])('%s is the sum of %s, and %s more while everything is updated', (name, sum, surge) => {
  expect(needOf(only(aQuota({})), name, planFor(steady, rolling))).toMatchObject({
    steady: q(sum),
    rolling: q(surge),
    needed: q(sum) + q(surge),
  })
})

test('of ReplicaSets one more than what is kept is enough: updates take turns', () => {
  expect(needOf(only(aQuota({})), 'count/replicasets.apps', planFor(steady, rolling, bare))).toEqual({
    steady: q('6'),
    rolling: q('3'),
    needed: q('7'),
  })
})

test.each([
  [['NotTerminating'], '300m'],
  [['Terminating'], '100m'],
  [[], '400m'],
  [['BestEffort'], '0'],
  [['NotBestEffort'], '400m'],
  [['Terminating', 'BestEffort'], '0'],
  [['CrossNamespacePodAffinity'], '0'],
])('a quota of scope %j counts %s', (scopes, sum) => {
  expect(needOf(only(aQuota({}, { scopes })), 'requests.cpu', planFor(steady, rolling, job, bare))?.steady).toBe(q(sum))
})

test.each([
  ['Exists', undefined, [true, true, false]],
  ['DoesNotExist', undefined, [false, false, true]],
  ['In', ['high'], [true, false, false]],
  ['NotIn', ['high'], [false, true, true]],
])('a scope selector by priority class: %s %j', (operator, values, counted) => {
  const quota = only(
    aKube('ResourceQuota', 'p', {
      spec: {
        hard: { pods: '1' },
        scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator, values }] },
      },
    }),
  )
  const priorities = ['high', 'low', undefined]
  const sizes = workloadsOf(
    priorities.map((priorityClassName) => aDeployment('a', { pod: { priorityClassName } })),
    [],
  ).map(({ size }) => size)
  expect(sizes.map((size) => countsPod(quota, size))).toEqual(counted)
  expect(scopeText(quota)).toContain('PriorityClass')
})

test('finished pods count as objects but take no pod of the quota of pods', () => {
  const cron = aKube('CronJob', 'c', {
    spec: {
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 1,
      jobTemplate: { spec: { template: aTemplate(sized) } },
    },
  })
  const quota = only(aQuota({}))
  expect([needOf(quota, 'pods', planFor(cron))?.steady, needOf(quota, 'count/pods', planFor(cron))?.steady]).toEqual([
    q('1'),
    q('3'),
  ])
})

test('claims count by number, by size and by class', () => {
  const claim = (name: string, storageClassName: string, storage: string) =>
    aKube('PersistentVolumeClaim', name, { spec: { storageClassName, resources: { requests: { storage } } } })
  const plan = planFor(claim('a', 'nfs', '5Gi'), claim('b', 'ssd', '1Gi'))
  const quota = only(aQuota({}))
  const names = [
    'persistentvolumeclaims',
    'requests.storage',
    'nfs.storageclass.storage.k8s.io/requests.storage',
    'ssd.storageclass.storage.k8s.io/persistentvolumeclaims',
    'x.storageclass.storage.k8s.io/requests.storage',
  ]
  expect(names.map((name) => needOf(quota, name, plan)?.needed)).toEqual([q('2'), q('6Gi'), q('5Gi'), q('1'), 0n])
})

test('services count, and those with a port on every node by their ports', () => {
  const service = (type: string, ports: number) =>
    aKube('Service', `s${type}`, { spec: { type, ports: Array.from({ length: ports }, (_, port) => ({ port })) } })
  const plan = planFor(service('ClusterIP', 1), service('NodePort', 2), service('LoadBalancer', 1))
  const quota = only(aQuota({}))
  expect(
    ['services', 'services.loadbalancers', 'services.nodeports'].map((name) => needOf(quota, name, plan)?.needed),
  ).toEqual([q('3'), q('1'), q('3')])
})

test.each([
  ['count/routes.route.openshift.io', 'routes.route.openshift.io'],
  ['openshift.io/imagestreams', 'imagestreams.image.openshift.io'],
  ['configmaps', 'configmaps'],
  ['requests.cpu', undefined],
])('%s counts objects of %s', (name, resource) => {
  expect(countedResource(name)).toBe(resource)
})

test('extended resources and ephemeral storage are summed like any other, and an unknown name is told', () => {
  const gpu = aDeployment('g', { requests: { 'nvidia.com/gpu': '2', 'ephemeral-storage': '1Gi' }, limits: {} })
  const quota = only(aQuota({}))
  expect(
    ['requests.nvidia.com/gpu', 'requests.ephemeral-storage', 'ephemeral-storage', 'limits.ephemeral-storage'].map(
      (name) => needOf(quota, name, planFor(gpu))?.needed,
    ),
  ).toEqual([q('2'), q('1Gi'), q('1Gi'), 0n])
  expect(weigh([only(aQuota({ 'example.org/licences': '1' }))], nothing, nothing)).toEqual({
    lines: [],
    unknown: ['example.org/licences of quota quota'],
  })
})

test.each([
  ['exactly what is left', '500m', '100m', true],
  ['a thousandth less', '499m', '100m', false],
])('%s (%s)', (_, hard, used, fits) => {
  const { lines } = weigh(
    [only(aQuota({ 'requests.cpu': hard }, { used: { 'requests.cpu': used } }))],
    planFor(steady, rolling),
    nothing,
  )
  expect(lines).toMatchObject([{ fits, others: q('100m'), needed: q('400m') }])
})

test('what of ours runs already is not counted twice, and what others run stays', () => {
  const quota = only(aQuota({ 'requests.cpu': '450m' }, { used: { 'requests.cpu': '250m' } }))
  const { lines } = weigh([quota], planFor(steady, rolling), planFor(steady))
  expect(lines).toMatchObject([{ fits: true, used: q('250m'), others: q('50m'), needed: q('400m') }])
})

test('a quota that others have overdrawn is no problem for who takes nothing of it', () => {
  const quota = only(
    aQuota({ 'count/routes.route.openshift.io': '1' }, { used: { 'count/routes.route.openshift.io': '2' } }),
  )
  expect(weigh([quota], planFor(steady), nothing).lines).toMatchObject([{ fits: true }])
})

test("a cluster-wide quota of OpenShift counts with what all the owner's namespaces use", () => {
  const [quota] = quotasOf([
    aKube('AppliedClusterResourceQuota', 'for-alice', {
      spec: { quota: { hard: { pods: '10' }, scopes: ['NotTerminating'] } },
      status: { total: { used: { pods: '4' } } },
    }),
  ])
  expect(quota).toMatchObject({
    name: 'for-alice',
    scopes: [{ scopeName: 'NotTerminating' }],
    hard: new Map([['pods', q('10')]]),
    used: new Map([['pods', q('4')]]),
  })
})

test('a container that leaves open what a quota counts is refused, unless the quota does not count its pod', () => {
  const [workload] = workloadsOf([aDeployment('a', { requests: { cpu: '1' }, limits: {} })], [])
  const size = workload?.size
  if (size === undefined) throw new Error('no size')
  const hard = { 'requests.cpu': '9', 'limits.memory': '9Gi', pods: '9', 'requests.ephemeral-storage': '1Gi' }
  expect(unsaid(only(aQuota(hard)), size)).toEqual(['container a says no limits.memory, which quota quota counts'])
  expect(unsaid(only(aQuota(hard, { scopes: ['Terminating'] })), size)).toEqual([])
})
