import { HttpError } from '../lib/http/errors.ts'
import type { LogWriter } from '../lib/log/log.ts'
import type { Logger } from '../lib/logger.ts'
import type { AlertLine } from '../lib/streams/alerts.ts'
import type { Entry } from '../lib/streams/envelope.ts'
import type { SharedClock } from '../lib/world/shared-clock.ts'
import type { AlertBook, AlertView } from './alerts.ts'

/** One alert of a notification. */
export interface ToldAlert {
  status: 'firing' | 'resolved'
  fingerprint: string
  labels: Record<string, string>
  annotations: Record<string, string>
  /** Wall time, Unix seconds. */
  startsAt: number
  /** Of a resolved one. */
  endsAt?: number
  generatorUrl?: string
}

export interface AlertInboxOptions {
  clock: SharedClock
  logger: Logger
  book: AlertBook
  /** Puts a line into the state and tells the listeners; the view as it leaves it. */
  apply(line: AlertLine): AlertView | undefined
  /** Whether the log of before has been read: until then nobody can tell a repeat from news. */
  isReadBack(): boolean
  /** A firing alert that was not repeated for so long counts as resolved. */
  expirySeconds: number
  /** Unix seconds; Prometheus knows no world time. */
  wallNow?: () => number
}

/** Notifications that may wait for the one that is being written. */
const MOST_WAITING = 16

/**
 * Turns notifications into lines of `alerts/api/`. Alertmanager repeats what fires for as long as it fires, and resends
 * what it is not sure was taken: only what changes is written.
 */
export class AlertInbox {
  readonly #options: AlertInboxOptions
  readonly #wallNow: () => number
  /** When each firing alert was last told, by fingerprint; monotonic milliseconds. Not in the log: a repeat is no change. */
  readonly #toldAt = new Map<string, number>()
  #writer: LogWriter<Entry<AlertLine>> | undefined
  #openedAt = 0
  /** One notification at a time: what the second changes depends on what the first has written. */
  #turn: Promise<unknown> = Promise.resolve()
  #waiting = 0

  constructor(options: AlertInboxOptions) {
    this.#options = options
    this.#wallNow = options.wallNow ?? (() => Date.now() / 1000)
  }

  get open(): boolean {
    return this.#writer !== undefined
  }

  /** Before this, and after `use(undefined)`, every notification is refused with 503: Alertmanager tries again. */
  use(writer: LogWriter<Entry<AlertLine>> | undefined): void {
    this.#writer = writer
    this.#openedAt = this.#options.clock.monotonic()
  }

  /** @throws HttpError 503 while nothing can be written */
  receive(alerts: readonly ToldAlert[]): Promise<{ accepted: number; repeated: number }> {
    if (this.#waiting >= MOST_WAITING) throw busy('earlier notifications are still being written')
    return this.#queue(async () => {
      const writer = this.#requireWriter()
      const told = this.#options.clock.monotonic()
      const { entries, repeated } = this.#changesOf(alerts, writer.nextSeq)
      await this.#write(writer, entries)
      for (const { status, fingerprint } of alerts)
        if (status === 'firing') this.#toldAt.set(fingerprint, told)
        else this.#toldAt.delete(fingerprint)
      return { accepted: alerts.length - repeated, repeated }
    })
  }

  /** Ends what nobody has repeated for too long; how many. Nothing while the log cannot be written. */
  expire(): Promise<number> {
    return this.#queue(async () => {
      if (this.#writer === undefined || !this.#options.isReadBack()) return 0
      const { book, clock, expirySeconds } = this.#options
      const lastGood = clock.monotonic() - expirySeconds * 1000
      const firing = book.firingLines()
      const known = new Set(firing.map(({ fingerprint }) => fingerprint))
      for (const fingerprint of this.#toldAt.keys()) if (!known.has(fingerprint)) this.#toldAt.delete(fingerprint)
      const lost = firing.filter(({ fingerprint }) => this.#seenAt(fingerprint) < lastGood)
      const now = this.#wallNow()
      await this.#write(
        this.#writer,
        lost.map((line) => resolved(line, { at: this.#now(), endsAt: now, resolution: 'expired', firing: line.seq })),
      )
      for (const { fingerprint } of lost) this.#toldAt.delete(fingerprint)
      return lost.length
    })
  }

  #changesOf(alerts: readonly ToldAlert[], firstSeq: number): { entries: Entry<AlertLine>[]; repeated: number } {
    const at = this.#now()
    const entries: Entry<AlertLine>[] = []
    // What this notification has already said of an alert comes before what the book knows.
    const here = new Map<string, Entry<AlertLine> & { seq: number }>()
    let repeated = 0
    for (const alert of alerts) {
      const known = here.get(alert.fingerprint) ?? this.#options.book.newest(alert.fingerprint)?.line
      const changes = changesOf(alert, known, at)
      if (changes.length === 0) repeated += 1
      for (const entry of changes) {
        entries.push(entry)
        here.set(alert.fingerprint, { ...entry, seq: firstSeq + entries.length - 1 })
      }
    }
    return { entries, repeated }
  }

  async #write(writer: LogWriter<Entry<AlertLine>>, entries: readonly Entry<AlertLine>[]): Promise<void> {
    const last = await writer.appendAll(entries)
    const first = last - entries.length + 1
    for (const [i, entry] of entries.entries()) {
      const line = { ...entry, v: 1, seq: first + i } as AlertLine
      const told = line.type === 'resolved' ? (line.firing ?? line.seq) : line.seq
      // The reader may have been quicker than we are.
      const view = this.#options.apply(line) ?? this.#options.book.find(told)
      const { id, state, name, severity, layer, summary } = view ?? {}
      this.#options.logger.info('alert', { alert: id, state, name, severity, alert_layer: layer, summary })
    }
  }

  /** Lines are read back in the order of their instants: a later one must not have an earlier one. */
  #now(): number {
    return Math.max(this.#options.clock.now(), this.#options.book.lastAt)
  }

  #seenAt(fingerprint: string): number {
    return this.#toldAt.get(fingerprint) ?? this.#openedAt
  }

  #requireWriter(): LogWriter<Entry<AlertLine>> {
    if (this.#writer === undefined) throw busy('the log is not open for writing')
    if (!this.#options.isReadBack()) throw busy('the alerts of before are still being read')
    return this.#writer
  }

  #queue<T>(work: () => Promise<T>): Promise<T> {
    this.#waiting += 1
    const turn = this.#turn.then(work).finally(() => {
      this.#waiting -= 1
    })
    this.#turn = turn.catch(() => undefined)
    return turn
  }
}

/** What an alert that was told changes, given the line that its newest life was told with last. */
export function changesOf(
  alert: ToldAlert,
  known: (Entry<AlertLine> & { seq: number }) | undefined,
  at: number,
): Entry<AlertLine>[] {
  const { status, endsAt, ...facts } = alert
  if (known !== undefined && alert.startsAt < known.startsAt) return []
  const isSameLife = known?.startsAt === alert.startsAt
  const fires = known?.type === 'firing'
  if (status === 'resolved') {
    if (isSameLife && !fires) return []
    const end = { at, endsAt: endsAt ?? alert.startsAt, resolution: 'told' as const }
    return [resolved(facts, fires ? { ...end, firing: known.seq } : end)]
  }
  if (isSameLife) return []
  const firing: Entry<AlertLine> = { ...facts, at, type: 'firing' }
  if (!fires) return [firing]
  // Its end was never told: it happened before the new beginning.
  return [resolved(known, { at, endsAt: alert.startsAt, resolution: 'superseded', firing: known.seq }), firing]
}

function resolved(
  { fingerprint, startsAt, labels, annotations, generatorUrl }: Omit<ToldAlert, 'status' | 'endsAt'> | Entry<AlertLine>,
  end: Pick<Entry<AlertLine & { type: 'resolved' }>, 'at' | 'endsAt' | 'resolution'> & { firing?: number },
): Entry<AlertLine> {
  const url = generatorUrl === undefined ? {} : { generatorUrl }
  const { at, ...rest } = end
  return { at, type: 'resolved', fingerprint, startsAt, labels, annotations, ...url, ...rest }
}

function busy(reason: string): HttpError {
  return new HttpError(503, `alerts cannot be taken at present: ${reason}`, {
    hint: 'GET /health/ready says what is missing; Alertmanager tries again by itself',
    headers: { 'Retry-After': '5' },
  })
}
