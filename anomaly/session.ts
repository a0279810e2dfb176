import { describeError } from '../lib/lifecycle.ts'
import { openCheckpoint } from '../lib/log/checkpoint.ts'
import { type Follower, followLog } from '../lib/log/follow.ts'
import type { LogWriter, Positions, TailBatch, Tailer } from '../lib/log/log.ts'
import { createTailer } from '../lib/log/tailer.ts'
import type { Logger } from '../lib/logger.ts'
import { isSiteName } from '../lib/names.ts'
import { transferCodec } from '../lib/record/codec.ts'
import type { TransferRecord } from '../lib/record/record.ts'
import { decodeState, encodeState } from '../lib/state-bytes.ts'
import type { AnomalyLine } from '../lib/streams/anomalies.ts'
import { anomaliesCodec, eventsCodec } from '../lib/streams/codecs.ts'
import type { SiteEvent } from '../lib/streams/events.ts'
import type { Volume } from '../lib/volume/volume.ts'
import type { AnomalyConfig } from './config.ts'
import type { EngineName } from './engine.ts'
import { ScoringHost } from './host.ts'
import { MaintenanceCalendar } from './maintenance.ts'
import type { AnomalyMetrics } from './metrics.ts'
import { ModelStore } from './model-store.ts'
import type { MaintenanceWindow, PipelineFacts } from './pipeline.ts'
import type { Verdict } from './verdicts.ts'
import type { WorkerData } from './worker-messages.ts'

export const WRITER = 'forest'

/** Version of what a checkpoint holds. */
const STATE_VERSION = 1

export interface SessionOptions {
  config: AnomalyConfig
  volume: Volume
  logger: Logger
  metrics: AnomalyMetrics
  writer: LogWriter<Verdict>
  /** The scoring thread has failed: this session will do nothing more and must be replaced. */
  onFailure: (error: unknown) => void
}

interface SavedSession {
  engine: EngineName
  /** Fit of the model file that belongs to the state, 0 for none. */
  modelFit: number
  pipeline: Uint8Array
  maintenance: readonly MaintenanceWindow[]
}

/**
 * One life of the detection, from a checkpoint until it is closed or the scoring thread fails: reads the log, has it
 * scored, appends the verdicts, and saves place and state together.
 *
 * A crash between appending and saving makes the next session score the same records again. It gets the same verdicts
 * under the same ids, finds them in its own log behind the saved place, and does not append them twice.
 */
export class Session {
  readonly #options: SessionOptions
  readonly #host: ScoringHost
  readonly #transfers: Tailer<TransferRecord>
  readonly #events: Tailer<SiteEvent>
  readonly #own: Tailer<AnomalyLine>
  readonly #checkpoint
  readonly #models: ModelStore
  readonly #calendar: MaintenanceCalendar
  readonly #written = new Set<string>()
  #follower: Follower | undefined
  #facts: PipelineFacts
  #caughtUp = false
  #newestAt = 0
  #lastRecordAt = performance.now()
  #scored: { batch: TailBatch<TransferRecord>; verdicts: Verdict[] } | undefined
  #done: Map<string, Positions>
  #modelFit: number
  #previousFit: number
  #unsaved = false
  #savedAt = performance.now()
  #work: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined

  static async open(options: SessionOptions): Promise<Session> {
    const { volume, logger, config, metrics } = options
    const checkpoint = openCheckpoint<SavedSession>({
      ...{ volume, logger, service: 'anomaly', reader: WRITER, version: STATE_VERSION },
      encode: encodeState,
      decode: (bytes) => decodeState<SavedSession>(bytes),
    })
    const saved = await checkpoint.load()
    const models = new ModelStore(volume)
    const sameEngine = saved?.state.engine === config.forest
    const model = saved !== undefined && sameEngine ? await models.load(saved.state.modelFit) : undefined
    let opened = false
    const data: WorkerData = {
      ...{ engine: config.forest, seed: config.seed, k: config.k },
      ...(saved === undefined ? {} : { state: saved.state.pipeline }),
      ...(model === undefined ? {} : { model }),
    }
    // A thread that dies while it is idle must be replaced as well as one that dies over a batch.
    const host = new ScoringHost(data, (error) => {
      if (opened) options.onFailure(error)
    })
    try {
      const { facts, refusedModel } = await host.ready()
      if (refusedModel !== undefined) {
        metrics.countRefusedModel(refusedModel)
        logger.warn('the model file is not used; the forest is fitted again', { reason: refusedModel })
      }
      const session = new Session(options, { checkpoint, saved, models, host, facts })
      await session.#begin()
      if (host.death !== undefined) throw host.death
      opened = true
      return session
    } catch (error) {
      await host.close()
      throw error
    }
  }

  private constructor(
    options: SessionOptions,
    parts: {
      checkpoint: ReturnType<typeof openCheckpoint<SavedSession>>
      saved: { positions: Map<string, Positions>; state: SavedSession } | undefined
      models: ModelStore
      host: ScoringHost
      facts: PipelineFacts
    },
  ) {
    const { volume, logger } = options
    this.#options = options
    this.#checkpoint = parts.checkpoint
    this.#models = parts.models
    this.#host = parts.host
    this.#facts = parts.facts
    this.#done = parts.saved?.positions ?? new Map()
    this.#modelFit = parts.saved?.state.modelFit ?? 0
    this.#previousFit = this.#modelFit
    this.#calendar = new MaintenanceCalendar(parts.saved?.state.maintenance)
    const from = (stream: string) => {
      const positions = parts.saved?.positions.get(stream)
      return { volume, logger, stream, ...(positions === undefined ? {} : { positions }) }
    }
    this.#transfers = createTailer({
      ...from('transfers'),
      ...{ codec: transferCodec, isWriter: isSiteName, inTimeOrder: true },
    })
    this.#events = createTailer({ ...from('events'), codec: eventsCodec })
    this.#own = createTailer({ ...from('anomalies'), codec: anomaliesCodec, writers: [WRITER] })
  }

  get facts(): PipelineFacts {
    return this.#facts
  }

  get healthy(): boolean {
    return this.#follower?.healthy ?? false
  }

  get alive(): boolean {
    return this.#host.alive
  }

  /** The newest poll left nothing unread. */
  get caughtUp(): boolean {
    return this.#caughtUp
  }

  /** Record time of the newest record seen, Unix seconds. */
  get newestAt(): number {
    return this.#newestAt
  }

  /** Wall seconds since the newest record came. */
  get quietSeconds(): number {
    return (performance.now() - this.#lastRecordAt) / 1000
  }

  lagBytes(): number {
    return this.#transfers.lagBytes()
  }

  /** Stops reading, saves what was done, ends the thread. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#follower?.stop()
    await this.#exclusively(() => this.#saveOrSay())
    await this.#host.close()
  }

  async #begin(): Promise<void> {
    for (let caughtUp = false; !caughtUp; ) {
      const batch = await this.#own.poll()
      for (const { value } of batch.entries) this.#written.add(value.id)
      caughtUp = batch.caughtUp
    }
    const { config, logger } = this.#options
    this.#follower = followLog({
      tailer: this.#transfers,
      pollMs: config.pollMs,
      logger,
      onBatch: (batch) => this.#exclusively(() => this.#handle(batch)),
    })
    // Saves what came in just before a quiet time; while records flow, batches save by themselves.
    this.#timer = setInterval(
      () => void this.#exclusively(() => this.#saveWhenDue()).catch(() => {}),
      1000 * config.checkpointSeconds,
    )
    this.#timer.unref()
  }

  async #handle(batch: TailBatch<TransferRecord>): Promise<void> {
    const { writer, metrics } = this.#options
    if (this.#scored?.batch !== batch) {
      metrics.observeReading(batch)
      await this.#readEvents()
      this.#scored = { batch, verdicts: await this.#score(batch.entries.map(({ value }) => value)) }
    }
    const fresh = this.#scored.verdicts.filter(({ id }) => !this.#written.has(id))
    await writer.appendAll(fresh)
    metrics.countVerdicts(fresh, this.#scored.verdicts.length - fresh.length)
    this.#scored = undefined
    this.#done = new Map([
      ['transfers', this.#transfers.positions()],
      ['events', this.#events.positions()],
    ])
    this.#unsaved ||= batch.entries.length > 0
    const firstTime = batch.caughtUp && !this.#caughtUp
    this.#caughtUp = batch.caughtUp
    if (firstTime) await this.#saveOrSay()
    else await this.#saveWhenDue()
  }

  async #score(records: readonly TransferRecord[]): Promise<Verdict[]> {
    const { metrics, onFailure } = this.#options
    try {
      const answers = await this.#host.process(records, this.#calendar.windows)
      answers.forEach(({ facts, seconds }, i) => {
        metrics.observeBatch(facts.counts.records - (answers[i - 1]?.facts ?? this.#facts).counts.records, seconds)
      })
      this.#facts = answers.at(-1)?.facts ?? this.#facts
      if (records.length > 0) this.#lastRecordAt = performance.now()
      for (const { endedAt } of records) this.#newestAt = Math.max(this.#newestAt, endedAt)
      return answers.flatMap(({ verdicts }) => verdicts)
    } catch (error) {
      onFailure(error)
      throw error
    }
  }

  async #readEvents(): Promise<void> {
    for (let caughtUp = false; !caughtUp; ) {
      const batch = await this.#events.poll()
      for (const { value } of batch.entries) this.#calendar.observe(value)
      caughtUp = batch.caughtUp
    }
  }

  async #saveWhenDue(): Promise<void> {
    if (performance.now() - this.#savedAt >= 1000 * this.#options.config.checkpointSeconds) await this.#saveOrSay()
  }

  /** A volume that cannot be written now will be later: nothing is lost but the work since the last checkpoint. */
  async #saveOrSay(): Promise<void> {
    if (!this.#unsaved || !this.#host.alive) return
    try {
      await this.#save()
    } catch (error) {
      this.#options.logger.warn('the checkpoint could not be saved', { error: describeError(error) })
    }
  }

  async #save(): Promise<void> {
    const saved = await this.#host.save(this.#modelFit)
    const modelFit = saved.model?.fit ?? this.#modelFit
    if (saved.model !== undefined) await this.#models.save(modelFit, saved.model.bytes)
    for (let caughtUp = false; !caughtUp; ) caughtUp = (await this.#own.poll()).caughtUp
    await this.#checkpoint.save({
      positions: new Map([...this.#done, ['anomalies', this.#own.positions()]]),
      state: {
        engine: this.#options.config.forest,
        modelFit,
        pipeline: saved.state,
        maintenance: this.#calendar.windows,
      },
    })
    // The previous checkpoint may still be needed, and with it the model it names.
    await this.#models.keepOnly(new Set([modelFit, this.#modelFit, this.#previousFit]))
    this.#previousFit = this.#modelFit
    this.#modelFit = modelFit
    this.#unsaved = false
    this.#savedAt = performance.now()
    this.#options.metrics.countCheckpoint()
  }

  /** Batches and saves take turns: a checkpoint is always between two batches. */
  #exclusively(work: () => Promise<void>): Promise<void> {
    const turn = this.#work.then(work)
    this.#work = turn.catch(() => {})
    return turn
  }
}
