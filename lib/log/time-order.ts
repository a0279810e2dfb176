import type { Position, TailedEntry } from './log.ts'

/** What is known of one writer. */
interface Lane<Read> {
  /** Read and not yet delivered, in the order of the file. */
  held: TailedEntry<Read>[]
  /** Latest record time read so far. */
  newestAt: number
  /** Nothing more was there when it was last read. */
  atEnd: boolean
  /** Place behind the newest entry that was delivered. */
  delivered: Position | undefined
}

/**
 * Joins the writers of a stream by record time while a reader catches up. Writers write at different rates, so equal
 * pieces of their files cover different times: read side by side, one would run hours ahead of another.
 *
 * Only the writer that is furthest behind in time is read on, and an entry is delivered when every writer that has more
 * to read has come as far. So at most two pieces of each writer are held. At the end of the log nothing is held: a live
 * reader waits for nobody. Entries of one writer keep the order of its file.
 */
export class TimeOrder<Read> {
  readonly #lanes = new Map<string, Lane<Read>>()

  /** Whether this writer is to be read now. */
  wants(writer: string): boolean {
    const lane = this.#lanes.get(writer)
    return lane === undefined || lane.atEnd || lane.newestAt <= this.#frontier()
  }

  /** What a turn has read of a writer; `before` is where it stood before. */
  accept(writer: string, entries: readonly TailedEntry<Read>[], atEnd: boolean, before: Position | undefined): void {
    const known = this.#lanes.get(writer)
    const lane = known ?? { held: [], newestAt: Number.NEGATIVE_INFINITY, atEnd, delivered: before }
    if (known === undefined) this.#lanes.set(writer, lane)
    for (const entry of entries) {
      lane.held.push(entry)
      lane.newestAt = Math.max(lane.newestAt, entry.at)
    }
    lane.atEnd = atEnd
  }

  /** Everything that may be delivered now, in time order. */
  release(): TailedEntry<Read>[] {
    const frontier = this.#frontier()
    const released: TailedEntry<Read>[] = []
    for (const lane of this.#lanes.values()) {
      const { held } = lane
      let count = 0
      while (count < held.length && (held[count] as TailedEntry<Read>).at <= frontier) count += 1
      if (count === 0) continue
      lane.delivered = held[count - 1]?.behind
      for (const entry of held.splice(0, count)) released.push(entry)
    }
    return released.sort(compareEntries)
  }

  /** Entries that were read and wait for slower writers. */
  get holding(): number {
    let count = 0
    for (const { held } of this.#lanes.values()) count += held.length
    return count
  }

  /** Where a reader must go on that has handled what was delivered; `place` is where the writer has been read to. */
  position(writer: string, place: Position | undefined): Position | undefined {
    const lane = this.#lanes.get(writer)
    return lane === undefined || lane.held.length === 0 ? place : lane.delivered
  }

  /** The record time up to which every writer that has more to read has come. */
  #frontier(): number {
    let frontier = Number.POSITIVE_INFINITY
    for (const { atEnd, newestAt } of this.#lanes.values()) if (!atEnd) frontier = Math.min(frontier, newestAt)
    return frontier
  }
}

/** The order of a batch, whatever the order in which folders were read: (record time, writer, seq). */
export function compareEntries(a: TailedEntry<unknown>, b: TailedEntry<unknown>): number {
  if (a.at !== b.at) return a.at - b.at
  if (a.writer !== b.writer) return a.writer < b.writer ? -1 : 1
  return a.seq - b.seq
}
