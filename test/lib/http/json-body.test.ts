import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineRoute } from '../../../lib/http/route.ts'
import { type Ask, aServer, ask } from '../../support/http.ts'

async function send(options: Ask) {
  const route = defineRoute({
    method: 'post',
    path: '/echo',
    operationId: 'echo',
    summary: '',
    tags: [],
    bodySchema: z.unknown(),
    responses: { 200: { description: '' } },
    handle: ({ body }) => ({ body: { got: body ?? null } }),
  })
  const { url } = await aServer([route])
  return ask(`${url}/echo`, { method: 'POST', ...options })
}

const nested = (depth: number): string => `${'['.repeat(depth)}1${']'.repeat(depth)}`

describe('a body', () => {
  test.each([
    ['four levels', nested(4), 200],
    ['five levels', nested(5), 422],
    ['brackets inside a text', JSON.stringify('[[[[[[{{{{"'), 200],
    ['nesting that never closes', '['.repeat(60_000), 422],
    ['64 KiB', JSON.stringify('a'.repeat(65_534)), 200],
    ['64 KiB and one byte', JSON.stringify('a'.repeat(65_535)), 413],
    ['half a document', '{"a":', 422],
    ['two documents', '{} {}', 422],
    ['NaN', '{"a":NaN}', 422],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22]), 422],
    ['a byte order mark', Buffer.from('\ufeff{}'), 422],
  ])('of %s', async (_name, body, status) => {
    expect((await send({ body })).status).toBe(status)
  })

  test.each(['__proto__', 'constructor', 'prototype'])('with the key %s is refused where it stands', async (name) => {
    const answer = await send({ body: `{"a":{"${name}":{"polluted":true}}}` })
    expect(answer.json).toMatchObject({ detail: [{ type: 'extra_forbidden', loc: ['body', 'a', name] }] })
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
  })

  test('of another type is 415', async () => {
    const answer = await send({ body: 'a=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } })
    expect([answer.status, answer.headers.accept]).toEqual([415, 'application/json'])
  })

  test('that is compressed is 415: it may unpack to anything', async () => {
    const answer = await send({ body: '{}', headers: { 'content-encoding': 'gzip' } })
    expect(answer.status).toBe(415)
  })

  test('that is absent is left to the schema', async () => {
    expect((await send({})).json).toEqual({ got: null })
  })
})
