import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Clock } from '../lib/clock.ts'
import { DtmsError, describeSystemError } from '../lib/errors.ts'
import { type Loop, startLoop } from '../lib/loop.ts'
import { type Trust, trustOptions } from '../lib/outgoing/trust.ts'

/** A probe that takes longer has failed, milliseconds. */
export const PROBE_LIMIT_MS = 5000

export interface ProbeResult {
  up: boolean
  /** From the request to the end of the answer's head, seconds; the limit's length when it never came. */
  seconds: number
  /** Why it is down. */
  reason?: string
}

export interface Probe {
  /** Undefined until the first probe has ended. */
  readonly last: ProbeResult | undefined
  start(): void
  stop(): Promise<void>
}

export interface ProbeOptions {
  /** Asked at each probe: the port may be chosen by the system after this was wired. Undefined: nothing to probe yet. */
  baseUrl: () => string | undefined
  /** Whom to believe when the address is https; undefined: public authorities. */
  trust?: () => Promise<Trust | undefined>
  everyMs: number
  clock: Pick<Clock, 'monotonic'>
  limitMs?: number
  onChange: (result: ProbeResult) => void
}

/**
 * Asks the API's /health now and then. It stands beside everything else: an API that hangs costs one open request and no
 * other part waits for it. Redirects are not followed: a proxy's login page is not a healthy API.
 */
export function createProbe(options: ProbeOptions): Probe {
  const limitMs = options.limitMs ?? PROBE_LIMIT_MS
  const stopping = new AbortController()
  let last: ProbeResult | undefined
  let loop: Loop | undefined

  const ask = async (baseUrl: string): Promise<ProbeResult> => {
    const began = options.clock.monotonic()
    const seconds = (): number => (options.clock.monotonic() - began) / 1000
    try {
      const limit = AbortSignal.timeout(limitMs)
      const signal = AbortSignal.any([limit, stopping.signal])
      const status = await statusOf(new URL('/health', baseUrl), signal, await options.trust?.()).catch(
        (error: unknown) => {
          throw limit.aborted ? new Error(`no answer within ${limitMs} ms`) : error
        },
      )
      if (status === 200) return { up: true, seconds: seconds() }
      return { up: false, seconds: seconds(), reason: `status ${status}` }
    } catch (error) {
      return { up: false, seconds: seconds(), reason: reasonOf(error) }
    }
  }

  const turn = async (): Promise<number> => {
    const baseUrl = options.baseUrl()
    if (baseUrl === undefined || baseUrl === '') return Math.min(1000, options.everyMs)
    const result = await ask(baseUrl)
    if (stopping.signal.aborted) return options.everyMs
    const changed = last?.up !== result.up
    last = result
    if (changed) options.onChange(result)
    return options.everyMs
  }

  return {
    get last() {
      return last
    },
    start() {
      loop ??= startLoop(turn, () => options.everyMs)
    },
    async stop() {
      stopping.abort()
      await loop?.stop()
    },
  }
}

function reasonOf(error: unknown): string {
  return error instanceof DtmsError ? error.message : describeSystemError(error)
}

/** A connection of its own: one that is kept open would not see that the certificate has changed. */
function statusOf(url: URL, signal: AbortSignal, trust: Trust | undefined): Promise<number> {
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest
  const headers = { Accept: 'application/json' }
  return new Promise((resolve, reject) => {
    const sent = request(url, { ...trustOptions(trust), agent: false, headers, signal }, (response) => {
      resolve(response.statusCode ?? 0)
      response.on('error', () => {})
      response.destroy()
    })
    sent.on('error', reject)
    sent.end()
  })
}
