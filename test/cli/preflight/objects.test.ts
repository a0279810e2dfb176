import { expect, test } from 'vitest'
import { z } from 'zod'
import {
  amountsSchema,
  at,
  groupOf,
  listAt,
  ofKind,
  partOf,
  pluralOf,
  resourceOf,
  textAt,
  titleOf,
} from '../../../cli/preflight/objects.ts'
import { aKube, q } from '../../support/kube-objects.ts'

test.each([
  ['Deployment', 'deployments.apps'],
  ['NetworkPolicy', 'networkpolicies.networking.k8s.io'],
  ['Ingress', 'ingresses.networking.k8s.io'],
  ['StorageClass', 'storageclasses.storage.k8s.io'],
  ['Service', 'services'],
  ['ConfigMap', 'configmaps'],
])('%s is %s to quotas and rights', (kind, resource) => {
  expect(resourceOf(aKube(kind, 'a'))).toBe(resource)
})

test('the core group has no name', () => {
  expect([groupOf('v1'), groupOf('apps/v1'), pluralOf('Endpoints')]).toEqual(['', 'apps', 'endpoints'])
})

test('a wrong field is named with object, file and path', () => {
  const object = aKube('Deployment', 'api', { spec: { replicas: 'many' } })
  const schema = z.looseObject({ replicas: z.number() })
  expect(() => partOf(object, schema, 'spec')).toThrow(/^test:1 Deployment api: spec\.replicas: /)
  const amounts = aKube('ResourceQuota', 'q', { spec: { hard: { cpu: 'lots' } } })
  expect(() => partOf(amounts, amountsSchema, 'spec', 'hard')).toThrow('spec.hard.cpu')
})

test('amounts are quantities by name, and nothing when absent; a negative one is refused', () => {
  expect([...amountsSchema.parse({ cpu: '1', memory: 64 })]).toEqual([
    ['cpu', q('1')],
    ['memory', q('64')],
  ])
  expect([amountsSchema.parse(null).size, amountsSchema.parse(undefined).size]).toEqual([0, 0])
  expect(amountsSchema.safeParse({ cpu: '-1' }).success).toBe(false)
})

test('values are found by path, and nothing that an object only inherits', () => {
  const body = { a: { b: 'x', c: [1] } }
  expect([at(body, 'a', 'b'), textAt(body, 'a', 'c'), listAt(body, 'a', 'c'), listAt(body, 'a')]).toEqual([
    'x',
    undefined,
    [1],
    [],
  ])
  expect(at(body, 'constructor')).toBeUndefined()
  expect(at('text', 'length')).toBeUndefined()
})

test('objects are picked by kind and called by kind and name', () => {
  const service = aKube('Service', 'api')
  expect(ofKind([service, aKube('Secret', 'key')], 'Service')).toEqual([service])
  expect(titleOf(service)).toBe('Service api')
})
