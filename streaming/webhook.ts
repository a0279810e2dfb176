import { createHmac } from 'node:crypto'
import { type CallResult, callOut, type OutgoingRules } from '../lib/outgoing/call.ts'
import type { Entry } from '../lib/streams/envelope.ts'
import { QUARANTINE_TEXT_BYTES, type QuarantineLine } from '../lib/streams/quarantine.ts'

/** One anomaly that somebody wants to be told about. */
export interface WebhookCall {
  /** Also the idempotency key: a receiver that sees it again has already been told. */
  eventId: string
  topic: string
  partition: number
  offset: number
  score: number
  zScore: number
  /** Event time, Unix seconds. */
  timestamp: number
  /** What the value belongs to: the link, or the key of the message. */
  key: string
  /** What was unusual: level, difference, mean or spread. */
  channel: string
}

/** Why a call was given up. */
export type DeadReason = 'queue_full' | 'refused' | 'exhausted' | 'status' | 'stopped'

export interface DeadLetter {
  call: WebhookCall
  reason: DeadReason
  /** What the last attempt met. */
  detail: string
  attempts: number
}

export interface WebhookStats {
  offered: number
  /** Answered with 2xx. */
  delivered: number
  attempts: number
  /** Attempts that were not answered with 2xx. */
  errors: number
  dead: number
}

export interface WebhookOptions extends OutgoingRules {
  url: string
  /** Key of the signature; undefined: unsigned. */
  secret: string | undefined
  /** Calls that may wait, those under way included. */
  queue: number
  /** Attempts of one call. */
  attempts: number
  /** Uniform in [0, 1): spreads the waits, so that many senders do not come back in the same moment. */
  random: () => number
  /** Must not throw. */
  onDead: (letter: DeadLetter) => void
  /** Calls under way at once. */
  parallel?: number
  /** Wait before the second attempt; doubles from then on, milliseconds. */
  firstWaitMs?: number
}

export interface Webhook {
  /** Takes the call or, when too many wait, makes it a dead letter; never waits, never throws. */
  offer(call: WebhookCall): void
  /** Calls that wait or are under way. */
  readonly pending: number
  readonly stats: Readonly<WebhookStats>
  /** Gives what is queued one more attempt each, within `graceMs`; the rest become dead letters. */
  close(graceMs?: number): Promise<void>
}

const PARALLEL = 4
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 30_000

/**
 * Tells one address about anomalies. The caller's work never depends on it: offering is a push to a bounded queue, and
 * whatever the receiver does costs at most `parallel` connections and `queue` calls of memory.
 */
export function createWebhook(options: WebhookOptions): Webhook {
  return new QueuedWebhook(options)
}

class QueuedWebhook implements Webhook {
  readonly stats: WebhookStats = { offered: 0, delivered: 0, attempts: 0, errors: 0, dead: 0 }
  readonly #options: WebhookOptions
  readonly #waiting: WebhookCall[] = []
  readonly #running = new Set<Promise<void>>()
  readonly #abort = new AbortController()
  readonly #closing = new AbortController()

  constructor(options: WebhookOptions) {
    this.#options = options
  }

  get pending(): number {
    return this.#waiting.length + this.#running.size
  }

  offer(call: WebhookCall): void {
    this.stats.offered++
    if (this.#closing.signal.aborted) {
      this.#bury(call, 'stopped', 'offered while stopping', 0)
    } else if (this.pending >= this.#options.queue) {
      this.#bury(call, 'queue_full', `${this.#options.queue} calls were waiting`, 0)
    } else {
      this.#waiting.push(call)
      this.#fill()
    }
  }

  async close(graceMs = 3000): Promise<void> {
    this.#closing.abort()
    const timer = setTimeout(() => this.#abort.abort(), graceMs)
    while (this.#running.size > 0) await Promise.all(this.#running)
    clearTimeout(timer)
  }

  #fill(): void {
    while (this.#running.size < (this.#options.parallel ?? PARALLEL)) {
      const call = this.#waiting.shift()
      if (call === undefined) return
      const chain = this.#chain(call).finally(() => {
        this.#running.delete(chain)
        this.#fill()
      })
      this.#running.add(chain)
    }
  }

  /** All attempts of one call; ends with its delivery or its dead letter. */
  async #chain(call: WebhookCall): Promise<void> {
    const body = webhookBody(call)
    for (let attempt = 1; ; attempt++) {
      if (this.#abort.signal.aborted) return this.#bury(call, 'stopped', 'no time left to send it', attempt - 1)
      const result = await this.#attempt(call, body)
      if (result.outcome === 'answered' && result.status >= 200 && result.status <= 299) {
        this.stats.delivered++
        return
      }
      this.stats.errors++
      const detail = result.outcome === 'answered' ? `status ${result.status}` : result.detail
      if (result.outcome === 'refused') return this.#bury(call, 'refused', detail, attempt)
      if (!isWorthRetrying(result)) return this.#bury(call, 'status', detail, attempt)
      if (attempt >= this.#options.attempts) return this.#bury(call, 'exhausted', detail, attempt)
      await this.#wait(waitMs(attempt, this.#options.random(), this.#options.firstWaitMs))
      if (this.#closing.signal.aborted) return this.#bury(call, 'stopped', detail, attempt)
    }
  }

  #attempt(call: WebhookCall, body: string): Promise<CallResult> {
    const { url, secret } = this.#options
    this.stats.attempts++
    const headers = {
      'Content-Type': 'application/json',
      'User-Agent': 'dtms',
      'Idempotency-Key': headerText(call.eventId),
      ...(secret === undefined ? {} : { 'X-DTMS-Signature': signature(secret, body) }),
    }
    return callOut({ method: 'POST', url, headers, body }, { ...this.#options, signal: this.#abort.signal })
  }

  /** Ends early when the webhook closes. */
  #wait(ms: number): Promise<void> {
    const { signal } = this.#closing
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', end)
        resolve()
      }
      const timer = setTimeout(end, ms)
      signal.addEventListener('abort', end)
      if (signal.aborted) end()
    })
  }

  #bury(call: WebhookCall, reason: DeadReason, detail: string, attempts: number): void {
    this.stats.dead++
    this.#options.onDead({ call, reason, detail, attempts })
  }
}

/** A redirect or a refusal by the receiver will be the same the next time; being busy, late or broken may pass. */
function isWorthRetrying(result: CallResult): boolean {
  if (result.outcome !== 'answered') return result.outcome === 'failed'
  return result.status >= 500 || [408, 425, 429].includes(result.status)
}

/** Doubles from `firstMs`, capped, of which between half and all is waited. `failed` counts from 1. */
export function waitMs(failed: number, random: number, firstMs = FIRST_WAIT_MS): number {
  return Math.min(LONGEST_WAIT_MS, firstMs * 2 ** (failed - 1)) * (0.5 + random / 2)
}

/** The first six fields are the older consumer's; those behind them were added. */
export function webhookBody(call: WebhookCall): string {
  return JSON.stringify({
    event_id: call.eventId,
    partition: call.partition,
    offset: call.offset,
    score: call.score,
    z_score: call.zScore,
    timestamp: call.timestamp,
    topic: call.topic,
    key: call.key,
    channel: call.channel,
  })
}

/** `sha256=<hex>` of the body's bytes. */
export function signature(secret: string, body: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
}

/** Ids of foreign events may hold anything; a header may not. */
function headerText(id: string): string {
  return /^[\x21-\x7e]{1,256}$/.test(id) ? id : encodeURIComponent(Buffer.from(id).toString()).slice(0, 768)
}

/** The line that keeps a dead letter: the body as it would have been sent, so that it can be sent by hand. */
export function deadLetterEntry(letter: DeadLetter): Entry<QuarantineLine> {
  const body = webhookBody(letter.call)
  return {
    at: letter.call.timestamp,
    type: 'quarantined',
    reason: `webhook_${letter.reason}`,
    origin: `${letter.call.topic}-p${letter.call.partition}`.slice(-256),
    offset: letter.call.offset,
    bytes: Buffer.byteLength(body),
    text: Buffer.from(body).subarray(0, QUARANTINE_TEXT_BYTES).toString(),
    detail: letter.detail.slice(0, 256),
    attempts: letter.attempts,
  }
}
