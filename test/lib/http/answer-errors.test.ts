import { describe, expect, test } from 'vitest'
import { DtmsError } from '../../../lib/errors.ts'
import { HttpError } from '../../../lib/http/errors.ts'
import { defineRoute } from '../../../lib/http/route.ts'
import { aRecordingLogger, aServer, ask } from '../../support/http.ts'

async function serverThatThrows(error: unknown) {
  const logger = aRecordingLogger()
  const route = defineRoute({
    method: 'get',
    path: '/broken',
    operationId: 'break',
    summary: '',
    tags: [],
    responses: {},
    handle: () => {
      throw error
    },
  })
  const { url } = await aServer([route], { logger })
  return { url: `${url}/broken`, logger }
}

const ids = { requestId: 'r-1', traceId: expect.stringMatching(/^[0-9a-f]{32}$/) }
const headers = { 'x-request-id': 'r-1' }

describe('an error', () => {
  test('is {"detail"} with hint and ids', async () => {
    const { url } = await serverThatThrows(new HttpError(409, 'not now', { hint: 'wait' }))
    const answer = await ask(url, { headers })
    expect([answer.status, answer.json]).toEqual([409, { detail: 'not now', hint: 'wait', ...ids }])
    expect(answer.headers['x-request-id']).toBe('r-1')
  })

  test.each([
    ['application/problem+json', true],
    ['application/json, application/problem+json', true],
    ['application/problem+json;q=0.5', true],
    ['application/problem+json;q=0', false],
    ['*/*', false],
    ['application/json', false],
  ])('for a caller that accepts %s is problem+json: %s', async (accept, problem) => {
    const { url } = await serverThatThrows(new HttpError(409, 'not now'))
    const answer = await ask(url, { headers: { ...headers, accept } })
    if (!problem) expect(answer.json).toEqual({ detail: 'not now', ...ids })
    else {
      expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/)
      const expected = { type: 'about:blank', title: 'Conflict', status: 409, detail: 'not now', ...ids }
      expect(answer.json).toEqual(expected)
    }
  })

  test('that nobody foresaw tells the caller nothing and the log everything', async () => {
    const { url, logger } = await serverThatThrows(new Error('the password is 1234'))
    const answer = await ask(url, { headers })
    expect(answer.status).toBe(500)
    expect(answer.text).not.toContain('1234')
    const line = logger.lines.find(({ level }) => level === 'error')
    expect(line?.fields).toMatchObject({ request_id: 'r-1', route: 'GET /broken' })
    expect(JSON.stringify(line)).toContain('1234')
  })

  test('of the volume is 503 and worth another try', async () => {
    const { url } = await serverThatThrows(new DtmsError('volume.stalled', 'a call does not come back'))
    const answer = await ask(url)
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '5'])
  })

  test('of a path that cannot be decoded is 400', async () => {
    const { url } = await serverThatThrows(undefined)
    expect((await ask(url.replace('/broken', '/%E0%A4%A'))).status).toBeOneOf([400, 404])
  })
})
