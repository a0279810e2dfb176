import { describeError } from '../lib/lifecycle.ts'
import { type Follower, followLog } from '../lib/log/follow.ts'
import { writersOf } from '../lib/log/inventory.ts'
import type { Codec, TailBatch, TailedEntry, Tailer } from '../lib/log/log.ts'
import { createTailer } from '../lib/log/tailer.ts'
import type { Logger } from '../lib/logger.ts'
import { type Loop, startLoop } from '../lib/loop.ts'
import { isSiteName, siteName } from '../lib/names.ts'
import { transferCodec } from '../lib/record/codec.ts'
import type { HealthCheck } from '../lib/service.ts'
import { newsBegins } from '../lib/staleness/creation.ts'
import {
  alertsCodec,
  anomaliesCodec,
  controlCodec,
  correlationsCodec,
  eventsCodec,
  windowsCodec,
} from '../lib/streams/codecs.ts'
import type { Volume } from '../lib/volume/volume.ts'
import type { SharedClock } from '../lib/world/shared-clock.ts'
import type { ApiMetrics } from './metrics.ts'
import type { ApiState } from './state.ts'

/** Nothing read for this long means that nothing is known any more, milliseconds. */
const UNREADABLE_MS = 10_000
const TICK_MS = 1000
/** Sites that have a folder and no record yet are looked for at every so many ticks. */
const TICKS_PER_LISTING = 5

export interface ReaderOptions {
  volume: Volume
  clock: SharedClock
  logger: Logger
  state: ApiState
  metrics: ApiMetrics
  pollMs: number
}

/** Reads every stream that the API answers from into the state, for ever; a failing volume is told and tried again. */
export class StreamReader {
  readonly #options: ReaderOptions
  readonly #tailers: Tailer<unknown>[] = []
  readonly #followers: Follower[] = []
  #ticker: Loop | undefined
  #ticks = 0
  #caughtUp = false
  #stopped = false

  constructor(options: ReaderOptions) {
    this.#options = options
  }

  get readable(): boolean {
    return (
      this.#followers.length > 0 &&
      this.#followers.every(
        ({ healthy, lastPollAt }) =>
          healthy && lastPollAt !== undefined && performance.now() - lastPollAt < UNREADABLE_MS,
      )
    )
  }

  /** Everything that was there at the start has been read. */
  get caughtUp(): boolean {
    return this.#caughtUp
  }

  get lagBytes(): number {
    return this.#tailers.reduce((sum, tailer) => sum + tailer.lagBytes(), 0)
  }

  check(): HealthCheck {
    if (!this.#caughtUp) return { ok: false, detail: 'reading the log for the first time' }
    return this.readable ? { ok: true } : { ok: false, detail: 'the log cannot be read' }
  }

  /** Begins to read; does not wait for the end of what is there. */
  start(): void {
    const { state, clock } = this.#options
    const transfers = this.#follow('transfers', transferCodec, isSiteName, (entries) => {
      state.tracker.countFrom(newsBegins(clock.world))
      state.applyTransfers(entries, clock.now())
    })
    this.#ticker = startLoop(
      () => this.#tick(),
      (error) => {
        this.#options.logger.warn('the sites cannot be listed', { error: describeError(error) })
        return TICK_MS
      },
    )
    // A verdict is about a record: the records of the past come first.
    transfers.firstPass.then(() => this.#followRest()).catch((error) => this.#failed(error))
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all([this.#ticker?.stop(), ...this.#followers.map((follower) => follower.stop())])
  }

  async #followRest(): Promise<void> {
    if (this.#stopped) return
    const { state, clock } = this.#options
    const rest = [
      this.#follow('events', eventsCodec, undefined, (entries) => state.applyEvents(entries)),
      this.#follow('control', controlCodec, undefined, (entries) => {
        for (const { value } of entries) state.applyControl(value)
      }),
      this.#follow('anomalies', anomaliesCodec, undefined, (entries) => state.applyAnomalies(entries, clock.now())),
      this.#follow('correlations', correlationsCodec, undefined, (entries) =>
        state.applyCorrelations(entries, clock.now()),
      ),
      this.#follow('windows', windowsCodec, undefined, (entries) => state.applyWindows(entries, clock.now())),
      this.#follow(
        'alerts',
        alertsCodec,
        (writer) => writer === 'api',
        (entries) => {
          for (const { value } of entries) state.applyAlert(value, clock.now())
        },
      ),
    ]
    await Promise.all(rest.map(({ firstPass }) => firstPass))
    state.observeTime(clock.now(), true)
    state.goLive()
    this.#caughtUp = true
  }

  #follow<T>(
    stream: string,
    codec: Codec<never, T>,
    isWriter: ((name: string) => boolean) | undefined,
    apply: (entries: readonly TailedEntry<T>[]) => void,
  ): Follower {
    const { volume, logger, pollMs, metrics } = this.#options
    const log = logger.child({ stream })
    const tailer = createTailer({ volume, stream, codec, logger: log, ...(isWriter === undefined ? {} : { isWriter }) })
    const onBatch = (batch: TailBatch<T>): void => {
      apply(batch.entries)
      metrics.recordsRead.inc({ kind: stream }, batch.entries.length)
      for (const { reason } of batch.damaged) metrics.linesDamaged.inc({ kind: stream, reason })
    }
    const follower = followLog({ tailer, pollMs, logger: log, onBatch })
    this.#tailers.push(tailer)
    this.#followers.push(follower)
    return follower
  }

  async #tick(): Promise<number> {
    const { state, clock, volume } = this.#options
    state.tracker.countFrom(newsBegins(clock.world))
    if (this.#caughtUp) state.observeTime(clock.now(), this.readable)
    if (this.#ticks % TICKS_PER_LISTING === 0) {
      for (const name of await writersOf(volume, 'transfers')) if (isSiteName(name)) state.know(siteName(name))
    }
    this.#ticks += 1
    return TICK_MS
  }

  #failed(error: unknown): void {
    this.#options.logger.error('reading the log ended', { error: describeError(error) })
  }
}
