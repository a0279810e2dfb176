import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createKubectlApi, currentNamespace } from '../../../cli/preflight/kubectl-api.ts'
import { aFolder } from '../../support/builders.ts'

/** A program that prints what kubectl was recorded to print. */
function aTool(script: string, name = 'kubectl') {
  const path = join(aFolder(), name)
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
  return { path, name, options: ['--kubeconfig', 'my file'] }
}

test('paths are asked as they are, with the login that was named', async () => {
  const api = createKubectlApi(aTool(`printf '{"said":"%s|%s|%s|%s|%s"}' "$@"`))
  expect(await api.get('/api/v1/x')).toEqual({
    state: 'found',
    body: { said: 'get|--raw|/api/v1/x|--kubeconfig|my file' },
  })
})

test('what is posted goes through standard input', async () => {
  const api = createKubectlApi(aTool('[ "$1 $2 $3 $4 $5" = "create --raw /apis/x -f -" ] && cat'))
  expect(await api.post('/apis/x', { kind: 'Review' })).toEqual({ state: 'found', body: { kind: 'Review' } })
})

test.each([
  ['Error from server (Forbidden): pods is forbidden: User "dev" cannot list resource "pods"', 'forbidden'],
  ['Error from server (NotFound): the server could not find the requested resource', 'absent'],
])('%j is %s', async (message, state) => {
  expect(await createKubectlApi(aTool(`echo '${message}' >&2; exit 1`)).get('/x')).toEqual({ state })
})

test.each([
  ['error: You must be logged in to the server (Unauthorized)', 'you are not logged in', 'log in first: oc login'],
  [
    'The connection to the server localhost:8080 was refused - did you specify the right host or port?',
    'localhost:8080 was refused',
    '--namespace-file',
  ],
])('%j ends it with the next step', async (message, why, hint) => {
  const tool = aTool(`echo '${message}' >&2; exit 1`, 'oc')
  await expect(createKubectlApi(tool).get('/x')).rejects.toMatchObject({
    code: 'usage.invalid',
    message: expect.stringContaining(why),
    hint: expect.stringContaining(hint),
  })
})

test('an answer that is no JSON is told', async () => {
  await expect(createKubectlApi(aTool('echo "<html>"')).get('/x')).rejects.toMatchObject({
    message: expect.stringContaining('no JSON'),
  })
})

test('many questions are asked a few at a time, and all are answered', async () => {
  const api = createKubectlApi(aTool('echo "{}"'))
  const all = await Promise.all(Array.from({ length: 12 }, (_, n) => api.get(`/x/${n}`)))
  expect(all.every(({ state }) => state === 'found')).toBe(true)
})

test.each([
  ['printf alice-dev', 'alice-dev'],
  ['printf ""', 'default'],
  ['exit 1', 'default'],
])('the namespace of the login, when kubectl says %j, is %s', async (script, name) => {
  expect(await currentNamespace(aTool(script))).toBe(name)
})
