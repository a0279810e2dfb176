import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineRoute, type Route } from '../../../lib/http/route.ts'
import { aRecordingLogger, aServer, ask, TEST_KEY } from '../../support/http.ts'

const common = { tags: [], summary: '', responses: { 200: { description: '' } } }

function aRoute(): Route {
  return defineRoute({
    ...common,
    method: 'post',
    path: '/things/{name}',
    operationId: 'makeThing',
    changesState: true,
    pathSchema: z.strictObject({ name: z.string().max(4) }),
    querySchema: z.strictObject({ size: z.enum(['s', 'l']).optional() }),
    bodySchema: z.strictObject({ count: z.number() }),
    handle: ({ path, query, body, keyed }) => ({ status: 201, body: { ...path, ...query, ...body, keyed } }),
  })
}
const key = { authorization: `Bearer ${TEST_KEY}` }

describe('a route', () => {
  test('gets the checked parts of the request and answers with JSON', async () => {
    const { url } = await aServer([aRoute()])
    const answer = await ask(`${url}/things/cup?size=s`, { method: 'POST', headers: key, body: { count: 2 } })
    expect([answer.status, answer.json]).toEqual([201, { name: 'cup', size: 's', count: 2, keyed: true }])
  })

  test('answers 422 with the faults of all parts at once', async () => {
    const { url } = await aServer([aRoute()])
    const answer = await ask(`${url}/things/saucer?size=m&odd=1`, {
      method: 'POST',
      headers: key,
      body: { count: 'two' },
    })
    expect(answer.status).toBe(422)
    expect(answer.json).toMatchObject({
      detail: [
        { type: 'string_too_long', loc: ['path', 'name'] },
        { type: 'enum', loc: ['query', 'size'] },
        { type: 'extra_forbidden', loc: ['query', 'odd'] },
        { type: 'number_type', loc: ['body', 'count'], input: 'two' },
      ],
    })
  })

  test('that changes state asks for the key before it looks at anything else', async () => {
    const { url } = await aServer([aRoute()])
    for (const headers of [{}, { authorization: 'Bearer wrong' }]) {
      const answer = await ask(`${url}/things/saucer`, { method: 'POST', headers, body: '{' })
      expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, 'Bearer realm="dtms"'])
    }
  })

  test('that changes state leaves an audit line, whether it was allowed or not', async () => {
    const logger = aRecordingLogger()
    const { url } = await aServer([aRoute()], { logger })
    await ask(`${url}/things/cup`, { method: 'POST', headers: key, body: { count: 2 } })
    await ask(`${url}/things/cup`, { method: 'POST', body: { count: 2 } })
    const audit = logger.lines.filter(({ fields }) => fields.audit === true)
    expect(audit.map(({ fields }) => [fields.operation, fields.keyed, fields.status])).toEqual([
      ['makeThing', true, 201],
      ['makeThing', false, 401],
    ])
    expect(JSON.stringify(logger.lines)).not.toContain(TEST_KEY)
  })

  test('answers another method with 405 and the ones it has', async () => {
    const reading = defineRoute({
      ...common,
      method: 'get',
      path: '/things/{name}',
      operationId: 'getThing',
      handle: () => ({ body: 'thing' }),
    })
    const { url } = await aServer([aRoute(), reading])
    const answer = await ask(`${url}/things/cup`, { method: 'DELETE' })
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD, OPTIONS, POST'])
    const options = await ask(`${url}/things/cup`, { method: 'OPTIONS' })
    expect([options.status, options.headers.allow]).toEqual([204, 'GET, HEAD, OPTIONS, POST'])
    expect((await ask(`${url}/things/cup`, { method: 'HEAD' })).status).toBe(200)
  })
})
