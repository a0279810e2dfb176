import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { systemCode } from '../errors.ts'

/** What Node says of a request that never reached a route; anything else is not HTTP. */
const KNOWN = new Map([
  ['HPE_HEADER_OVERFLOW', { status: 431, detail: 'the head of the request is larger than 16 KiB' }],
  ['ERR_HTTP_REQUEST_TIMEOUT', { status: 408, detail: 'the request took too long to arrive' }],
])
const NOT_HTTP = { status: 400, detail: 'not a valid HTTP request' }

/**
 * For a server's `clientError`: what cannot be read as a request gets a JSON answer like any other error, unless there is no
 * connection, or no TLS, to carry it.
 */
export function answerBrokenRequest(error: Error, socket: Duplex): void {
  const unspoken = socket instanceof TLSSocket && socket.getProtocol() === null
  const code = systemCode(error)
  if (code === 'ECONNRESET' || !socket.writable || unspoken) return void socket.destroy()
  const { status, detail } = KNOWN.get(code ?? '') ?? NOT_HTTP
  const body = JSON.stringify({ detail })
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}
