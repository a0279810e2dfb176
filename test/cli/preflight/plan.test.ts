import { expect, test } from 'vitest'
import type { KubeObject } from '../../../cli/preflight/objects.ts'
import { planOf, presentOf, servingSecretOf } from '../../../cli/preflight/plan.ts'
import { workloadsOf } from '../../../cli/preflight/workload.ts'
import { aDeployment, aKube, aTemplate, q } from '../../support/kube-objects.ts'

const rolling = { spec: { strategy: { type: 'RollingUpdate' } } }
const claim = (name: string, storage: string, spec = {}) =>
  aKube('PersistentVolumeClaim', name, {
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } }, ...spec },
  })
const set = aKube('StatefulSet', 'db', {
  spec: {
    replicas: 3,
    template: aTemplate(),
    volumeClaimTemplates: [
      {
        metadata: { name: 'data' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } } },
      },
    ],
  },
})

const planFor = (objects: KubeObject[], defaultClass?: string) =>
  planOf(objects, workloadsOf(objects, []), defaultClass)
const presentFor = (objects: KubeObject[], there: KubeObject[]) =>
  presentOf(objects, workloadsOf(objects, []), there, undefined)

test('objects are counted with what they make: ReplicaSets, Jobs, pods, slices', () => {
  const cron = aKube('CronJob', 'batch', {
    spec: {
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 1,
      jobTemplate: { spec: { template: aTemplate() } },
    },
  })
  const { counts } = planFor([
    aDeployment('a', rolling),
    aDeployment('b'),
    cron,
    aKube('Service', 's'),
    aKube('Pod', 'p', { spec: aTemplate().spec }),
  ])
  expect(Object.fromEntries(counts)).toMatchObject({
    'deployments.apps': { steady: 2, rolling: 0 },
    'replicasets.apps': { steady: 4, rolling: 2 },
    'cronjobs.batch': { steady: 1, rolling: 0 },
    'jobs.batch': { steady: 3, rolling: 0 },
    pods: { steady: 2 + 3 + 1, rolling: 1 },
    'endpointslices.discovery.k8s.io': { steady: 1, rolling: 0 },
  })
})

test('a StatefulSet has a claim for each pod, and a claim without a class gets the default', () => {
  const { claims, counts } = planFor(
    [set, claim('data', '5Gi'), claim('fast', '1Gi', { storageClassName: 'ssd' })],
    'gp3',
  )
  expect(claims.map(({ name, storageClass, times }) => [name, storageClass, times])).toEqual([
    ['data', 'gp3', 1],
    ['fast', 'ssd', 1],
    ['data-db', 'gp3', 3],
  ])
  expect(counts.get('persistentvolumeclaims')).toEqual({ steady: 5, rolling: 0 })
})

test('a certificate that the cluster makes for a Service is a Secret', () => {
  const annotations = { 'service.beta.openshift.io/serving-cert-secret-name': 'tls' }
  const service = aKube('Service', 's', {}, { annotations })
  expect(servingSecretOf(service)).toBe('tls')
  expect(planFor([service]).counts.get('secrets')).toEqual({ steady: 1, rolling: 0 })
})

test('of what is in the namespace only what belongs to the manifests counts as ours', () => {
  const objects = [aDeployment('api'), aKube('Service', 'api'), claim('data', '5Gi'), set]
  const pod = (name: string, owner: string, phase = 'Running') =>
    aKube(
      'Pod',
      name,
      { spec: aTemplate({ requests: { cpu: '100m' } }).spec, status: { phase } },
      { labels: { 'pod-template-hash': 'x' }, ownerReferences: [{ kind: 'ReplicaSet', name: owner }] },
    )
  const replicaSet = (name: string, deployment: string) =>
    aKube(
      'ReplicaSet',
      name,
      { spec: { template: aTemplate() } },
      { ownerReferences: [{ kind: 'Deployment', name: deployment }] },
    )
  const there = [
    ...objects.slice(0, 3),
    ...[pod('api-1', 'api-x'), pod('api-2', 'api-x', 'Failed'), pod('shop-1', 'shop-x')],
    ...[replicaSet('api-x', 'api'), replicaSet('shop-x', 'shop')],
    ...[claim('data-db-0', '2Gi'), claim('data-db-import', '9Gi'), claim('shop', '9Gi')],
    ...[aDeployment('shop'), aKube('Service', 'shop')],
    aKube('EndpointSlice', 'api-abc', {}, { ownerReferences: [{ kind: 'Service', name: 'api' }] }),
  ]
  const present = presentFor(objects, there)
  expect(present.pods.map(({ steady, finished }) => [steady, finished])).toEqual([
    [1, 0],
    [0, 1],
  ])
  expect(present.pods[0]?.size.requests.get('cpu')).toBe(q('100m'))
  expect(present.claims.map(({ name }) => name)).toEqual(['data', 'data-db-0'])
  expect([...present.counts].map(([name, { steady }]) => [name, steady])).toEqual([
    ['deployments.apps', 1],
    ['services', 1],
    ['persistentvolumeclaims', 2],
    ['pods', 2],
    ['replicasets.apps', 1],
    ['endpointslices', 1],
  ])
})
