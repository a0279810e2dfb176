import { DtmsError } from '../lib/errors.ts'
import { describeError } from '../lib/lifecycle.ts'
import type { Logger } from '../lib/logger.ts'
import { type Loop, startLoop } from '../lib/loop.ts'
import type { AlreadyWritten } from './already-written.ts'
import type { Saves } from './saves.ts'
import type { SiteLog } from './site-log.ts'
import type { Source, SourceBatch } from './source.ts'

export interface PumpOptions {
  source: Source
  /** What the log has already of what the source is about to give. */
  skip: AlreadyWritten
  log: SiteLog
  saves: Saves
  logger: Logger
  /** Called once, when the past and everything before it is durable. */
  onPastWritten: () => void
  /** Called when going on is impossible. */
  onFatal: (error: unknown) => void
  saveEveryMs?: number
}

const SAVE_EVERY_MS = 10_000

/** Entries in flight while the past is written: enough to keep the disk busy, little enough to hold in memory. */
const MAX_PENDING = 4096

const RETRY_MS = 1000

/** A stop waits this long for entries that are not durable yet, milliseconds; the next start makes up for the rest. */
const STOP_PATIENCE_MS = 3000

/**
 * Carries entries from a source to a site's log, and saves where it is.
 *
 * The rule that makes a kill at any instant harmless: everything written after a save follows from that save alone. So
 * what came from outside is settled before anything that depends on it is written (`settle`), and a save is made only
 * when everything before it is durable.
 */
export class Pump {
  readonly #options: PumpOptions
  readonly #saveEveryMs: number
  #loop: Loop | undefined
  /** Batches that are not durable yet, with the moment of their writing; oldest first. */
  readonly #inFlight = new Map<Promise<void>, number>()
  #owed: SourceBatch['settle']
  #savedAt = performance.now()
  #pastWritten = false
  #paused = { count: 0, seconds: 0 }
  readonly #transfers = { received: 0, published: 0 }
  #failingSince: number | undefined
  #requestStop: () => void = () => {}
  readonly #stopRequested: Promise<'stop'>

  constructor(options: PumpOptions) {
    this.#options = options
    this.#saveEveryMs = options.saveEveryMs ?? SAVE_EVERY_MS
    this.#stopRequested = new Promise((resolve) => {
      this.#requestStop = () => resolve('stop')
    })
  }

  /** The past, and everything before it, is durable. */
  get pastWritten(): boolean {
    return this.#pastWritten
  }

  /** For how long the oldest entry has been waiting to become durable, or the volume has been failing. */
  get stuckSeconds(): number {
    const [oldest] = this.#inFlight.values()
    const since = Math.min(oldest ?? Number.POSITIVE_INFINITY, this.#failingSince ?? Number.POSITIVE_INFINITY)
    return Math.max(0, (performance.now() - since) / 1000)
  }

  /** What was marked as paused since the start. */
  get paused(): { count: number; seconds: number } {
    return this.#paused
  }

  /** Taken from the source and made durable, since the start; what the log had already is not counted. */
  get transfers(): Readonly<{ received: number; published: number }> {
    return this.#transfers
  }

  start(): void {
    this.#loop ??= startLoop(
      () => this.#turn(),
      (error) => this.#failed(error),
    )
  }

  /** Saves the last state if everything written becomes durable in time; else the next start makes up for it. */
  async stop(): Promise<void> {
    this.#requestStop()
    const loop = this.#loop
    this.#loop = undefined
    if (loop === undefined) return
    await loop.stop()
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, STOP_PATIENCE_MS)
    })
    await Promise.race([Promise.allSettled(this.#inFlight.keys()), patience])
    clearTimeout(timer)
    if (this.#inFlight.size > 0 || !this.#options.skip.done) return
    await this.#save().catch((error: unknown) =>
      this.#options.logger.warn('the last state could not be saved', { error: describeError(error) }),
    )
  }

  async #turn(): Promise<number> {
    const { source, skip, log } = this.#options
    if (this.#owed !== undefined) await this.#settle(this.#owed)
    const batch = await source.next()
    this.#write(skip.strip(batch))
    this.#owed = batch.settle
    if (this.#owed !== undefined) await this.#settle(this.#owed)
    else if (batch.waitMs > 0 || log.pending > MAX_PENDING) await this.#drain()
    if (!this.#pastWritten && source.status().pastProgress >= 1) await this.#endPast()
    if (skip.done && performance.now() - this.#savedAt >= this.#saveEveryMs) await this.#settle('saved')
    this.#failingSince = undefined
    return batch.waitMs
  }

  async #endPast(): Promise<void> {
    await this.#drain()
    this.#pastWritten = true
    this.#options.onPastWritten()
    // A kill right after a start should not cost the past again.
    this.#savedAt = -Infinity
  }

  #write(batch: Pick<SourceBatch, 'transfers' | 'events' | 'truth'>): void {
    if (batch.transfers.length + batch.truth.length + batch.events.length === 0) return
    const { length } = batch.transfers
    this.#transfers.received += length
    const written = this.#options.log.write(batch)
    this.#inFlight.set(written, performance.now())
    for (const event of batch.events) {
      if (event.type !== 'paused') continue
      const seconds = event.to - event.from
      this.#paused = { count: this.#paused.count + 1, seconds: this.#paused.seconds + seconds }
      this.#options.logger.info('nothing was recorded for a while: marked as paused', { seconds })
    }
    written.then(
      () => {
        this.#inFlight.delete(written)
        this.#transfers.published += length
      },
      // A log that refuses entries is closed or taken over, or the entries are wrong: nothing that waiting can mend.
      (error: unknown) => this.#options.onFatal(error),
    )
  }

  /** While the source repeats what the log has already nothing can be saved, and nothing needs to: it will repeat it again. */
  async #settle(how: 'durable' | 'saved'): Promise<void> {
    await this.#drain()
    if (how === 'saved' && this.#options.skip.done) await this.#save()
    else if (how === 'saved') this.#savedAt = -Infinity
    this.#owed = undefined
  }

  async #drain(): Promise<void> {
    if (this.#inFlight.size === 0) return
    const outcome = await Promise.race([Promise.all(this.#inFlight.keys()), this.#stopRequested])
    if (outcome === 'stop' && this.#inFlight.size > 0) throw new Stopping()
  }

  async #save(): Promise<void> {
    const { source, log, saves } = this.#options
    await saves.save({ source: source.kind, lastSeqs: log.lastSeqs(), state: source.state() })
    this.#savedAt = performance.now()
  }

  #failed(error: unknown): number {
    if (error instanceof Stopping) return 0
    if (!(error instanceof DtmsError && error.retryable)) {
      this.#options.onFatal(error)
      return RETRY_MS
    }
    if (this.#failingSince === undefined) {
      this.#failingSince = performance.now()
      this.#options.logger.warn('the exporter cannot go on; it tries again', { error: describeError(error) })
    }
    return RETRY_MS
  }
}

/** Leaves a turn that waits for the volume when a stop is asked for. */
class Stopping extends Error {}
