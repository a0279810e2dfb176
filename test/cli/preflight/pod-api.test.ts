import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { findPodApi } from '../../../cli/preflight/pod-api.ts'
import { aFolder } from '../../support/builders.ts'

const fixture = (name: string) => readFileSync(new URL(`../../fixtures/tls/${name}`, import.meta.url), 'utf8')

function anAccount(files: Record<string, string> = {}): string {
  const folder = aFolder()
  const all = { token: 'the-token\n', namespace: 'lab', 'ca.crt': fixture('loopback.crt'), ...files }
  for (const [name, text] of Object.entries(all)) writeFileSync(join(folder, name), text)
  return folder
}

async function aServer(status: number, text: string) {
  const got: string[] = []
  const server = createServer({ cert: fixture('loopback.crt'), key: fixture('loopback.key') }, (request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString()
    })
    request.on('end', () => {
      got.push(`${request.method} ${request.url} ${request.headers.authorization} ${body}`.trim())
      response.writeHead(status).end(text)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  return { got, env: { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(port) } }
}

test.each([
  ['no cluster', {}, true],
  ['no account mounted', { KUBERNETES_SERVICE_HOST: '10.0.0.1' }, false],
])('outside of a pod there is none: %s', (_, env, mounted) => {
  expect(findPodApi(env, mounted ? anAccount() : aFolder())).toBeUndefined()
})

test('the API is asked with the token of the account, over a connection that its certificate vouches for', async () => {
  const { got, env } = await aServer(200, '{"kind":"List"}')
  const access = findPodApi(env, anAccount())
  expect(access?.namespace).toBe('lab')
  expect(await access?.api.get('/api/v1/x')).toEqual({ state: 'found', body: { kind: 'List' } })
  expect(await access?.api.post('/apis/y', { a: 1 })).toEqual({ state: 'found', body: { kind: 'List' } })
  expect(got).toEqual(['GET /api/v1/x Bearer the-token', 'POST /apis/y Bearer the-token {"a":1}'])
})

test.each([
  [403, 'forbidden'],
  [404, 'absent'],
])('status %d is %s', async (status, state) => {
  const { env } = await aServer(status, '{}')
  expect(await findPodApi(env, anAccount())?.api.get('/x')).toEqual({ state })
})

test.each([
  [401, '{}', 'token of the service account is not accepted'],
  [500, 'broken', 'status 500'],
  [200, '<html>', 'no JSON'],
])('status %d with %j ends it', async (status, text, message) => {
  const { env } = await aServer(status, text)
  await expect(findPodApi(env, anAccount())?.api.get('/x')).rejects.toMatchObject({
    code: 'usage.invalid',
    message: expect.stringContaining(message),
  })
})

test('a server that somebody else vouches for gets no token', async () => {
  const { got, env } = await aServer(200, '{}')
  const own = findPodApi(env, anAccount({ 'ca.crt': fixture('self-signed.crt') }))
  await expect(own?.api.get('/x')).rejects.toMatchObject({ code: 'usage.invalid' })
  expect(got).toEqual([])
})

test('a server that is not there is told with what may be in the way', async () => {
  const env = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: '1' }
  await expect(findPodApi(env, anAccount())?.api.get('/x')).rejects.toMatchObject({
    message: expect.stringContaining('ECONNREFUSED'),
    hint: expect.stringContaining('network policy'),
  })
})
