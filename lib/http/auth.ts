import { createHash, timingSafeEqual } from 'node:crypto'
import { isIPv4 } from 'node:net'
import { DtmsError } from '../errors.ts'
import { HttpError } from './errors.ts'

/** Answers whether an Authorization header carries the key. Without a key nobody is let in. */
export type KeyCheck = (authorization: string | undefined) => boolean

/** Digests have one length, so the comparison takes the same time whatever was sent. */
export function createKeyCheck(key: string | undefined): KeyCheck {
  if (key === undefined) return () => false
  const expected = digest(key)
  return (authorization) => {
    const given = /^Bearer +([^\s]+) *$/i.exec(authorization ?? '')?.[1]
    return timingSafeEqual(digest(given ?? ''), expected) && given !== undefined
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

export function keyRequired(): HttpError {
  return new HttpError(401, 'this needs the key of state changes', {
    hint: 'send "Authorization: Bearer KEY"; KEY is DTMS_API_KEY, or the file api-key in the data directory',
    headers: { 'WWW-Authenticate': 'Bearer realm="dtms"' },
  })
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}

/** A server that changes state must not be reachable from other machines without a key. */
export function assertKeyed(host: string, key: string | undefined): void {
  if (key !== undefined || isLoopback(host)) return
  throw new DtmsError('http.unkeyed', `refusing to listen on ${host} without a key for state changes`, {
    hint: 'set DTMS_API_KEY or DTMS_API_KEY_FILE (in a cluster: key api-key of Secret dtms-api-key), or listen on 127.0.0.1 (DTMS_HOST)',
  })
}
