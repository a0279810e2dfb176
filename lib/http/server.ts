import { createServer, type Server } from 'node:http'
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import express, { type RequestHandler, Router } from 'express'
import { rateLimit } from 'express-rate-limit'
import { DtmsError, describeSystemError, systemCode } from '../errors.ts'
import type { Lifecycle } from '../lifecycle.ts'
import type { Logger } from '../logger.ts'
import { answerErrors, answerNotFound } from './answer-errors.ts'
import { answerBrokenRequest } from './broken-request.ts'
import { HttpError } from './errors.ts'
import { contextOf, openContext } from './request-context.ts'
import { securityHeaders } from './security-headers.ts'
import type { ServingCertificate } from './serving-certificate.ts'

export interface ObservedRequest {
  route: string
  status: number
  seconds: number
}

export interface HttpServerOptions {
  host: string
  /** 0: any free one. */
  port: number
  logger: Logger
  /** HTTPS with this one; undefined: plain HTTP. Opened and closed with the server. */
  certificate?: ServingCertificate | undefined
  /** Adds the routes; errors, 404 and headers are the server's. */
  mount(router: Router): void
  /** Requests a minute and client address; absent: no limit. Paths that start with one of `exempt` do not count. */
  rateLimit?: { perMinute: number; exempt: readonly string[] }
  /** How many proxies stand in front, so that the client's address can be told. */
  trustedProxies?: number
  onRequest?(observed: ObservedRequest): void
  /** Runs when stopping begins: ends answers that would never end by themselves. */
  beforeClose?(): void
}

export interface HttpServer extends Lifecycle {
  /** The address that really listens, for example `http://127.0.0.1:8003`; known after `start`. */
  readonly url: string
  readonly port: number
}

/** For the head of a request, and for the handshake before it, milliseconds. */
const HEAD_LIMIT_MS = 10_000

/** Node looks at heads that take too long this often, milliseconds; by default every 30 s, three times the limit. */
const HEAD_LOOK_MS = 5000

/**
 * A connection without a request is kept this long, milliseconds: longer than routers keep theirs (a minute is usual), or
 * they would now and then send a request into a connection that is just being closed, and longer than the 10 s between
 * two scrapes.
 */
const IDLE_MS = 75_000

/** Requests that are being answered when a stop begins get this long, milliseconds. */
const DRAIN_MS = 5000

export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { certificate } = options
  let closing = false
  let server: Server | SecureServer | undefined
  let stopped: Promise<void> | undefined

  const app = express()
  app.disable('x-powered-by')
  app.set('trust proxy', options.trustedProxies ?? 0)
  app.set('query parser', 'simple')
  app.use(observe(options, () => closing))
  app.use(securityHeaders())
  if (options.rateLimit !== undefined) app.use(limiter(options.rateLimit))
  const router = Router()
  options.mount(router)
  app.use(router)
  app.use(answerNotFound)
  app.use(answerErrors(options.logger))

  const address = (): AddressInfo => {
    const found = server?.address()
    if (found === null || found === undefined || typeof found === 'string') {
      throw new DtmsError('internal.bug', 'the server does not listen yet')
    }
    return found
  }

  return {
    get port() {
      return address().port
    },
    get url() {
      const { address: host, port, family } = address()
      const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host
      return `${certificate === undefined ? 'http' : 'https'}://${family === 'IPv6' && name !== 'localhost' ? `[${name}]` : name}:${port}`
    },
    async start() {
      const limits = {
        ...{ requestTimeout: 30_000, headersTimeout: HEAD_LIMIT_MS, connectionsCheckingInterval: HEAD_LOOK_MS },
        keepAliveTimeout: IDLE_MS,
      }
      if (certificate === undefined) server = await listen(createServer(limits, app), options)
      else {
        const secured = { ...limits, handshakeTimeout: HEAD_LIMIT_MS, ...(await certificate.open()) }
        const secure = await listen(createSecureServer(secured, app), options)
        certificate.follow((context) => secure.setSecureContext(context))
        server = secure
      }
    },
    stop() {
      stopped ??= (async () => {
        if (server === undefined) return
        closing = true
        options.beforeClose?.()
        await certificate?.close()
        await drain(server)
      })()
      return stopped
    },
  }
}

function observe(options: HttpServerOptions, isClosing: () => boolean): RequestHandler {
  return (request, response, next) => {
    const context = openContext(request, performance.now())
    response.set('X-Request-Id', context.requestId)
    if (isClosing()) response.set('Connection', 'close')
    response.on('close', () => {
      const { route, requestId, traceId, spanId, startedAt } = contextOf(request)
      const milliseconds = performance.now() - startedAt
      options.onRequest?.({ route, status: response.statusCode, seconds: milliseconds / 1000 })
      options.logger.debug('request', {
        route,
        status: response.statusCode,
        request_id: requestId,
        trace_id: traceId,
        span_id: spanId,
        processing_time_ms: Math.round(milliseconds * 1000) / 1000,
      })
    })
    next()
  }
}

function limiter({ perMinute, exempt }: NonNullable<HttpServerOptions['rateLimit']>): RequestHandler {
  return rateLimit({
    windowMs: 60_000,
    limit: perMinute,
    standardHeaders: 'draft-7',
    legacyHeaders: false,
    // Its checks of the deployment write to the console; how many proxies there are is a setting here.
    validate: false,
    skip: (request) => exempt.some((prefix) => request.path.startsWith(prefix)),
    handler: (_request, response, next) => {
      const retryAfter = String(response.getHeader('Retry-After') ?? '60')
      next(
        new HttpError(429, `more than ${perMinute} requests a minute`, {
          hint: `wait ${retryAfter} s; for live data use GET /v1/events instead of polling`,
        }),
      )
    },
  })
}

async function listen<S extends Server | SecureServer>(server: S, options: { host: string; port: number }): Promise<S> {
  server.maxHeadersCount = 100
  server.on('clientError', answerBrokenRequest)
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(options.port, options.host, () => {
        server.off('error', reject)
        resolve()
      })
    })
    return server
  } catch (error) {
    const where = `${options.host}:${options.port}`
    if (systemCode(error) === 'EADDRINUSE') {
      throw new DtmsError('http.port_taken', `port ${options.port} on ${options.host} is taken`, {
        hint: 'stop the program that listens there, or set DTMS_PORT to another port (0: any free one)',
        cause: error,
      })
    }
    throw new DtmsError('config.invalid', `cannot listen on ${where} (${describeSystemError(error)})`, {
      hint: 'set DTMS_HOST to an address of this machine and DTMS_PORT to a port that this user may open',
      cause: error,
    })
  }
}

/** Accepts nothing new, lets what runs end, and cuts what does not end in time. */
async function drain(server: Server | SecureServer): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS)
  await closed
  clearTimeout(timer)
}
