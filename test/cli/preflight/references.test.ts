import { expect, test } from 'vitest'
import type { KubeObject } from '../../../cli/preflight/objects.ts'
import { imagesOf, namesOf, referenceProblems, referencesOf } from '../../../cli/preflight/references.ts'
import { workloadsOf } from '../../../cli/preflight/workload.ts'
import { aDeployment, aKube, aNamespace } from '../../support/kube-objects.ts'

const problemsOf = (
  objects: KubeObject[],
  there: KubeObject[],
  kinds: string[] = ['Secret', 'ConfigMap', 'PersistentVolumeClaim', 'ServiceAccount'],
) => referenceProblems(objects, workloadsOf(objects, []), aNamespace(there, { kinds: new Set(kinds) }))

const env = (name: string, key: string, optional?: boolean) => ({
  env: [{ name: 'X', valueFrom: { secretKeyRef: { name, key, optional } } }],
})
const keyed = aDeployment('api', {
  rest: {
    env: [{ name: 'DTMS_API_KEY_FILE', value: '/etc/key/api-key' }],
    volumeMounts: [{ name: 'key', mountPath: '/etc/key' }],
  },
  pod: { volumes: [{ name: 'key', secret: { secretName: 'dtms-api-key' } }] },
})

test('every way to refer to something is found', () => {
  const deployment = aDeployment('a', {
    rest: {
      env: [
        { name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'A' } } },
        { name: 'B', value: 'b' },
      ],
      envFrom: [
        { configMapRef: { name: 'all' } },
        { secretRef: { name: 'hidden', optional: true } },
        { secretRef: { name: 'whole' } },
      ],
    },
    pod: {
      serviceAccountName: 'reader',
      imagePullSecrets: [{ name: 'pull' }],
      volumes: [
        { name: 'v', configMap: { name: 'files', items: [{ key: 'f', path: 'f' }] } },
        { name: 'w', persistentVolumeClaim: { claimName: 'data' } },
        { name: 'x', projected: { sources: [{ secret: { name: 'inner' } }, { configMap: { name: 'both' } }] } },
        { name: 'y', emptyDir: {} },
      ],
    },
  })
  const [workload] = workloadsOf([deployment], [])
  const found = workload === undefined ? [] : referencesOf(workload)
  expect(found.map(({ kind, name, keys }) => [kind, name, ...keys].join(' '))).toEqual([
    'ConfigMap settings A',
    'ConfigMap all',
    'Secret whole',
    'ConfigMap files f',
    'PersistentVolumeClaim data',
    'Secret inner',
    'ConfigMap both',
    'Secret pull',
    'ServiceAccount reader',
  ])
})

test('a missing secret is named with its keys, its users and the command that makes it', () => {
  expect(problemsOf([keyed, aDeployment('job', { rest: env('dtms-api-key', 'api-key') })], [])).toEqual([
    {
      what: 'Secret dtms-api-key is not there (key api-key); api, job cannot start without it',
      remedy: 'oc create secret generic dtms-api-key --from-literal=api-key="$(openssl rand -hex 24)"',
      cause: 'setup',
    },
  ])
})

test('a secret without the key that is read is named with that key', () => {
  const [problem] = problemsOf([keyed], [aKube('Secret', 'dtms-api-key', { data: { apikey: '' } })])
  expect(problem).toMatchObject({
    what: expect.stringContaining('Secret dtms-api-key has no key api-key'),
    remedy: expect.stringContaining('| oc apply -f -'),
  })
  expect(problemsOf([keyed], [aKube('Secret', 'dtms-api-key', { data: { 'api-key': '' } })])).toEqual([])
})

test('a user name is no random text', () => {
  const [problem] = problemsOf([aDeployment('g', { rest: env('grafana-admin', 'admin-user') })], [])
  expect(problem?.remedy).toBe('oc create secret generic grafana-admin --from-literal=admin-user=admin')
})

test.each([
  [
    'what the manifests bring',
    [keyed, aKube('Secret', 'dtms-api-key', { stringData: { 'api-key': 'x' } })],
    [],
    undefined,
  ],
  ['what may lack', [aDeployment('a', { rest: env('x', 'k', true) })], [], undefined],
  ['what could not be seen', [keyed], [], []],
  [
    'what every namespace has',
    [
      aDeployment('a', {
        pod: { serviceAccountName: 'default', volumes: [{ name: 'c', configMap: { name: 'kube-root-ca.crt' } }] },
      }),
    ],
    [],
    undefined,
  ],
  [
    'a certificate that the cluster makes',
    [
      aDeployment('a', { pod: { volumes: [{ name: 'c', secret: { secretName: 'tls' } }] } }),
      aKube('Service', 's', {}, { annotations: { 'service.beta.openshift.io/serving-cert-secret-name': 'tls' } }),
    ],
    [],
    undefined,
  ],
])('%s is no problem', (_, objects, there, kinds) => {
  expect(problemsOf(objects, there, kinds)).toEqual([])
})

test('a ConfigMap of the manifests that lacks a key is to be corrected there', () => {
  const user = aDeployment('a', {
    rest: { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'A' } } }] },
  })
  expect(problemsOf([user, aKube('ConfigMap', 'settings', { data: { B: '1' } })], [])).toMatchObject([
    { what: expect.stringContaining('ConfigMap settings has no key A'), remedy: 'correct it in the manifests' },
  ])
})

test.each([
  ['a claim', { volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'data' } }] }, 'openshift/storage'],
  ['a service account', { serviceAccountName: 'reader' }, 'oc create serviceaccount reader'],
])('%s that is missing has its own remedy', (_, pod, remedy) => {
  expect(problemsOf([aDeployment('a', { pod })], [])[0]?.remedy).toContain(remedy)
})

test('names and images are told once each', () => {
  const workloads = workloadsOf([keyed, aDeployment('b', { image: 'dtms:latest', rest: env('dtms-api-key', 'x') })], [])
  expect(namesOf(workloads, 'Secret')).toEqual(['dtms-api-key'])
  expect(workloads.flatMap(imagesOf)).toEqual(['x', 'dtms:latest'])
})
