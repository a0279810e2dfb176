import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { answerBrokenRequest } from '../../../lib/http/broken-request.ts'

/** A server that waits `headersTimeout` milliseconds for a head; answers what it says to these bytes. */
async function answerTo(bytes: string, headersTimeout = 0): Promise<{ head: string; body: unknown }> {
  const server = createServer({ headersTimeout, connectionsCheckingInterval: 20 }, (_request, response) =>
    response.end(),
  )
  server.on('clientError', answerBrokenRequest)
  onTestFinished(() => void server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const answer = await new Promise<string>((resolve, reject) => {
    let got = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    socket.setEncoding('utf8').on('data', (chunk) => {
      got += chunk
    })
    socket.on('close', () => resolve(got)).on('error', reject)
  })
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  return { head, body: JSON.parse(body) }
}

describe('a request that no route can see', () => {
  test.each([
    ['is not HTTP', 'nonsense\r\n\r\n', 0, '400 Bad Request', 'not a valid HTTP request'],
    [
      'has a head without end',
      `GET / HTTP/1.1\r\nA: ${'a'.repeat(20_000)}\r\n\r\n`,
      0,
      '431 Request Header Fields Too Large',
      'the head of the request is larger than 16 KiB',
    ],
    ['stops in its head', 'GET / HTTP/1.1\r\nHost:', 50, '408 Request Timeout', 'the request took too long to arrive'],
  ])('because it %s is answered in JSON and the connection ends', async (_why, bytes, limit, status, detail) => {
    const { head, body } = await answerTo(bytes, limit)
    expect(head.split('\r\n')).toEqual([
      `HTTP/1.1 ${status}`,
      'Connection: close',
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(JSON.stringify({ detail }))}`,
    ])
    expect(body).toEqual({ detail })
  })
})
