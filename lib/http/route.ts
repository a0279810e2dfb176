import type { Request, Response, Router } from 'express'
import type { z } from 'zod'
import type { Logger } from '../logger.ts'
import { type KeyCheck, keyRequired } from './auth.ts'
import { HttpError, type Issue, invalid, issuesOf } from './errors.ts'
import { jsonBody } from './json-body.ts'
import { contextOf } from './request-context.ts'

export type Method = 'get' | 'post' | 'put' | 'delete'

/** What a handler gets: the checked parts of the request, and whether the caller holds the key. */
export interface Call<Path, Query, Body> {
  path: Path
  query: Query
  body: Body
  keyed: boolean
  request: Request
  response: Response
}

/** A JSON answer, or `undefined` when the handler has written the response itself. */
export type Reply = { status?: number; body: unknown; headers?: Record<string, string> } | undefined

export interface ResponseText {
  description: string
  /** Absent: no body is described. */
  schema?: z.ZodType
  /** `application/json` when absent. */
  contentType?: string
  example?: unknown
  headers?: Record<string, string>
}

/** One operation of the API: the schemas that validate it are the ones that document it. */
export interface Route {
  method: Method
  /** As OpenAPI writes it: `/v1/faults/{id}`. */
  path: string
  operationId: string
  summary: string
  description?: string
  tags: readonly string[]
  /** Changes state: needs the key and leaves a line in the audit log. */
  changesState?: boolean
  schemas: { path?: z.ZodType; query?: z.ZodType; body?: z.ZodType }
  bodyExample?: unknown
  responses: Readonly<Record<number, ResponseText>>
  handle(call: Call<unknown, unknown, unknown>): Reply | Promise<Reply>
}

type Parsed<S> = S extends z.ZodType<infer Out> ? Out : undefined

export interface RouteDefinition<P, Q, B> extends Omit<Route, 'schemas' | 'handle'> {
  pathSchema?: P
  querySchema?: Q
  bodySchema?: B
  handle(call: Call<Parsed<P>, Parsed<Q>, Parsed<B>>): Reply | Promise<Reply>
}

/** Ties the types of the handler to the schemas. */
export function defineRoute<
  P extends z.ZodType | undefined = undefined,
  Q extends z.ZodType | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(definition: RouteDefinition<P, Q, B>): Route {
  const { pathSchema, querySchema, bodySchema, handle, ...rest } = definition
  return {
    ...rest,
    schemas: {
      ...(pathSchema === undefined ? {} : { path: pathSchema }),
      ...(querySchema === undefined ? {} : { query: querySchema }),
      ...(bodySchema === undefined ? {} : { body: bodySchema }),
    },
    // The parts have just been parsed with these very schemas.
    handle: (call) => handle(call as Call<Parsed<P>, Parsed<Q>, Parsed<B>>),
  }
}

export interface MountOptions {
  isKey: KeyCheck
  logger: Logger
  /** Told of every answered request for a state change, refused ones included. */
  onStateChange?(operationId: string, status: number): void
}

/** Puts routes on a router; every path answers 405 with Allow to the methods it does not have. */
export function mountRoutes(router: Router, routes: readonly Route[], options: MountOptions): void {
  const methodsByPath = new Map<string, Method[]>()
  for (const route of routes) {
    const path = toExpressPath(route.path)
    methodsByPath.set(path, [...(methodsByPath.get(path) ?? []), route.method])
    const before = route.schemas.body === undefined ? [] : jsonBody()
    // The key comes first: who may not change anything learns nothing about the body.
    const admit = (request: Request, response: Response, next: () => void): void => {
      contextOf(request).route = `${route.method.toUpperCase()} ${route.path}`
      if (route.changesState) audit(route, request, response, options)
      next()
    }
    router[route.method](path, admit, ...before, async (request, response) => {
      await answer(route, request, response, options)
    })
  }
  for (const [path, methods] of methodsByPath) {
    const upper: string[] = methods.map((method) => method.toUpperCase())
    if (methods.includes('get')) upper.push('HEAD')
    const allow = [...upper, 'OPTIONS'].sort().join(', ')
    router.all(path, (request, response) => {
      contextOf(request).route = path
      if (request.method !== 'OPTIONS') {
        throw new HttpError(405, 'Method Not Allowed', { headers: { Allow: allow }, hint: `this path has ${allow}` })
      }
      response.status(204).set('Allow', allow).end()
    })
  }
}

async function answer(route: Route, request: Request, response: Response, options: MountOptions): Promise<void> {
  const issues: Issue[] = []
  const part = (name: 'path' | 'query' | 'body', value: unknown): unknown => {
    const schema = route.schemas[name]
    if (schema === undefined) return undefined
    const parsed = schema.safeParse(value)
    if (parsed.success) return parsed.data
    issues.push(...issuesOf(parsed.error, name, value))
    return undefined
  }
  const path = part('path', request.params)
  const query = part('query', request.query)
  const body = part('body', request.body)
  if (issues.length > 0) throw invalid(issues)
  const keyed = options.isKey(request.headers.authorization)
  const reply = await route.handle({ path, query, body, keyed, request, response })
  if (reply === undefined) return
  response
    .status(reply.status ?? 200)
    .set(reply.headers ?? {})
    .json(reply.body)
}

function audit(route: Route, request: Request, response: Response, options: MountOptions): void {
  const { requestId, traceId, spanId } = contextOf(request)
  const keyed = options.isKey(request.headers.authorization)
  response.on('finish', () => {
    options.onStateChange?.(route.operationId, response.statusCode)
    options.logger.info('state change requested', {
      audit: true,
      operation: route.operationId,
      path: request.path,
      client: request.ip,
      keyed,
      status: response.statusCode,
      request_id: requestId,
      trace_id: traceId,
      span_id: spanId,
    })
  })
  if (!keyed) throw keyRequired()
}

function toExpressPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1')
}
