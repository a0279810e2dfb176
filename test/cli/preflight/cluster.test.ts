import { expect, test } from 'vitest'
import { readNamespace, readServed } from '../../../cli/preflight/cluster.ts'
import { aDeployment, aKube, anApi } from '../../support/kube-objects.ts'

const base = '/api/v1/namespaces/lab'
const reviews = '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews'
const accesses = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
const answers = (more: [string, unknown][] = []) => new Map<string, unknown>([[base, {}], ...more])
const list = (kind: string, ...names: string[]) => ({
  apiVersion: 'v1',
  kind: `${kind}List`,
  items: names.map((name) => ({ metadata: { name } })),
})
const rules = (status: object) => new Map<string, unknown>([[reviews, { status }]])

test('lists are read whole, and a kind of which there is nothing is known to be absent', async () => {
  const { api } = anApi(
    answers([
      [`${base}/resourcequotas`, list('ResourceQuota', 'q')],
      [`${base}/pods`, list('Pod')],
    ]),
    rules({ resourceRules: [] }),
  )
  const namespace = await readNamespace(api, 'lab', 'oc', [], [])
  expect(namespace.objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual(['ResourceQuota q'])
  expect(namespace.kinds.has('Pod') && namespace.kinds.has('ImageStream')).toBe(true)
  expect(namespace).toMatchObject({ name: 'lab', rules: { resourceRules: [] }, unseen: [], tool: 'oc' })
})

test('kinds of the manifests are looked at as well, each once', async () => {
  const { api, asked } = anApi(answers())
  await readNamespace(api, 'lab', 'oc', [aKube('Route', 'a'), aKube('Route', 'b'), aDeployment('c')], [])
  expect(asked.filter((path) => path.endsWith('/routes'))).toEqual([
    '/apis/route.openshift.io/v1/namespaces/lab/routes',
  ])
  expect(asked.filter((path) => path.endsWith('/deployments'))).toHaveLength(1)
  expect(asked).toContain('/apis/storage.k8s.io/v1/storageclasses')
})

test('what may not be read is said, with what the result then lacks', async () => {
  const forbidden: [string, unknown][] = [
    `${base}/resourcequotas`,
    `${base}/secrets/key`,
    '/apis/storage.k8s.io/v1/storageclasses',
  ].map((path) => [path, 'forbidden'])
  const { api } = anApi(answers(forbidden), new Map([[reviews, 'forbidden']]))
  const { unseen, kinds, rules: known } = await readNamespace(api, 'lab', 'oc', [], ['key'])
  expect(unseen.toSorted()).toEqual([
    'the cluster does not tell your rights: whether you may create everything is not known',
    'you may not list resourcequotas: whether CPU, memory and counts fit is not known',
    'you may not list storageclasses: whether the claims get volumes is not known',
    'you may not read secrets: whether key is there is not known',
  ])
  expect([kinds.has('ResourceQuota'), kinds.has('Secret'), known]).toEqual([false, false, undefined])
})

test('of a secret only its keys are kept', async () => {
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key' }, data: { 'api-key': 'aHVzaA==' } }
  const { api } = anApi(answers([[`${base}/secrets/key`, secret]]))
  const { objects, kinds } = await readNamespace(api, 'lab', 'oc', [], ['key', 'other'])
  expect(objects.map(({ body }) => body.data)).toEqual([{ 'api-key': '' }])
  expect(JSON.stringify(objects)).not.toContain('aHVzaA')
  expect(kinds.has('Secret')).toBe(true)
})

test('rights that the list may lack are asked for one by one', async () => {
  const seen: unknown[] = []
  const access = (body: { spec: { resourceAttributes: { verb: string } } }) => {
    seen.push(body.spec.resourceAttributes)
    return { status: { allowed: body.spec.resourceAttributes.verb === 'create' } }
  }
  const get = { verbs: ['get'], apiGroups: ['apps'], resources: ['deployments'] }
  const posts = new Map<string, unknown>([...rules({ resourceRules: [get], incomplete: true }), [accesses, access]])
  const { rules: known } = await readNamespace(anApi(answers(), posts).api, 'lab', 'oc', [aDeployment('a')], [])
  expect(seen).toEqual(
    ['create', 'patch'].map((verb) => ({ namespace: 'lab', verb, group: 'apps', resource: 'deployments' })),
  )
  expect(known?.resourceRules).toEqual([get, { verbs: ['create'], apiGroups: ['apps'], resources: ['deployments'] }])
})

test('a namespace that is not there is a usage error', async () => {
  await expect(readNamespace(anApi(new Map()).api, 'lab', 'oc', [], [])).rejects.toMatchObject({
    code: 'usage.invalid',
    message: 'there is no namespace lab',
    hint: expect.stringContaining('oc projects'),
  })
})

test('an answer that is no Kubernetes object is told', async () => {
  const { api } = anApi(answers([[`${base}/pods`, { hello: 'world' }]]))
  await expect(readNamespace(api, 'lab', 'oc', [], [])).rejects.toMatchObject({ code: 'usage.invalid' })
})

test('which kinds a cluster has is asked for each API version but the core', async () => {
  const { api, asked } = anApi(
    new Map<string, unknown>([
      ['/apis/apps/v1', { resources: [{ name: 'deployments' }] }],
      ['/apis/batch/v1', 'forbidden'],
    ]),
  )
  const served = await readServed(api, [
    aDeployment('a'),
    aDeployment('b'),
    aKube('Service', 's'),
    aKube('Route', 'r'),
    aKube('Job', 'j'),
  ])
  expect([...served].map(([version, names]) => [version, ...names]).toSorted()).toEqual([
    ['apps/v1', 'deployments'],
    ['route.openshift.io/v1'],
  ])
  expect(asked).toHaveLength(3)
})
