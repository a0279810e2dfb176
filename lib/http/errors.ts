import type { z } from 'zod'

/** One fault found in a request, in the shape that FastAPI's users know. */
export interface Issue {
  type: string
  /** Which part of the request, then the way into it: `["query", "limit"]`, `["body", "scope", "site"]`. */
  loc: (string | number)[]
  msg: string
  input: unknown
}

export interface HttpErrorOptions {
  /** The caller's next step, one sentence. */
  hint?: string
  headers?: Record<string, string>
  issues?: readonly Issue[]
  cause?: unknown
}

/** A refusal that the caller is meant to read. Anything else that is thrown becomes a 500 that tells nothing. */
export class HttpError extends Error {
  readonly status: number
  readonly hint: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly issues: readonly Issue[] | undefined

  constructor(status: number, message: string, options: HttpErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'HttpError'
    this.status = status
    this.hint = options.hint
    this.headers = options.headers ?? {}
    this.issues = options.issues
  }
}

/** 422 with every fault of the request at once. */
export function invalid(issues: readonly Issue[]): HttpError {
  return new HttpError(422, 'the request is not valid', { issues })
}

export type RequestPart = 'path' | 'query' | 'body'

/** What a schema found wrong in one part of a request. */
export function issuesOf(error: z.ZodError, part: RequestPart, value: unknown): Issue[] {
  return error.issues.flatMap((issue) => toIssues(issue, part, value))
}

function toIssues(issue: z.core.$ZodIssue, part: RequestPart, value: unknown): Issue[] {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))
  const loc = [part, ...path]
  const input = valueAt(value, path)
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      type: 'extra_forbidden',
      loc: [...loc, key],
      msg: 'Extra inputs are not permitted',
      input: shorten(valueAt(value, [...path, key])),
    }))
  }
  if (issue.code === 'invalid_type' && input === undefined) {
    return [{ type: 'missing', loc, msg: 'Field required', input: null }]
  }
  return [{ type: typeOf(issue), loc, msg: issue.message, input: shorten(input) }]
}

function typeOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `${issue.expected}_type`
    case 'invalid_value':
      return issue.values.length === 1 ? 'literal_error' : 'enum'
    case 'invalid_format':
      return 'string_pattern_mismatch'
    case 'invalid_union':
      return 'union_error'
    case 'too_small':
      if (issue.origin === 'string') return 'string_too_short'
      return issue.inclusive ? 'greater_than_equal' : 'greater_than'
    case 'too_big':
      if (issue.origin === 'string') return 'string_too_long'
      return issue.inclusive ? 'less_than_equal' : 'less_than'
    default:
      return 'value_error'
  }
}

function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  let place = value
  for (const step of path) {
    if (typeof place !== 'object' || place === null || !Object.hasOwn(place, step)) return undefined
    place = Reflect.get(place, step)
  }
  return place
}

const LONGEST_ECHO = 200

/** Callers get back what they sent, but never a mirror of 64 KiB. */
function shorten(input: unknown): unknown {
  if (input === undefined) return null
  if (typeof input === 'string') return input.length <= LONGEST_ECHO ? input : `${input.slice(0, LONGEST_ECHO)}...`
  if (typeof input !== 'object' || input === null) return input
  return JSON.stringify(input).length <= LONGEST_ECHO ? input : null
}
