import type { Clock } from '../clock.ts'
import { DtmsError } from '../errors.ts'
import { describeError } from '../lifecycle.ts'
import type { Logger } from '../logger.ts'
import type { SegmentHandle, Volume } from '../volume/volume.ts'
import { type Batch, BatchQueue, type RollRule, rollRule } from './batches.ts'
import type { ProcessTable } from './holder.ts'
import { emptySummary, readIndex, type SegmentIndex, type SegmentSummary, summarise, writeIndex } from './index-file.ts'
import { claimFolder, type Lease, type LeaseTiming } from './lease.ts'
import { LineGroup } from './line-group.ts'
import type { Codec, LogWriter, WriterStats } from './log.ts'
import { applyRetention, type RetentionRule } from './retention.ts'
import { segmentName, segmentsOf } from './segments.ts'

export interface LogWriterOptions<Written> {
  volume: Volume
  stream: string
  writer: string
  codec: Codec<Written, unknown>
  clock: Clock
  logger: Logger
  /** Absent: nothing is ever deleted. */
  retention?: RetentionRule
  /** Another writer has taken the folder over: this one will never write again. */
  onFenced?: (error: DtmsError) => void
  roll?: RollRule
  retry?: RetryRule
  leaseTiming?: LeaseTiming
  processes?: ProcessTable
}

export interface RetryRule {
  /** Pause after a failed write: doubles from the first to the last of these, milliseconds. */
  firstPauseMs: number
  lastPauseMs: number
  /** How long `close` goes on trying to write what is queued. */
  closePatienceMs: number
}

export const retryRule: RetryRule = { firstPauseMs: 50, lastPauseMs: 2000, closePatienceMs: 5000 }

/** The index is rewritten at most this often while segments roll fast (imports); always when the writer closes. */
const INDEX_EVERY_MS = 1000

/**
 * Claims the folder, reads where its log ends, seals what former writers left open, and returns a writer that begins a new
 * epoch.
 * @throws DtmsError `log.writer_busy` when a living writer holds the folder
 */
export async function openLogWriter<Written>(options: LogWriterOptions<Written>): Promise<LogWriter<Written>> {
  const folder = `${options.stream}/${options.writer}`
  let writer: SegmentWriter<Written> | undefined
  let lost: DtmsError | undefined
  const claim = await claimFolder({
    volume: options.volume,
    folder,
    clock: options.clock,
    logger: options.logger,
    ...(options.leaseTiming === undefined ? {} : { timing: options.leaseTiming }),
    ...(options.processes === undefined ? {} : { processes: options.processes }),
    onLost: (error) => {
      lost = error
      writer?.fence(error)
    },
  })
  try {
    const index = await sealFormerSegments(options, folder, claim.segment)
    writer = new SegmentWriter(options, { ...claim, folder, index })
    if (lost !== undefined) throw lost
    await writer.retain()
    return writer
  } catch (error) {
    await claim.handle.close().catch(() => {})
    await options.volume.remove(`${folder}/${claim.segment}`).catch(() => {})
    await claim.lease.release().catch(() => {})
    throw error
  }
}

/** After this, what a writer of an older epoch still puts behind its segments is beyond their end for every reader. */
async function sealFormerSegments(
  options: { volume: Volume; codec: Codec<never, unknown> },
  folder: string,
  ownSegment: string,
): Promise<SegmentIndex> {
  const known = await readIndex(options.volume, folder)
  const index: SegmentIndex = new Map()
  let changed = false
  for (const segment of segmentsOf(await options.volume.list(folder))) {
    if (segment >= ownSegment) continue
    const summary = known.get(segment) ?? (await summarise(options.volume, folder, segment, options.codec))
    changed ||= !known.has(segment)
    if (summary !== undefined) index.set(segment, summary)
  }
  if (changed || index.size !== known.size) await writeIndex(options.volume, folder, index)
  return index
}

/** One for all writers: it is filled and emptied within one call. */
const group = new LineGroup()

interface Place {
  folder: string
  lease: Lease
  segment: string
  handle: SegmentHandle
  index: SegmentIndex
}

class SegmentWriter<Written> implements LogWriter<Written> {
  readonly stream: string
  readonly writer: string
  readonly epoch: number
  readonly stats: WriterStats = {
    lines: 0,
    bytes: 0,
    syncs: 0,
    sealedByFailure: 0,
    writeErrors: 0,
    retentionDeleted: 0,
    retentionForced: 0,
    lastSyncSeconds: 0,
  }

  readonly #options: LogWriterOptions<Written>
  readonly #place: Place
  readonly #queue: BatchQueue
  readonly #retry: RetryRule
  #nextSeq: number
  #current: SegmentSummary
  #handle: SegmentHandle | undefined
  #number = 1
  #inFlight = 0
  #draining: Promise<void> | undefined
  #indexChanged = false
  #indexAt = Number.NEGATIVE_INFINITY
  #failures = 0
  #refusal: DtmsError | undefined
  #closing: Promise<void> | undefined
  #closeBy = Number.POSITIVE_INFINITY
  #wake: () => void = () => {}

  constructor(options: LogWriterOptions<Written>, place: Place) {
    this.stream = options.stream
    this.writer = options.writer
    this.epoch = place.lease.epoch
    this.#options = options
    this.#place = place
    this.#queue = new BatchQueue(options.roll ?? rollRule)
    this.#retry = options.retry ?? retryRule
    this.#nextSeq = [...place.index.values()].reduce((last, { lastSeq }) => Math.max(last, lastSeq), 0) + 1
    this.#current = emptySummary(place.segment)
    this.#handle = place.handle
  }

  get nextSeq(): number {
    return this.#nextSeq
  }

  get pending(): number {
    return this.#queue.pending + this.#inFlight
  }

  append(entry: Written): Promise<number> {
    return this.appendAll([entry])
  }

  appendAll(entries: readonly Written[]): Promise<number> {
    if (this.#refusal !== undefined) return Promise.reject(this.#refusal)
    if (entries.length === 0) return Promise.resolve(this.#nextSeq - 1)
    const { codec } = this.#options
    try {
      group.fill(codec, entries, this.#nextSeq)
    } catch (error) {
      return Promise.reject(error)
    }
    const batch = this.#queue.add(group.memory, group.ends, this.#nextSeq, (i) => codec.timeOf(entries[i] as Written))
    this.#nextSeq += entries.length
    const seq = this.#nextSeq - 1
    return new Promise((resolve, reject) => {
      batch?.waiters.push({ seq, resolve, reject })
      this.#draining ??= this.#drain()
    })
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  fence(error: DtmsError): void {
    this.#refusal = error
    this.#wake()
    this.#options.onFenced?.(error)
  }

  /** Deletes what may go; a failure is tried again at the next roll. */
  async retain(): Promise<void> {
    const { volume, stream, writer, retention, logger } = this.#options
    if (retention === undefined) return
    const { folder, index } = this.#place
    try {
      const deleted = await applyRetention({ volume, stream, writer, folder, index, rule: retention })
      if (deleted.length === 0) return
      const forced = deleted.filter((one) => one.forced).length
      this.stats.retentionDeleted += deleted.length
      this.stats.retentionForced += forced
      if (forced > 0) logger.warn('segments deleted that a reader still needed', { folder, segments: forced })
      await writeIndex(volume, folder, index)
    } catch (error) {
      logger.warn('retention failed', { folder, error: describeError(error) })
    }
  }

  async #drain(): Promise<void> {
    // Entries of the same turn of the event loop share the first batch.
    await new Promise<void>((resolve) => setImmediate(resolve))
    let givenUp: unknown
    for (let batch = this.#queue.take(); batch !== undefined; batch = this.#queue.take()) {
      this.#inFlight = batch.lines
      try {
        // What is written behind a batch that was given up would leave its seqs missing for good.
        if (givenUp !== undefined) throw givenUp
        await this.#write(batch)
        for (const { seq, resolve } of batch.waiters) resolve(seq)
      } catch (error) {
        givenUp = error
        for (const { reject } of batch.waiters) reject(error)
      }
      this.#queue.done(batch)
      this.#inFlight = 0
    }
    this.#draining = undefined
  }

  /** Returns when the batch is durable; throws only when the writer is fenced or gives up in closing. */
  async #write(batch: Batch): Promise<void> {
    let rolls = batch.rolls
    for (;;) {
      if (this.#refusal?.code === 'log.fenced') throw this.#refusal
      try {
        await this.#place.lease.ensure()
        if (rolls && this.#handle !== undefined && this.#current.lines > 0) await this.#roll()
        rolls = false
        await this.#append(batch)
        // The call may have been stuck for so long that somebody else writes here now.
        await this.#place.lease.ensure()
        this.#account(batch)
        return
      } catch (error) {
        await this.#failed(error)
      }
    }
  }

  async #append(batch: Batch): Promise<void> {
    const handle = this.#handle ?? (await this.#openNext())
    const startedAt = performance.now()
    await handle.append(batch.memory.subarray(0, batch.bytes))
    this.stats.lastSyncSeconds = (performance.now() - startedAt) / 1000
    this.stats.syncs += 1
  }

  #account(batch: Batch): void {
    if (this.#failures > 0) {
      this.#options.logger.info('writing goes on', { folder: this.#place.folder, failures: this.#failures })
    }
    this.#failures = 0
    this.stats.lines += batch.lines
    this.stats.bytes += batch.bytes
    const current = this.#current
    if (current.lines === 0) {
      current.firstSeq = batch.firstSeq
      current.minAt = batch.minAt
      current.maxAt = batch.maxAt
    }
    current.lines += batch.lines
    current.bytes += batch.bytes
    current.lastSeq = batch.lastSeq
    current.minAt = Math.min(current.minAt, batch.minAt)
    current.maxAt = Math.max(current.maxAt, batch.maxAt)
  }

  async #openNext(): Promise<SegmentHandle> {
    const { folder } = this.#place
    for (;;) {
      const segment = segmentName(this.epoch, this.#number + 1)
      const handle = await this.#options.volume.openSegment(`${folder}/${segment}`)
      // It exists when a call that was given up as stalled has made it after all: nobody writes to that one.
      this.#number += 1
      if (handle === undefined) continue
      this.#handle = handle
      this.#current = emptySummary(segment)
      return handle
    }
  }

  /** The planned end of a segment. */
  async #roll(): Promise<void> {
    await this.#seal()
    if (this.#options.clock.monotonic() - this.#indexAt < INDEX_EVERY_MS) return
    try {
      await this.#saveIndex()
    } catch (error) {
      // The index is only a help; it is written again at the next roll.
      this.#options.logger.warn('the index cannot be written', {
        folder: this.#place.folder,
        error: describeError(error),
      })
    }
    await this.retain()
  }

  /** Ends the current segment at what is acknowledged; an empty one leaves no file. */
  async #seal(): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    if (handle === undefined) return
    try {
      await handle.close()
    } catch (error) {
      // Every acknowledged line has been synced, so a late error takes nothing away.
      this.stats.writeErrors += 1
      this.#options.logger.warn('closing a segment failed', {
        folder: this.#place.folder,
        error: describeError(error),
      })
    }
    if (this.#current.lines === 0) {
      await this.#options.volume.remove(`${this.#place.folder}/${this.#current.segment}`).catch(() => {})
      return
    }
    this.#place.index.set(this.#current.segment, this.#current)
    this.#indexChanged = true
  }

  async #saveIndex(): Promise<void> {
    if (!this.#indexChanged) return
    await writeIndex(this.#options.volume, this.#place.folder, this.#place.index)
    this.#indexChanged = false
    this.#indexAt = this.#options.clock.monotonic()
  }

  /** The descriptor of a failed write or sync is never used again. Pauses; throws when the writer must stop. */
  async #failed(error: unknown): Promise<void> {
    if (error instanceof DtmsError && error.code === 'log.fenced') throw error
    this.stats.writeErrors += 1
    if (this.#handle !== undefined) {
      this.stats.sealedByFailure += 1
      await this.#seal()
    }
    if (this.#failures === 0) {
      this.#options.logger.error('the log cannot be written; trying again', {
        folder: this.#place.folder,
        error: describeError(error),
      })
    }
    if (performance.now() >= this.#closeBy) throw error
    const { firstPauseMs, lastPauseMs } = this.#retry
    const pauseMs = Math.min(lastPauseMs, firstPauseMs * 2 ** Math.min(this.#failures, 10))
    this.#failures += 1
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, pauseMs)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  async #close(): Promise<void> {
    const fenced = this.#refusal
    this.#refusal ??= new DtmsError('log.closed', `the log ${this.#place.folder} is closed`)
    this.#closeBy = performance.now() + this.#retry.closePatienceMs
    this.#wake()
    await this.#draining
    if (fenced !== undefined || this.#refusal.code === 'log.fenced') {
      await this.#handle?.close().catch(() => {})
      return
    }
    await this.#seal()
    await this.#untilDone('the index cannot be written', () => this.#saveIndex())
    await this.#untilDone('the lease cannot be given back', () => this.#place.lease.release())
  }

  /**
   * The last steps of closing are tried again until the patience ends. Not fatal then: the next writer scans what the index
   * lacks, and takes the lease of an ended process.
   */
  async #untilDone(message: string, step: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        await step()
        return
      } catch (error) {
        if (performance.now() >= this.#closeBy) {
          this.#options.logger.warn(message, { folder: this.#place.folder, error: describeError(error) })
          return
        }
      }
      await new Promise((resolve) => setTimeout(resolve, this.#retry.firstPauseMs))
    }
  }
}
