import { expect, test } from 'vitest'
import { parseDocuments } from '../../../cli/preflight/documents.ts'

const service = 'apiVersion: v1\nkind: Service\nmetadata: {name: a}\n'

test('several documents, empty ones and comments between them are one list', () => {
  const { objects } = parseDocuments(`# head\n---\n${service}---\n---\n${service.replace('a}', 'b}')}---\n`, 'f')
  expect(objects.map(({ metadata, source }) => [metadata.name, source])).toEqual([
    ['a', 'f:3'],
    ['b', 'f:8'],
  ])
})

test('a list is its items, in YAML as in JSON', () => {
  const item = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } }
  const list = { apiVersion: 'v1', kind: 'List', items: [item, item] }
  const { objects, kinds } = parseDocuments(JSON.stringify(list), 'f')
  expect([objects.length, [...kinds]]).toEqual([2, ['Secret']])
})

test('a list of one kind tells that kind also when it is empty, and gives it to its items', () => {
  const text =
    'apiVersion: v1\nkind: ResourceQuotaList\nitems: [{metadata: {name: q}}]\n---\napiVersion: v1\nkind: SecretList\nitems: []\n'
  const { objects, kinds } = parseDocuments(text, 'f')
  expect(objects.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`)).toEqual(['v1 ResourceQuota'])
  expect([...kinds]).toEqual(['ResourceQuota', 'Secret'])
})

test('labels may be numbers or absent, and owners are kept', () => {
  const [object] = parseDocuments(
    'apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  labels: {n: 1}\n  annotations: null\n  ownerReferences: [{kind: Job, name: j}]',
    'f',
  ).objects
  expect(object?.metadata).toMatchObject({ labels: { n: '1' }, annotations: {}, owners: [{ kind: 'Job', name: 'j' }] })
})

test('a review of rights has no name', () => {
  const text =
    'apiVersion: authorization.k8s.io/v1\nkind: SelfSubjectRulesReview\nmetadata: {creationTimestamp: null}\nstatus: {resourceRules: []}'
  expect(parseDocuments(text, 'f').objects).toHaveLength(1)
})

test.each([
  ['a: [1\nb: 2\n', /^f:2 /],
  [`${service}---\njust text\n`, /^f:5 is no Kubernetes object/],
  ['kind: Service\nmetadata: {name: a}\n', /^f:1 is no Kubernetes object \(apiVersion: /],
  ['apiVersion: v1\nkind: Service\nmetadata: {}\n', /^f:1 is no Kubernetes object \(metadata\.name: /],
  ['[1, 2]', /^f:1 is no Kubernetes object/],
])('%j is refused with file and line', (text, message) => {
  expect(() => parseDocuments(text, 'f')).toThrow(
    expect.objectContaining({ code: 'usage.invalid', message: expect.stringMatching(message) }),
  )
})
