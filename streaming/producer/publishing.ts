import type { Clock } from '../../lib/clock.ts'
import type { DtmsError } from '../../lib/errors.ts'
import { describeError } from '../../lib/lifecycle.ts'
import { type Follower, followLog } from '../../lib/log/follow.ts'
import type { LogWriter, Positions, TailBatch, TailedEntry, Tailer } from '../../lib/log/log.ts'
import { createTailer } from '../../lib/log/tailer.ts'
import type { Logger } from '../../lib/logger.ts'
import { isSiteName, linkKey } from '../../lib/names.ts'
import { transferCodec } from '../../lib/record/codec.ts'
import type { TransferRecord } from '../../lib/record/record.ts'
import type { Entry } from '../../lib/streams/envelope.ts'
import { QUARANTINE_TEXT_BYTES, type QuarantineLine } from '../../lib/streams/quarantine.ts'
import type { Volume } from '../../lib/volume/volume.ts'
import type { Bus, PartitionRange, Publisher } from '../bus.ts'
import type { ProducerConfig } from '../config.ts'
import { toMessage } from '../message.ts'
import { Partitioning } from '../partitioning.ts'
import type { ProducerMetrics } from './metrics.ts'
import { type Letter, Outbox } from './outbox.ts'
import { ProducerFile } from './saved.ts'
import { isRecreated } from './topic-care.ts'

/** Where records go that the bus will never take. */
export const WRITER = 'producer'

export interface PublishingOptions {
  config: ProducerConfig
  clock: Clock
  volume: Volume
  logger: Logger
  metrics: ProducerMetrics
  bus: Pick<Bus, 'kind' | 'connected'>
  publisher: Publisher
  ranges: readonly PartitionRange[]
  quarantine: LogWriter<Entry<QuarantineLine>>
  /** The topic has been made anew: nothing that was acknowledged counts. */
  fromBeginning: boolean
  /** The topic may be another one by now: a look at it does not have to wait for its turn. */
  onDoubt?: () => void
}

/** Reading stops while so much is not acknowledged: what bounds the memory while the bus is away. */
export const LIMIT = { letters: 8192, bytes: 8 * 1024 * 1024 }
/** About how much one poll reads of all writers together, and at least of each. */
const POLL_BYTES = 1024 * 1024
const LEAST_POLL_BYTES = 65_536
/** A stop waits this long for acknowledgements, milliseconds. */
const DRAIN_MS = 4000

/** One poll's worth of the log. */
interface Chunk {
  /** The place behind it. */
  positions: Positions
  settled: boolean
}

/**
 * Log -> bus, from a checkpoint until it is closed. The saved place is always one up to which every record is
 * acknowledged (or in quarantine), so a crash repeats records and never leaves one out; the partition of a link is saved
 * before its first record goes out, so a repeat meets the consumer that knows it.
 */
export class Publishing {
  readonly #options: PublishingOptions
  readonly #file: ProducerFile
  readonly #tailer: Tailer<TransferRecord>
  readonly #outbox: Outbox
  readonly #partitioning: Partitioning
  readonly #ends: Map<number, number>
  readonly #chunks: Chunk[] = []
  readonly #follower: Follower
  readonly #timer: NodeJS.Timeout
  #done: Positions
  #linksUnsaved = false
  #unsaved = false
  #saving: Promise<void> = Promise.resolve()
  #saveFailing = false
  #inTrouble = false
  #recreated = false
  #observed: TailBatch<TransferRecord> | undefined

  /** @throws DtmsError `checkpoint.invalid`, and what the volume throws */
  static async open(options: PublishingOptions): Promise<Publishing | 'recreated'> {
    const { volume, logger, config, bus, ranges, fromBeginning } = options
    const { kind } = bus
    const file = new ProducerFile({ volume, logger, topic: config.transfersTopic, kind })
    const { positions, state } = await file.load()
    const ends = new Map(fromBeginning ? [] : state.ends)
    if (kind === 'kafka' && isRecreated(ends, ranges)) return 'recreated'
    if (!fromBeginning) {
      return new Publishing(options, {
        file,
        ends,
        links: state.links,
        positions: positions.get('transfers') ?? new Map(),
      })
    }
    // At once: after a crash the older place must not be taken for one in the new topic.
    await file.save({ positions: new Map([['transfers', new Map()]]), state: { links: state.links, ends: [] } })
    return new Publishing(options, { file, ends, links: state.links, positions: new Map() })
  }

  private constructor(
    options: PublishingOptions,
    parts: {
      file: ProducerFile
      ends: Map<number, number>
      links: readonly [string, number][]
      positions: Positions
    },
  ) {
    const { volume, logger, config, metrics, bus, publisher, ranges } = options
    this.#options = options
    this.#file = parts.file
    this.#ends = parts.ends
    this.#done = parts.positions
    this.#partitioning = new Partitioning(ranges.length, parts.links)
    this.#partitioning.resize(ranges.length)
    this.#tailer = createTailer({
      ...{ volume, logger, stream: 'transfers', codec: transferCodec, isWriter: isSiteName },
      positions: parts.positions,
    })
    this.#outbox = new Outbox({
      batchBytes: config.batchBytes,
      batchMs: config.batchMs,
      // The memory bus refuses nothing, and acknowledges when the reader has saved: one at a time would mean a turn a save.
      depth: bus.kind === 'memory' ? Number.POSITIVE_INFINITY : 1,
      publish: (records) => {
        metrics.countPublished(records.length)
        return publisher.publish(config.transfersTopic, records)
      },
      onAcknowledged: (batch) => this.#acknowledged(batch),
      onRefused: (letter, error) => this.#quarantine(letter, error),
      onTrouble: (error) => this.#trouble(error),
    })
    this.#follower = followLog({
      tailer: this.#boundedTailer(),
      pollMs: config.pollMs,
      logger,
      onBatch: (batch) => this.#handle(batch),
    })
    this.#timer = setInterval(() => void this.#saveWhenChanged(), 1000 * config.checkpointSeconds)
    this.#timer.unref()
  }

  /** The log can be read and the place in it saved. */
  get healthy(): boolean {
    return this.#follower.healthy && !this.#saveFailing
  }

  /** The bus takes nothing: why, in the log. */
  get inTrouble(): boolean {
    return this.#inTrouble
  }

  get outstanding(): number {
    return this.#outbox.letters
  }

  get outstandingBytes(): number {
    return this.#outbox.bytes
  }

  lagBytes(): number {
    return this.#tailer.lagBytes()
  }

  /**
   * What is in the topic is less than what had been acknowledged when it was asked (`acknowledged`), or an offset has
   * come a second time. What was acknowledged while the answer was on its way says nothing about it.
   */
  isRecreated(acknowledged: ReadonlyMap<number, number>, ranges: readonly PartitionRange[]): boolean {
    return this.#recreated || (this.#options.bus.kind === 'kafka' && isRecreated(acknowledged, ranges))
  }

  /** Newest acknowledged offset of each partition, as it is now. */
  acknowledged(): ReadonlyMap<number, number> {
    return new Map(this.#ends)
  }

  /** The topic has grown: links that come from now on use all of it. */
  resize(partitions: number): void {
    if (partitions !== this.#partitioning.partitions) this.#partitioning.resize(partitions)
  }

  /** Stops reading, waits a while for acknowledgements, saves the place. */
  async close(): Promise<void> {
    const { bus } = this.#options
    // A batch may wait for room, which only an acknowledgement or the end gives.
    const stopped = this.#follower.stop()
    // What cannot be acknowledged now is sent by the next life; the memory bus waits for a reader that may stop as well.
    if (bus.kind === 'kafka' && bus.connected) await this.#outbox.drain(DRAIN_MS)
    this.#outbox.close()
    await stopped
    clearInterval(this.#timer)
    await this.#saveWhenChanged()
    await this.#saving
  }

  /** Stops without waiting for the bus and without saving: the topic is gone. */
  async abandon(): Promise<void> {
    clearInterval(this.#timer)
    this.#outbox.close()
    await this.#follower.stop()
    await this.#saving
  }

  #boundedTailer(): Tailer<TransferRecord> {
    const tailer = this.#tailer
    return {
      poll: () => tailer.poll(Math.max(LEAST_POLL_BYTES, POLL_BYTES / Math.max(1, tailer.positions().size))),
      positions: () => tailer.positions(),
      lagBytes: () => tailer.lagBytes(),
      stats: () => tailer.stats(),
    }
  }

  async #handle(batch: TailBatch<TransferRecord>): Promise<void> {
    const { clock, config, metrics } = this.#options
    if (this.#observed !== batch) metrics.observeReading(batch)
    this.#observed = batch
    const timestampMs = Date.now()
    const publishedAt = clock.now()
    const letters = inLogOrder(batch.entries).map(({ writer, seq, at, value }): Letter => {
      const { partition, isNew } = this.#partitioning.of(linkKey(value.source, value.destination))
      this.#linksUnsaved ||= isNew
      return { writer, seq, at, message: toMessage(value, { partition, timestampMs, publishedAt }) }
    })
    if (this.#linksUnsaved) await this.#save()
    const chunk: Chunk = { positions: this.#tailer.positions(), settled: false }
    this.#chunks.push(chunk)
    this.#outbox.put(letters, () => {
      chunk.settled = true
      this.#advance()
    })
    // The next look comes later than the batch may wait: nobody would join it.
    if (batch.caughtUp && config.pollMs >= config.batchMs) this.#outbox.flush()
    await this.#outbox.room(LIMIT)
  }

  /** The place moves past what is settled, and never past what is not. */
  #advance(): void {
    for (let first = this.#chunks[0]; first?.settled === true; first = this.#chunks[0]) {
      this.#chunks.shift()
      this.#done = first.positions
      this.#unsaved = true
    }
  }

  #acknowledged(batch: Parameters<ConstructorParameters<typeof Outbox>[0]['onAcknowledged']>[0]): void {
    this.#options.metrics.observeAcknowledged(batch)
    for (const { partition, offset } of batch.ends) {
      const known = this.#ends.get(partition) ?? -1
      this.#ends.set(partition, Math.max(offset, known))
      // A batch is of one partition. An offset below its own length is none: the bus could not say which it was.
      if (this.#options.bus.kind === 'kafka' && offset <= known && offset >= batch.letters - 1) this.#recreated = true
    }
    if (this.#recreated) this.#options.onDoubt?.()
    if (this.#inTrouble) this.#options.logger.info('the bus takes records again')
    this.#inTrouble = false
  }

  #trouble(error: unknown): void {
    const { logger, metrics } = this.#options
    metrics.countError('refused')
    if (!this.#inTrouble) {
      logger.error('the bus takes nothing; trying again, nothing is lost', { error: describeError(error) })
    }
    this.#inTrouble = true
    this.#options.onDoubt?.()
  }

  async #quarantine({ writer, seq, at, message }: Letter, error: DtmsError): Promise<void> {
    const { quarantine, logger, metrics } = this.#options
    const text = message.value.subarray(0, QUARANTINE_TEXT_BYTES).toString('utf8')
    await quarantine.append({
      ...{ at, type: 'quarantined', reason: 'refused_by_bus', origin: `transfers/${writer}`, line: seq },
      ...{ bytes: message.value.length, text },
    })
    metrics.countQuarantined('refused_by_bus')
    logger.warn('the bus refuses a record: it is in quarantine/producer/ and not in the topic', {
      site: writer,
      seq,
      error: describeError(error),
    })
  }

  async #saveWhenChanged(): Promise<void> {
    if (!this.#unsaved) return
    const { logger, metrics } = this.#options
    try {
      await this.#save()
      if (this.#saveFailing) logger.info('the place in the log is saved again')
      this.#saveFailing = false
    } catch (error) {
      metrics.countError('volume')
      if (!this.#saveFailing) logger.warn('the place in the log cannot be saved', { error: describeError(error) })
      this.#saveFailing = true
    }
  }

  #save(): Promise<void> {
    const saved = this.#saving.then(async () => {
      this.#unsaved = false
      const links = this.#partitioning.entries()
      try {
        const positions = new Map([['transfers', this.#done]])
        await this.#file.save({ positions, state: { links, ends: [...this.#ends] } })
      } catch (error) {
        this.#unsaved = true
        throw error
      }
      this.#linksUnsaved = links.length !== this.#partitioning.entries().length
      this.#options.metrics.countCheckpoint()
    })
    this.#saving = saved.catch(() => {})
    return saved
  }
}

/**
 * Each recorder's records by their numbers. The tailer orders a batch by record time, and a consumer that has seen a
 * higher number of a recorder takes a lower one for a repeat.
 */
function inLogOrder<Read>(entries: readonly TailedEntry<Read>[]): TailedEntry<Read>[] {
  const byWriter = new Map<string, TailedEntry<Read>[]>()
  for (const entry of entries) {
    const own = byWriter.get(entry.writer)
    if (own === undefined) byWriter.set(entry.writer, [entry])
    else own.push(entry)
  }
  return [...byWriter.values()].flatMap((own) => own.sort((a, b) => a.seq - b.seq))
}
