import { lookup } from 'node:dns/promises'
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import { describeSystemError } from '../errors.ts'
import { addressKind, type OutgoingPolicy, refusal } from './addresses.ts'

/** The whole attempt, from resolving the name to the last byte of the answer, milliseconds. */
export const CALL_LIMIT_MS = 5000

/** Of an answer no more than this is read, bytes; nobody looks at it. */
export const ANSWER_LIMIT_BYTES = 16_384

export interface OutgoingCall {
  method: 'POST' | 'PUT'
  url: string
  headers: Readonly<Record<string, string>>
  body: string
}

export interface OutgoingRules {
  policy: OutgoingPolicy
  limitMs?: number
  /** Cuts the attempt short: it then counts as failed. */
  signal?: AbortSignal
  /** Addresses of a host name. */
  resolve?: (host: string) => Promise<readonly string[]>
}

/**
 * `answered` with any status, also a redirect, which is never followed; `refused` by the rules for addresses, so that
 * trying again is of no use; `failed` for everything else.
 */
export type CallResult =
  | { outcome: 'answered'; status: number }
  | { outcome: 'refused'; detail: string }
  | { outcome: 'failed'; detail: string }

async function resolveWithSystem(host: string): Promise<string[]> {
  return (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address)
}

/**
 * One attempt. The name is resolved once and the connection goes to the addresses that were judged, so that a name
 * server cannot answer differently the second time; one forbidden address among them refuses the call. Never rejects.
 */
export async function callOut(call: OutgoingCall, rules: OutgoingRules): Promise<CallResult> {
  const limitMs = rules.limitMs ?? CALL_LIMIT_MS
  const abort = new AbortController()
  const giveUp = (): void => abort.abort(new Error('cut short'))
  const timer = setTimeout(() => abort.abort(new Error(`no answer within ${limitMs} ms`)), limitMs)
  rules.signal?.addEventListener('abort', giveUp)
  if (rules.signal?.aborted === true) giveUp()
  try {
    const url = new URL(call.url)
    const host = url.hostname.replace(/^\[|\]$/g, '')
    const addresses = await unlessAborted(addressesOf(host, rules), abort.signal)
    for (const address of addresses) {
      const detail = refusal(rules.policy, host, address)
      if (detail !== undefined) return { outcome: 'refused', detail }
    }
    return { outcome: 'answered', status: await send(call, url, addresses, abort.signal) }
  } catch (error) {
    const reason = abort.signal.aborted ? abort.signal.reason : error
    return { outcome: 'failed', detail: describeSystemError(reason) }
  } finally {
    clearTimeout(timer)
    rules.signal?.removeEventListener('abort', giveUp)
  }
}

async function addressesOf(host: string, rules: OutgoingRules): Promise<readonly string[]> {
  if (addressKind(host) !== undefined) return [host]
  const addresses = await (rules.resolve ?? resolveWithSystem)(host)
  if (addresses.length === 0) throw new Error(`${host} has no address`)
  return addresses
}

/** Looking up a name cannot be stopped, only no longer waited for. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

/** Resolves with the status once the answer has ended or is longer than anybody wants; a torn answer rejects. */
function send(call: OutgoingCall, url: URL, addresses: readonly string[], signal: AbortSignal): Promise<number> {
  const options: RequestOptions = {
    method: call.method,
    headers: { ...call.headers, 'Content-Length': Buffer.byteLength(call.body) },
    // A connection of its own: one that is kept open could be taken for a name that points elsewhere by now.
    agent: false,
    lookup: fixedLookup(addresses),
    signal,
  }
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const outgoing = request(url, options, (response) => {
      drain(response).then(() => resolve(response.statusCode ?? 0), reject)
    })
    outgoing.on('error', reject)
    outgoing.end(call.body)
  })
}

function drain(response: IncomingMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    let bytes = 0
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes < ANSWER_LIMIT_BYTES) return
      resolve()
      response.destroy()
    })
    response.on('end', resolve)
    response.on('error', reject)
  })
}

/** What the connection gets in place of a second look-up. */
function fixedLookup(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  return (_host, options, callback) => {
    const first = all[0]
    if (options.all === true) callback(null, all)
    else if (first !== undefined) callback(null, first.address, first.family)
  }
}
