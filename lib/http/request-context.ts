import { randomBytes, randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** What is known about a request beside its content: names to find it again in logs and traces, and its route. */
export interface RequestContext {
  requestId: string
  traceId: string
  spanId: string
  /** The route's pattern, never the raw path: paths are input and must not become label values. */
  route: string
  startedAt: number
}

const contexts = new WeakMap<IncomingMessage, RequestContext>()
const acceptableId = /^[A-Za-z0-9._-]{1,64}$/
const traceparent = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/

/** A caller's own request id and trace are kept when they look like one. */
export function openContext(request: IncomingMessage, monotonic: number): RequestContext {
  const given = request.headers['x-request-id']
  const parent = request.headers.traceparent
  const trace = typeof parent === 'string' ? traceparent.exec(parent)?.[1] : undefined
  const context: RequestContext = {
    requestId: typeof given === 'string' && acceptableId.test(given) ? given : randomUUID(),
    traceId: trace !== undefined && !/^0+$/.test(trace) ? trace : randomBytes(16).toString('hex'),
    spanId: randomBytes(8).toString('hex'),
    route: 'unmatched',
    startedAt: monotonic,
  }
  contexts.set(request, context)
  return context
}

export function contextOf(request: IncomingMessage): RequestContext {
  return contexts.get(request) ?? openContext(request, performance.now())
}
