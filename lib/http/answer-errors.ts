import { STATUS_CODES } from 'node:http'
import type { NextFunction, Request, RequestHandler, Response } from 'express'
import { DtmsError } from '../errors.ts'
import { describeError } from '../lifecycle.ts'
import type { Logger } from '../logger.ts'
import { HttpError, invalid } from './errors.ts'
import { contextOf } from './request-context.ts'

const PROBLEM = 'application/problem+json'

/** Every error leaves as JSON: `{"detail": ...}`, or RFC 9457 when the Accept header names it. */
export function answerErrors(logger: Logger) {
  return (thrown: unknown, request: Request, response: Response, _next: NextFunction): void => {
    const error = toHttpError(thrown)
    const context = contextOf(request)
    if (error.status >= 500) {
      logger.error('request failed', {
        route: context.route,
        request_id: context.requestId,
        trace_id: context.traceId,
        span_id: context.spanId,
        error: describeError(thrown),
      })
    }
    // Half an answer is out already: cutting the connection is the only honest signal left.
    if (response.headersSent) {
      response.destroy()
      return
    }
    sendError(request, response, error)
  }
}

export const answerNotFound: RequestHandler = (_request, _response, next) => {
  next(new HttpError(404, 'Not Found', { hint: 'GET / lists the endpoints, /docs describes them' }))
}

function sendError(request: Request, response: Response, error: HttpError): void {
  const { requestId, traceId } = contextOf(request)
  const ids = { requestId, traceId }
  const hint = error.hint === undefined ? {} : { hint: error.hint }
  response.status(error.status).set({ ...error.headers, 'Cache-Control': 'no-store' })
  response.vary('Accept')
  if (!asksForProblem(request.headers.accept)) {
    response.json({ detail: error.issues ?? error.message, ...hint, ...ids })
    return
  }
  const errors = error.issues === undefined ? {} : { errors: error.issues }
  const title = STATUS_CODES[error.status] ?? 'Error'
  const problem = {
    type: 'about:blank',
    title,
    status: error.status,
    detail: error.message,
    ...errors,
    ...hint,
    ...ids,
  }
  response.type(PROBLEM).send(JSON.stringify(problem))
}

/** Only a header that names the type asks for it; a wildcard keeps the shape that callers have always got. */
function asksForProblem(accept: string | undefined): boolean {
  if (accept === undefined || accept.length > 1024) return false
  return accept.split(',').some((range) => {
    const [type, ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    return type === PROBLEM && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))
  })
}

function toHttpError(thrown: unknown): HttpError {
  if (thrown instanceof HttpError) return thrown
  if (thrown instanceof DtmsError) return fromDtmsError(thrown)
  return fromParser(thrown) ?? new HttpError(500, 'internal error', { hint: 'look for the request id in the log' })
}

function fromDtmsError(error: DtmsError): HttpError {
  const hint = error.hint === undefined ? {} : { hint: error.hint }
  if (error.code.startsWith('volume.') || error.code.startsWith('log.')) {
    return new HttpError(503, error.message, { ...hint, headers: { 'Retry-After': '5' }, cause: error })
  }
  return new HttpError(500, 'internal error', { hint: 'look for the request id in the log', cause: error })
}

/** Errors of express and its body parser carry a status and, sometimes, a type. */
function fromParser(thrown: unknown): HttpError | undefined {
  if (!(thrown instanceof Error) || !('status' in thrown) || typeof thrown.status !== 'number') return undefined
  const { status } = thrown
  const type = 'type' in thrown && typeof thrown.type === 'string' ? thrown.type : ''
  if (type === 'entity.parse.failed') {
    return invalid([{ type: 'json_invalid', loc: ['body'], msg: 'JSON decode error', input: null }])
  }
  if (type === 'entity.too.large') return new HttpError(413, 'the body is larger than 64 KiB')
  if (status < 400 || status > 499) return undefined
  return new HttpError(status, STATUS_CODES[status] ?? 'Bad Request')
}
