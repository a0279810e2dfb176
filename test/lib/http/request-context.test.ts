import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { contextOf, openContext } from '../../../lib/http/request-context.ts'

function aRequest(headers: Record<string, string>): IncomingMessage {
  const request = new IncomingMessage(new Socket())
  Object.assign(request.headers, headers)
  return request
}

test.each([
  ['one that looks like an id', 'order-7.a_B', true],
  ['the longest', 'a'.repeat(64), true],
  ['one that is too long', 'a'.repeat(65), false],
  ['one with a line break', 'a\nb', false],
  ['an empty one', '', false],
])("the caller's request id is kept: %s", (_name, given, kept) => {
  const { requestId } = openContext(aRequest({ 'x-request-id': given }), 0)
  expect(requestId === given).toBe(kept)
  expect(requestId).toMatch(/^[A-Za-z0-9._-]{1,64}$/)
})

test.each([
  ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', '0af7651916cd43dd8448eb211c80319c'],
  ['00-00000000000000000000000000000000-b7ad6b7169203331-01', undefined],
  ['nonsense', undefined],
])('the trace of %s is joined: %s', (traceparent, expected) => {
  const { traceId } = openContext(aRequest({ traceparent }), 0)
  expect(traceId).toMatch(/^[0-9a-f]{32}$/)
  if (expected === undefined) expect(traceparent).not.toContain(traceId)
  else expect(traceId).toBe(expected)
})

test('a request keeps its context', () => {
  const request = aRequest({})
  const opened = openContext(request, 5)
  expect(contextOf(request)).toBe(opened)
})
