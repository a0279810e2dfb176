import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import type { Issued } from './certificates.ts'

export interface Received {
  method: string
  path: string
  body: string
  contentType: string | undefined
  headers: IncomingHttpHeaders
}

export interface HttpReceiver {
  url: string
  requests: Received[]
  close(): Promise<void>
}

/** A real server on a port of its own; keeps what it got and answers as `answer` says (which may never do so). */
export async function anHttpReceiver(
  answer: (response: ServerResponse, request: Received) => void,
): Promise<HttpReceiver> {
  const requests: Received[] = []
  const server = createServer((request: IncomingMessage, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const received = {
        method: request.method ?? '',
        path: request.url ?? '',
        body: Buffer.concat(chunks).toString(),
        contentType: request.headers['content-type'],
        headers: request.headers,
      }
      requests.push(received)
      answer(response, received)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }
  onTestFinished(close)
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, close }
}

/** Answers everything with 200 over TLS; keeps the paths. */
export async function aSecureReceiver({ cert, key }: Issued): Promise<{ url: string; paths: string[] }> {
  const paths: string[] = []
  const server = createSecureServer({ cert, key }, (request, response) => {
    paths.push(request.url ?? '')
    response.end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  })
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, paths }
}
