import { expect, test } from 'vitest'
import { ReplyCache } from '../../api/reply-cache.ts'
import { defineRoute } from '../../lib/http/route.ts'
import { aServer, ask } from '../support/http.ts'

async function aCountingServer() {
  let version = 1
  let made = 0
  const cache = new ReplyCache('run', () => version)
  const route = defineRoute({
    method: 'get',
    path: '/x',
    operationId: 'x',
    summary: '',
    tags: [],
    responses: {},
    handle: (call) =>
      cache.answer(call, 'minute', () => {
        made += 1
        return { body: { made }, headers: { Link: '<a>' } }
      }),
  })
  const { url } = await aServer([route])
  return {
    url: `${url}/x`,
    change: (): void => {
      version += 1
    },
    made: () => made,
  }
}

test('an answer is made once for each version of the data and each address', async () => {
  const { url, change } = await aCountingServer()
  expect((await ask(url)).json).toEqual({ made: 1 })
  const again = await ask(url)
  expect([again.json, again.headers.link]).toEqual([{ made: 1 }, '<a>'])
  expect((await ask(`${url}?a=1`)).json).toEqual({ made: 2 })
  change()
  expect((await ask(url)).json).toEqual({ made: 3 })
})

test('who has the answer already gets 304 without its being made', async () => {
  const { url, change, made } = await aCountingServer()
  const etag = (await ask(url)).headers.etag ?? ''
  const same = await ask(url, { headers: { 'if-none-match': etag } })
  expect([same.status, same.text, same.headers.etag, made()]).toEqual([304, '', etag, 1])
  change()
  expect((await ask(url, { headers: { 'if-none-match': etag } })).status).toBe(200)
})

test('ever new addresses do not fill the memory', async () => {
  const { url, made } = await aCountingServer()
  for (let i = 0; i < 70; i += 1) await ask(`${url}?a=${i}`)
  await ask(`${url}?a=69`)
  expect(made()).toBe(70)
  await ask(`${url}?a=0`)
  expect(made()).toBe(71)
})
