import { type RequestHandler, raw } from 'express'
import { HttpError, type Issue, invalid } from './errors.ts'

export const MAX_BODY_BYTES = 65_536
export const MAX_BODY_DEPTH = 4

const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype'])

/**
 * Reads a JSON body within limits: 64 KiB, four levels, UTF-8, no compression (a small body may unpack to a large one),
 * no key that reaches a prototype. Nesting is counted before parsing.
 */
export function jsonBody(): RequestHandler[] {
  const requireJson: RequestHandler = (request, _response, next) => {
    // A request without any body is left to the schema, which says what is missing.
    const { 'transfer-encoding': encoding, 'content-length': length } = request.headers
    const empty = encoding === undefined && Number(length ?? 0) === 0
    if (!empty && request.is('application/json') === false) {
      throw new HttpError(415, 'the body must be application/json', { headers: { Accept: 'application/json' } })
    }
    next()
  }
  const parse: RequestHandler = (request, _response, next) => {
    request.body = Buffer.isBuffer(request.body) && request.body.length > 0 ? parseJson(request.body) : undefined
    next()
  }
  return [requireJson, raw({ limit: MAX_BODY_BYTES, inflate: false, type: 'application/json' }), parse]
}

function parseJson(bytes: Buffer): unknown {
  if (isDeeperThan(bytes, MAX_BODY_DEPTH)) throw refused('json_too_deep', `at most ${MAX_BODY_DEPTH} levels`)
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch {
    throw refused('json_invalid', 'JSON decode error')
  }
  const forbidden = forbiddenKeyIn(value, ['body'])
  if (forbidden !== undefined) throw refused('extra_forbidden', 'Extra inputs are not permitted', forbidden)
  return value
}

function refused(type: string, msg: string, loc: string[] = ['body']): HttpError {
  const issue: Issue = { type, loc, msg, input: null }
  return invalid([issue])
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPENING = new Set([0x7b, 0x5b])
const CLOSING = new Set([0x7d, 0x5d])

function isDeeperThan(bytes: Buffer, limit: number): boolean {
  let depth = 0
  let inString = false
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i] ?? 0
    if (inString) {
      if (byte === BACKSLASH) i += 1
      else if (byte === QUOTE) inString = false
    } else if (byte === QUOTE) inString = true
    else if (OPENING.has(byte)) {
      depth += 1
      if (depth > limit) return true
    } else if (CLOSING.has(byte)) depth -= 1
  }
  return false
}

function forbiddenKeyIn(value: unknown, path: string[]): string[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  for (const [key, inner] of Object.entries(value)) {
    if (forbiddenKeys.has(key)) return [...path, key]
    const found = forbiddenKeyIn(inner, [...path, key])
    if (found !== undefined) return found
  }
  return undefined
}
