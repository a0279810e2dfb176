import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { offlineNamespace } from '../../../cli/preflight/offline.ts'
import { aFolder } from '../../support/builders.ts'

function files(contents: Record<string, string>): string {
  const folder = aFolder()
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of Object.entries(contents)) writeFileSync(join(folder, name), text)
  return folder
}

const quota =
  'apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: q, namespace: alice-dev}\nspec: {hard: {pods: 1}}\n'
const review =
  'apiVersion: authorization.k8s.io/v1\nkind: SelfSubjectRulesReview\nmetadata: {}\nstatus: {resourceRules: [{verbs: [get]}]}\n'

test('a folder is all of its YAML and JSON files; files and folders may be mixed', () => {
  const folder = files({
    'a.yaml': quota,
    'b.json': '{"apiVersion":"v1","kind":"SecretList","items":[]}',
    'notes.txt': 'not yaml: [',
  })
  const more = files({ 'review.yml': review })
  const namespace = offlineNamespace([folder, join(more, 'review.yml')], undefined, 'kubectl')
  expect(namespace).toMatchObject({
    name: 'alice-dev',
    tool: 'kubectl',
    rules: { resourceRules: [{ verbs: ['get'] }] },
  })
  expect([...namespace.kinds]).toEqual(['ResourceQuota', 'Secret', 'SelfSubjectRulesReview'])
  expect(namespace.unseen.map((line) => line.split(' ')[1])).toEqual(['LimitRange', 'StorageClass'])
})

test('a given name wins', () => {
  expect(offlineNamespace([files({ 'a.yaml': quota })], 'mine', 'oc').name).toBe('mine')
})

test('without quotas it is said what the result does not cover', () => {
  const { unseen } = offlineNamespace([files({ 'a.yaml': review })], undefined, 'oc')
  expect(unseen[0]).toBe('no ResourceQuota was given: whether CPU, memory and counts fit')
  const cluster = quota.replace('ResourceQuota', 'AppliedClusterResourceQuota')
  expect(offlineNamespace([files({ 'a.yaml': cluster })], undefined, 'oc').unseen.join()).not.toContain(
    'no ResourceQuota',
  )
})

test.each([
  ['a file that is not there', 'none.yaml', {}, 'none.yaml cannot be read (ENOENT)'],
  ['an empty folder', '', {}, 'no Kubernetes object in there'],
  ['broken YAML', '', { 'bad.yaml': `${quota}---\na: [1` }, 'bad.yaml:6'],
])('%s is told', (_, name, contents, message) => {
  expect(() => offlineNamespace([join(files(contents), name)], undefined, 'oc')).toThrow(
    expect.objectContaining({ code: 'usage.invalid', message: expect.stringContaining(message) }),
  )
})
