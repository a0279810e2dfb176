import type { Clock } from '../lib/clock.ts'
import { DtmsError } from '../lib/errors.ts'
import { describeError, UndoStack } from '../lib/lifecycle.ts'
import { type CheckpointFile, openCheckpoint } from '../lib/log/checkpoint.ts'
import { type Follower, followLog } from '../lib/log/follow.ts'
import type { Positions, TailBatch, Tailer } from '../lib/log/log.ts'
import { createTailer } from '../lib/log/tailer.ts'
import type { Logger } from '../lib/logger.ts'
import { startLoop } from '../lib/loop.ts'
import { isSiteName, linkKey, type SiteName } from '../lib/names.ts'
import { readTrust, type Trust } from '../lib/outgoing/trust.ts'
import { transferCodec } from '../lib/record/codec.ts'
import type { TransferRecord } from '../lib/record/record.ts'
import type { Service } from '../lib/service.ts'
import { newsBegins } from '../lib/staleness/creation.ts'
import type { FreshnessState } from '../lib/staleness/states.ts'
import { type SavedTracker, type SiteFreshness, StalenessTracker } from '../lib/staleness/tracker.ts'
import { eventsCodec } from '../lib/streams/codecs.ts'
import type { SiteEvent } from '../lib/streams/events.ts'
import type { Volume } from '../lib/volume/volume.ts'
import type { SharedClock } from '../lib/world/shared-clock.ts'
import type { FreshnessConfig } from './config.ts'
import { createFreshnessMetrics } from './metrics.ts'
import { createProbe } from './probe.ts'

export interface FreshnessOptions {
  config: FreshnessConfig
  /** The shared clock, which knows the world; any other will do. */
  clock: Clock & Partial<Pick<SharedClock, 'world'>>
  logger: Logger
  volume: Volume
  /** Overrides API_BASE_URL: in the all-in-one the port is known only after the API listens. */
  apiBaseUrl?: () => string | undefined
  /** Goes with `apiBaseUrl`, and overrides DTMS_TLS_CA_FILE. */
  apiTrust?: () => Trust | undefined
  /** How often states are looked at for the lines of the service's own log, milliseconds. */
  tickMs?: number
  /** Without a successful read for longer than this every site is `unknown`, milliseconds. */
  unreadableAfterMs?: number
}

/** What `createFreshness` gives beyond a service: the present answer, computed when asked. */
export interface Freshness extends Service {
  sites(): SiteFreshness[]
}

const TICK_MS = 1000
/** How often new site folders are looked for. */
const LOOK_MS = 2000
/** An idle reader polls once a second; three polls that brought nothing back are two too many for chance. */
const IDLE_POLL_MS = 1000
const POLLS_MISSED = 3
const SAVE_EVERY_MS = 30_000
const CHECKPOINT_VERSION = 1

interface Readers {
  checkpoint: CheckpointFile<SavedTracker>
  transfers: Tailer<TransferRecord>
  events: Tailer<SiteEvent>
  followers: [Follower, Follower]
}

/** Age and state of every site (docs/freshness.md). Opens nothing until it is started. */
export function createFreshness(options: FreshnessOptions): Freshness {
  return new FreshnessService(options)
}

class FreshnessService implements Freshness {
  readonly name = 'freshness'
  readonly #options: FreshnessOptions
  readonly #unreadableAfterMs: number
  readonly #undo: UndoStack
  readonly #metrics: ReturnType<typeof createFreshnessMetrics>
  readonly #probe: ReturnType<typeof createProbe>
  readonly #shownStates = new Map<SiteName, FreshnessState>()
  #tracker = new StalenessTracker()
  #readers: Readers | undefined
  #caughtUp = false
  #changed = false
  #savedAt = performance.now()

  constructor(options: FreshnessOptions) {
    const { config, logger, clock, apiBaseUrl, apiTrust } = options
    const { caFile } = config
    this.#options = options
    this.#unreadableAfterMs = options.unreadableAfterMs ?? config.volumeDeadlineMs + POLLS_MISSED * IDLE_POLL_MS
    this.#undo = new UndoStack(logger)
    this.#probe = createProbe({
      baseUrl: apiBaseUrl ?? (() => config.apiBaseUrl),
      trust: async () => apiTrust?.() ?? (caFile === undefined ? undefined : await readTrust(caFile)),
      everyMs: config.probeSeconds * 1000,
      clock,
      onChange: ({ up, seconds, reason }) => {
        if (up) logger.info('the API answers', { probe_seconds: seconds })
        else logger.warn('the API does not answer', { probe_seconds: seconds, reason })
      },
    })
    this.#metrics = createFreshnessMetrics({
      sites: () => this.sites(),
      probe: () => this.#probe.last,
      readable: () => this.#readable(),
      lagBytes: () => this.#readers?.transfers.lagBytes() ?? 0,
      okSeconds: config.okSeconds,
    })
    for (const site of config.sites) this.#tracker.know(site)
  }

  get registry() {
    return this.#metrics.registry
  }

  sites(): SiteFreshness[] {
    this.#countFromCreation()
    return this.#tracker.at(this.#options.clock.now(), this.#readable())
  }

  checks() {
    if (this.#readable()) return { log: { ok: true } }
    return { log: { ok: false, detail: this.#caughtUp ? 'the volume cannot be read' : 'still reading the log' } }
  }

  /** @throws DtmsError `checkpoint.invalid`; a volume that cannot be read is tried again, and every site is unknown. */
  async start(): Promise<void> {
    const { logger, tickMs = TICK_MS } = this.#options
    this.#probe.start()
    this.#undo.push('probe', () => this.#probe.stop())
    this.#undo.push('checkpoint', () => this.#save())
    this.#undo.push('readers', () => this.#stopReading())
    await this.#startReading().catch((error: unknown) => {
      if (error instanceof DtmsError && !error.retryable) throw error
      logger.warn('the volume cannot be read yet; trying again', { error: describeError(error) })
    })
    // Two loops: a volume call that hangs must not keep the change to `unknown` from being said.
    const looks = startLoop(
      async () => {
        await this.#lookAtVolume()
        return LOOK_MS
      },
      (error) => {
        logger.debug('a look at the volume failed', { error: describeError(error) })
        return LOOK_MS
      },
    )
    const ticks = startLoop(
      async () => {
        this.#noteChanges()
        return tickMs
      },
      (error) => {
        logger.error('states could not be computed', { error: describeError(error) })
        return tickMs
      },
    )
    this.#undo.push('ticks', () => ticks.stop())
    this.#undo.push('looks', () => looks.stop())
  }

  async stop(): Promise<void> {
    await this.#undo.run()
  }

  async #startReading(): Promise<void> {
    const { volume, logger, config } = this.#options
    const checkpoint = openCheckpoint<SavedTracker>({
      volume,
      service: this.name,
      reader: 'staleness',
      version: CHECKPOINT_VERSION,
      logger,
    })
    const saved = await checkpoint.load()
    if (saved !== undefined) {
      this.#tracker = StalenessTracker.restore(saved.state)
      for (const site of config.sites) this.#tracker.know(site)
    }
    const at = (stream: string): { positions: Positions } | object => {
      const positions = saved?.positions.get(stream)
      return positions === undefined ? {} : { positions }
    }
    const transfers = createTailer({
      volume,
      stream: 'transfers',
      isWriter: isSiteName,
      codec: transferCodec,
      logger,
      ...at('transfers'),
    })
    const events = createTailer({ volume, stream: 'events', codec: eventsCodec, logger, ...at('events') })
    const eventsFollower = followLog({
      tailer: events,
      pollMs: config.pollMs,
      logger,
      onBatch: (batch) => this.#readEvents(batch),
    })
    const transfersFollower: Follower = followLog({
      tailer: transfers,
      pollMs: config.pollMs,
      logger,
      onBatch: (batch) => this.#readTransfers(batch, transfersFollower),
    })
    const followers: [Follower, Follower] = [eventsFollower, transfersFollower]
    this.#readers = { checkpoint, transfers, events, followers }
    void Promise.all(followers.map((follower) => follower.firstPass)).then(() => {
      this.#caughtUp = true
    })
  }

  async #stopReading(): Promise<void> {
    await Promise.all((this.#readers?.followers ?? []).map((follower) => follower.stop()))
  }

  #readEvents(batch: TailBatch<SiteEvent>): void {
    for (const { writer, value } of batch.entries) {
      this.#tracker.observeEvent(value, isSiteName(writer) ? writer : undefined)
    }
    this.#count(batch)
  }

  #readTransfers(batch: TailBatch<TransferRecord>, follower: Follower): void {
    this.#countFromCreation()
    // Only a reader that was up to date just now saw a record when it came.
    const live = this.#caughtUp && this.#isRecent(follower.lastPollAt)
    const seen = live ? { seenAt: this.#options.clock.now() } : {}
    const counts = new Map<SiteName, number>()
    for (const { value } of batch.entries) {
      const { site, source, destination, endedAt } = value
      this.#tracker.observe(site, endedAt, { link: linkKey(source, destination), ...seen })
      counts.set(site, (counts.get(site) ?? 0) + 1)
    }
    for (const [site, count] of counts) this.#metrics.records.inc({ site: this.#metrics.labelOf(site) }, count)
    this.#count(batch)
  }

  #countFromCreation(): void {
    this.#tracker.countFrom(newsBegins(this.#options.clock.world))
  }

  #count(batch: TailBatch<unknown>): void {
    for (const { reason } of batch.damaged) this.#metrics.damaged.inc({ reason })
    if (batch.entries.length > 0) this.#changed = true
  }

  #isRecent(instant: number | undefined): boolean {
    return instant !== undefined && performance.now() - instant <= this.#unreadableAfterMs
  }

  #readable(): boolean {
    const followers = this.#readers?.followers ?? []
    return this.#caughtUp && followers.every(({ lastPollAt }) => this.#isRecent(lastPollAt))
  }

  async #lookAtVolume(): Promise<void> {
    if (this.#readers === undefined) await this.#startReading()
    for (const site of (await this.#options.volume.list('transfers')) ?? []) {
      if (isSiteName(site)) this.#tracker.know(site)
    }
    if (performance.now() - this.#savedAt >= SAVE_EVERY_MS) await this.#save()
  }

  #noteChanges(): void {
    if (!this.#caughtUp) return
    for (const { site, state, ageSeconds, expectedSeconds } of this.sites()) {
      const before = this.#shownStates.get(site)
      if (before === state) continue
      this.#shownStates.set(site, state)
      this.#metrics.stateChanges.inc({ site: this.#metrics.labelOf(site), state })
      const fields = { site, state, before, age_seconds: ageSeconds, expected_seconds: expectedSeconds }
      if (state === 'silent' || state === 'unknown') this.#options.logger.warn('freshness changed', fields)
      else this.#options.logger.info('freshness changed', fields)
    }
  }

  /** Positions and what was made of them go together; observing a record twice changes nothing, so older is safe. */
  async #save(): Promise<void> {
    if (this.#readers === undefined || !this.#changed) return
    const { checkpoint, transfers, events } = this.#readers
    this.#savedAt = performance.now()
    this.#changed = false
    const positions = new Map([
      ['transfers', transfers.positions()],
      ['events', events.positions()],
    ])
    try {
      await checkpoint.save({ positions, state: this.#tracker.save() })
    } catch (error) {
      this.#changed = true
      this.#options.logger.warn('the checkpoint could not be saved', { error: describeError(error) })
    }
  }
}
