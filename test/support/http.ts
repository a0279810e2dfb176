import { type IncomingHttpHeaders, request as plainRequest } from 'node:http'
import { type Agent, request as secureRequest } from 'node:https'
import { onTestFinished } from 'vitest'
import { createKeyCheck } from '../../lib/http/auth.ts'
import type { Route } from '../../lib/http/route.ts'
import { mountRoutes } from '../../lib/http/route.ts'
import { createHttpServer, type HttpServer, type HttpServerOptions } from '../../lib/http/server.ts'
import { type Logger, silentLogger } from '../../lib/logger.ts'

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  text: string
  /** The parsed body; undefined when it is not JSON. */
  json: unknown
  /** Of this side: two answers with the same one came over one connection. */
  localPort: number | undefined
}

export interface Ask {
  method?: string
  headers?: Record<string, string>
  body?: unknown
  /** Whom to trust when the address is https. */
  ca?: string
  /** Looks at no certificate. */
  unchecked?: boolean
  /** Connections that are kept; a new one each time when left out. */
  agent?: Agent
}

/** One request over a real connection. A body that is not a string or bytes is sent as JSON. */
export function ask(url: string, options: Ask = {}): Promise<Answer> {
  const { body } = options
  const bytes =
    body === undefined ? undefined : typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
  const headers: Record<string, string> = {
    ...(bytes === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': `${Buffer.byteLength(bytes)}` }),
    ...options.headers,
  }
  return new Promise((resolve, reject) => {
    const request = url.startsWith('https:') ? secureRequest : plainRequest
    const { method = 'GET', agent = false, ca, unchecked = false } = options
    const trust = { rejectUnauthorized: !unchecked, ...(ca === undefined ? {} : { ca }) }
    const sent = request(url, { method, headers, agent, ...trust }, (response) => {
      const { localPort } = response.socket
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: parsed(text), localPort })
      })
    })
    sent.on('error', reject)
    sent.end(bytes)
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export const TEST_KEY = 'key-of-the-tests'

/** A server with these routes on a free port, stopped when the test ends. */
export async function aServer(routes: readonly Route[], options: Partial<HttpServerOptions> = {}): Promise<HttpServer> {
  const logger = options.logger ?? silentLogger
  const server = createHttpServer({
    host: '127.0.0.1',
    port: 0,
    logger,
    mount: (router) => mountRoutes(router, routes, { isKey: createKeyCheck(TEST_KEY), logger }),
    ...options,
  })
  await server.start()
  onTestFinished(() => server.stop())
  return server
}

/** A logger that keeps its lines. */
export function aRecordingLogger(): Logger & {
  lines: { level: string; message: string; fields: Record<string, unknown> }[]
} {
  const lines: { level: string; message: string; fields: Record<string, unknown> }[] = []
  const at =
    (level: string) =>
    (message: string, fields: Record<string, unknown> = {}): void => {
      lines.push({ level, message, fields })
    }
  const logger = {
    lines,
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => logger,
  }
  return logger
}
