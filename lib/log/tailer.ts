import { type Logger, silentLogger } from '../logger.ts'
import type { Volume } from '../volume/volume.ts'
import { FolderReader } from './folder-reader.ts'
import type { Codec, DamageReason, Position, Positions, TailBatch, TailedEntry, Tailer } from './log.ts'
import { isWriterName } from './segments.ts'
import { compareEntries, TimeOrder } from './time-order.ts'

export interface TailerOptions<Read> {
  volume: Volume
  stream: string
  /** Absent: every writer of the stream, also those that appear later. */
  writers?: readonly string[]
  /** Which folder names count as writers, for streams with a stricter rule. */
  isWriter?: (name: string) => boolean
  codec: Codec<never, Read>
  /** Absent: from the beginning. */
  positions?: Positions
  logger?: Logger
  /**
   * While catching up, entries of different writers come in the order of their record time, over all batches (see
   * `TimeOrder`). Without it only each batch is in order.
   */
  inTimeOrder?: boolean
}

/** About how much one poll reads of each writer unless it is told. */
const POLL_BYTES = 1024 * 1024

/** New writers are looked for this often, milliseconds; an idle reader polls no oftener anyway. */
const WRITERS_EVERY_MS = 1000

/** Reads a stream as it grows (docs/log-store.md, "Reading"). Opens nothing before the first poll. */
export function createTailer<Read>(options: TailerOptions<Read>): Tailer<Read> {
  return new StreamTailer(options)
}

interface Part<Read> {
  writer: string
  reader: FolderReader<Read>
  before: Position | undefined
  entries: TailedEntry<Read>[]
}

class StreamTailer<Read> implements Tailer<Read> {
  readonly #options: TailerOptions<Read>
  readonly #readers = new Map<string, FolderReader<Read>>()
  readonly #damaged = new Map<DamageReason, number>()
  #listedAt = Number.NEGATIVE_INFINITY
  readonly #order: TimeOrder<Read> | undefined
  #entries = 0
  #repeated = 0
  #missing = 0

  constructor(options: TailerOptions<Read>) {
    this.#options = options
    this.#order = options.inTimeOrder === true ? new TimeOrder() : undefined
    for (const writer of options.writers ?? []) this.#reader(writer)
    for (const writer of options.positions?.keys() ?? []) {
      if (options.writers === undefined || options.writers.includes(writer)) this.#reader(writer)
    }
  }

  async poll(maxBytes = POLL_BYTES): Promise<TailBatch<Read>> {
    await this.#findWriters()
    const batch: TailBatch<Read> = { entries: [], gaps: [], damaged: [], repeated: 0, caughtUp: true }
    const chosen = [...this.#readers].filter(([writer]) => this.#order?.wants(writer) ?? true)
    const parts = chosen.map(([writer, reader]) => ({ writer, reader, before: reader.position(), entries: [] }))
    // Asked for all at once: the volume answers in turn, and nobody waits for a turn of the event loop between two.
    const results = await Promise.allSettled(parts.map((part) => this.#read(part, maxBytes, batch)))
    const ends = results.map((result) => result.status === 'fulfilled' && result.value)
    // Nobody waits for a writer that cannot be read.
    this.#putInOrder(
      batch,
      parts,
      results.map((result) => result.status === 'rejected' || result.value),
    )
    const failed = results.find((result) => result.status === 'rejected')
    // What was read before a failure is delivered; the failure comes back with the next poll if it lasts.
    if (failed !== undefined && batch.entries.length === 0 && batch.gaps.length + batch.damaged.length === 0) {
      throw failed.reason
    }
    batch.caughtUp = chosen.length === this.#readers.size && ends.every((end) => end)
    this.#count(batch)
    return batch
  }

  positions(): Positions {
    const positions: Positions = new Map()
    for (const [writer, reader] of this.#readers) {
      const place = reader.position()
      const position = this.#order === undefined ? place : this.#order.position(writer, place)
      if (position !== undefined) positions.set(writer, position)
    }
    return positions
  }

  /** In time order each writer's entries are collected apart; else all go into the one batch. */
  #read({ reader, entries }: Part<Read>, maxBytes: number, batch: TailBatch<Read>): Promise<boolean> {
    if (this.#order === undefined) return reader.read(maxBytes, batch)
    const { gaps, damaged } = batch
    const own: TailBatch<Read> = { entries, gaps, damaged, repeated: 0, caughtUp: true }
    return reader.read(maxBytes, own).finally(() => {
      batch.repeated += own.repeated
    })
  }

  #putInOrder(batch: TailBatch<Read>, parts: readonly Part<Read>[], ends: readonly boolean[]): void {
    if (this.#order === undefined) {
      if (!isSorted(batch.entries)) batch.entries.sort(compareEntries)
      return
    }
    parts.forEach(({ writer, entries, before }, i) => {
      this.#order?.accept(writer, entries, ends[i] ?? false, before)
    })
    batch.entries = this.#order.release()
  }

  lagBytes(): number {
    return [...this.#readers.values()].reduce((sum, reader) => sum + reader.lagBytes(), 0)
  }

  stats() {
    return { entries: this.#entries, repeated: this.#repeated, missing: this.#missing, damaged: this.#damaged }
  }

  #reader(writer: string): FolderReader<Read> {
    const { volume, stream, codec, positions, logger } = this.#options
    const known = this.#readers.get(writer)
    if (known !== undefined) return known
    const position = positions?.get(writer)
    const reader = new FolderReader({
      ...{ volume, stream, writer, codec, position, logger: logger ?? silentLogger },
      marksPlaces: this.#order !== undefined,
    })
    this.#readers.set(writer, reader)
    return reader
  }

  async #findWriters(): Promise<void> {
    const { volume, stream, writers, isWriter } = this.#options
    if (writers !== undefined || performance.now() - this.#listedAt < WRITERS_EVERY_MS) return
    for (const name of (await volume.list(stream)) ?? []) {
      if (isWriterName(name) && (isWriter === undefined || isWriter(name))) this.#reader(name)
    }
    // While nobody writes yet every poll looks.
    if (this.#readers.size > 0) this.#listedAt = performance.now()
  }

  #count(batch: TailBatch<Read>): void {
    this.#entries += batch.entries.length
    this.#repeated += batch.repeated
    for (const { fromSeq, toSeq } of batch.gaps) this.#missing += toSeq - fromSeq + 1
    for (const { reason } of batch.damaged) this.#damaged.set(reason, (this.#damaged.get(reason) ?? 0) + 1)
  }
}

function isSorted(entries: readonly TailedEntry<unknown>[]): boolean {
  for (let i = 1; i < entries.length; i += 1) {
    if (compareEntries(entries[i - 1] as TailedEntry<unknown>, entries[i] as TailedEntry<unknown>) > 0) return false
  }
  return true
}
