import type { Clock } from '../lib/clock.ts'
import { type Loop, startLoop } from '../lib/loop.ts'

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
      const response = await fetch(new URL('/health', baseUrl), {
        redirect: 'manual',
        signal: AbortSignal.any([AbortSignal.timeout(limitMs), stopping.signal]),
        headers: { Accept: 'application/json' },
      })
      await response.body?.cancel()
      if (response.status === 200) return { up: true, seconds: seconds() }
      return { up: false, seconds: seconds(), reason: `status ${response.status}` }
    } catch (error) {
      return { up: false, seconds: seconds(), reason: reasonOf(error, limitMs) }
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

function reasonOf(error: unknown, limitMs: number): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return `no answer within ${limitMs} ms`
  const { cause } = error
  if (cause instanceof Error && 'code' in cause) return String(cause.code)
  return error.message
}
