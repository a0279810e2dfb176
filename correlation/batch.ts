import type { Clock } from '../lib/clock.ts'
import { type CheckpointFile, openCheckpoint } from '../lib/log/checkpoint.ts'
import type { LogWriter, Positions, Tailer } from '../lib/log/log.ts'
import { createTailer } from '../lib/log/tailer.ts'
import { openLogWriter } from '../lib/log/writer.ts'
import type { Logger } from '../lib/logger.ts'
import { isSiteName } from '../lib/names.ts'
import { transferCodec } from '../lib/record/codec.ts'
import type { TransferRecord } from '../lib/record/record.ts'
import type { AnomalyLine } from '../lib/streams/anomalies.ts'
import { anomaliesCodec, correlationsCodec } from '../lib/streams/codecs.ts'
import type { CorrelationItem, CorrelationLine } from '../lib/streams/correlations.ts'
import type { Entry } from '../lib/streams/envelope.ts'
import type { Volume } from '../lib/volume/volume.ts'
import { analyse, scopesOf } from './analysis.ts'
import type { CorrelationConfig } from './config.ts'
import type { CorrelationMetrics } from './metrics.ts'
import { MinuteStore, type SavedMinutes } from './minutes.ts'
import { push, pushedFacts, pushText } from './pushgateway.ts'
import { type RunEntry, toEntry } from './report.ts'

export interface BatchOptions {
  config: CorrelationConfig
  clock: Clock
  logger: Logger
  volume: Volume
  metrics: CorrelationMetrics
}

/** What one run did, for people and for an exit code. */
export interface RunSummary {
  /** World instant of the run. */
  at: number
  /** Record time that was correlated; absent when there was no record at all. */
  from?: number
  to?: number
  newRecords: number
  newAnomalies: number
  /** Records and anomalies outside the window when they were read: too old, or ahead of the clock. */
  outsideWindow: number
  /** seq of the line in `correlations/batch/`; absent when nothing was written. */
  seq?: number
  items: CorrelationItem[]
  seconds: number
  /** Absent without a Pushgateway. */
  push?: { ok: boolean; reason?: string }
}

/** What is saved together with the positions. */
interface BatchState {
  minutes: SavedMinutes
  /** The newest result and the seq it must have in the log: written before the log is, so that it is there once. */
  result: { seq: number; entry: Entry<CorrelationLine> } | undefined
}

interface Inputs {
  store: MinuteStore
  transfers: Tailer<TransferRecord>
  anomalies: Tailer<AnomalyLine>
}

const CHECKPOINT_VERSION = 1
/** A record further ahead of the clock than this does not move the window, seconds. */
const HORIZON_SECONDS = 3600

/**
 * One run after another over what is new in the log.
 *
 * A run reads on, correlates, saves {positions, sums, result}, and then appends the result. Killed before the save, the
 * next process reads the same records again into the sums of before; killed after it, the next process finds that the
 * log lacks the result and appends it first. So no record counts twice and no result is lost or doubled.
 */
export class CorrelationBatch {
  readonly #options: BatchOptions
  readonly #checkpoint: CheckpointFile<BatchState>
  #inputs: Inputs | undefined
  #writer: LogWriter<Entry<CorrelationLine>> | undefined
  #result: BatchState['result']
  #fresh = { records: 0, anomalies: 0, outside: 0 }
  #running: Promise<unknown> = Promise.resolve()

  constructor(options: BatchOptions) {
    this.#options = options
    this.#checkpoint = openCheckpoint<BatchState>({
      volume: options.volume,
      service: 'correlation',
      reader: 'batch',
      version: CHECKPOINT_VERSION,
      logger: options.logger,
    })
  }

  /** Runs never overlap: a second call waits for the first. */
  runOnce(): Promise<RunSummary> {
    const run = this.#running.then(() => this.#run())
    this.#running = run.catch(() => {})
    return run
  }

  /** Waits for a run under way, then gives the folder back. */
  async close(): Promise<void> {
    await this.#running
    const writer = this.#writer
    this.#writer = undefined
    await writer?.close()
  }

  async #run(): Promise<RunSummary> {
    const { config, clock, metrics } = this.#options
    const began = clock.monotonic()
    try {
      const summary = config.store ? await this.#runOnVolume() : await this.#runWithoutTrace()
      const pushed = await this.#push(summary)
      const seconds = (clock.monotonic() - began) / 1000
      metrics.runs.inc({ result: pushed.push?.ok === false ? 'push_failed' : 'ok' })
      metrics.seconds.set(seconds)
      return { ...summary, ...pushed, seconds }
    } catch (error) {
      metrics.runs.inc({ result: 'failed' })
      throw error
    }
  }

  async #runOnVolume(): Promise<RunSummary> {
    const writer = await this.#openWriter()
    const inputs = await this.#openInputs(writer)
    await this.#read(inputs)
    const { summary, entry } = await this.#correlate(inputs.store)
    const nothingNew = summary.newRecords + summary.newAnomalies === 0
    if (entry === undefined || (nothingNew && this.#result !== undefined && entry.at <= this.#result.entry.at)) {
      return summary
    }
    const result = { seq: writer.nextSeq, entry }
    await this.#checkpoint.save({
      positions: new Map<string, Positions>([
        ['transfers', inputs.transfers.positions()],
        ['anomalies', inputs.anomalies.positions()],
      ]),
      state: { minutes: inputs.store.save(), result },
    })
    this.#result = result
    this.#fresh = { records: 0, anomalies: 0, outside: 0 }
    return { ...summary, seq: await writer.append(entry) }
  }

  /** For a volume that may only be read: everything from the beginning, and nothing is kept. */
  async #runWithoutTrace(): Promise<RunSummary> {
    this.#fresh = { records: 0, anomalies: 0, outside: 0 }
    const inputs = this.#newInputs(new MinuteStore(this.#options.config.windowHours), new Map())
    await this.#read(inputs)
    return (await this.#correlate(inputs.store)).summary
  }

  async #openWriter(): Promise<LogWriter<Entry<CorrelationLine>>> {
    const { volume, clock, logger, config } = this.#options
    this.#writer ??= await openLogWriter<Entry<CorrelationLine>>({
      volume,
      stream: 'correlations',
      writer: 'batch',
      codec: correlationsCodec,
      clock,
      logger,
      retention: { hours: config.retentionHours, bytes: config.retentionBytes },
      onFenced: () => {
        this.#writer = undefined
        this.#inputs = undefined
        this.#fresh = { records: 0, anomalies: 0, outside: 0 }
      },
    })
    return this.#writer
  }

  async #openInputs(writer: LogWriter<Entry<CorrelationLine>>): Promise<Inputs> {
    if (this.#inputs === undefined) {
      const { windowHours } = this.#options.config
      const saved = await this.#checkpoint.load()
      const store =
        saved === undefined ? new MinuteStore(windowHours) : MinuteStore.restore(saved.state.minutes, windowHours)
      this.#result = saved?.state.result
      this.#inputs = this.#newInputs(store, saved?.positions ?? new Map())
    }
    if (this.#result !== undefined && writer.nextSeq <= this.#result.seq) await writer.append(this.#result.entry)
    return this.#inputs
  }

  #newInputs(store: MinuteStore, saved: ReadonlyMap<string, Positions>): Inputs {
    const { volume, logger } = this.#options
    const at = (stream: string): { positions: Positions } | object => {
      const positions = saved.get(stream)
      return positions === undefined ? {} : { positions }
    }
    return {
      store,
      transfers: createTailer({
        volume,
        stream: 'transfers',
        isWriter: isSiteName,
        codec: transferCodec,
        logger,
        ...at('transfers'),
      }),
      anomalies: createTailer({ volume, stream: 'anomalies', codec: anomaliesCodec, logger, ...at('anomalies') }),
    }
  }

  async #read({ store, transfers, anomalies }: Inputs): Promise<void> {
    const { clock, metrics } = this.#options
    store.horizon = clock.now() + HORIZON_SECONDS
    const outsideBefore = store.outside
    const drain = async <T>(tailer: Tailer<T>, take: (value: T) => void): Promise<number> => {
      let taken = 0
      for (;;) {
        const { entries, damaged, caughtUp } = await tailer.poll()
        for (const { value } of entries) take(value)
        for (const { reason } of damaged) metrics.damaged.inc({ reason })
        taken += entries.length
        if (caughtUp) return taken
      }
    }
    const records = await drain(transfers, (transfer) => store.addTransfer(transfer))
    this.#fresh.records += records
    metrics.records.inc(records)
    const seen = await drain(anomalies, (anomaly) => store.addAnomaly(anomaly))
    this.#fresh.anomalies += seen
    metrics.anomalies.inc(seen)
    this.#fresh.outside += store.outside - outsideBefore
  }

  async #correlate(store: MinuteStore): Promise<{ summary: RunSummary; entry: RunEntry | undefined }> {
    const at = this.#options.clock.now()
    const { records: newRecords, anomalies: newAnomalies, outside: outsideWindow } = this.#fresh
    const facts = { at, newRecords, newAnomalies }
    const span = store.span()
    if (span === undefined) return { summary: { ...facts, outsideWindow, items: [], seconds: 0 }, entry: undefined }
    const items: CorrelationItem[] = []
    for (const scope of scopesOf(store.list())) {
      items.push(analyse(scope))
      // In the all-in-one others wait for this thread: a week of one link takes some milliseconds.
      await new Promise((resolve) => setImmediate(resolve))
    }
    const covered = { from: span.from * 60, to: (span.to + 1) * 60 }
    return {
      summary: { ...facts, ...covered, outsideWindow, items, seconds: 0 },
      entry: toEntry({ ...facts, ...covered }, items),
    }
  }

  async #push(summary: RunSummary): Promise<Pick<RunSummary, 'push'>> {
    const { config, logger } = this.#options
    const { pushgatewayUrl: url, pushgatewayJob: job, pushgatewayInstance: instance } = config
    if (url === undefined) return {}
    const reason = await push({ url, job, instance }, pushText(pushedFacts(summary.at, summary.items)))
    if (reason === undefined) return { push: { ok: true } }
    logger.error('the Pushgateway did not take the result', {
      reason,
      hint: config.store ? 'the result is in the log; the next run pushes again' : 'the next run pushes again',
    })
    return { push: { ok: false, reason } }
  }
}
