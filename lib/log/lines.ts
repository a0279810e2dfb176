import { MAX_LINE_BYTES } from '../record/record.ts'
import type { Volume } from '../volume/volume.ts'

const NEWLINE = 0x0a

/** Least bytes to read at once: more than the longest line, so that every read of whole lines makes progress. */
export const CHUNK_BYTES = 4 * MAX_LINE_BYTES

/** A complete line; without bytes when it was too long to be held. */
export interface RawLine {
  /** Byte in the segment where it begins. */
  offset: number
  bytes: Buffer | undefined
}

/** Where the whole lines of a chunk lie. */
export interface LineMarks {
  /** Byte in the segment where an oversized line began that ends in this chunk. */
  oversizedAt: number | undefined
  /** Byte in the chunk where the first line begins; each of the others follows the newline of the one before. */
  start: number
  /** Bytes in the chunk: the newline of each line. */
  ends: number[]
}

/**
 * Cuts chunks of a segment into whole lines. Of an oversized line nothing is kept but the place where it began, so the
 * memory it costs is one chunk, however long it is.
 */
export class LineCutter {
  #lineStart: number
  #scanned: number

  constructor(offset: number) {
    this.#lineStart = offset
    this.#scanned = offset
  }

  /** Where the first line begins that is not complete yet: the place to save. */
  get lineStart(): number {
    return this.#lineStart
  }

  /** Where the next chunk must begin. */
  get next(): number {
    return this.#scanned
  }

  /** Bytes of the incomplete line at the end, as far as the last chunk went. */
  pendingAt(end: number): number {
    return Math.max(0, end - this.#lineStart)
  }

  /** `chunk` begins at `next`. Lines are views of the chunk. */
  cut(chunk: Buffer): RawLine[] {
    const base = this.#scanned
    const { oversizedAt, start, ends } = this.mark(chunk)
    const lines: RawLine[] = oversizedAt === undefined ? [] : [{ offset: oversizedAt, bytes: undefined }]
    let lineStart = start
    for (const end of ends) {
      const fits = end - lineStart < MAX_LINE_BYTES
      lines.push({ offset: base + lineStart, bytes: fits ? chunk.subarray(lineStart, end) : undefined })
      lineStart = end + 1
    }
    return lines
  }

  /** The same without a view for each line, for a reader of many; it must itself look for lines that are too long. */
  mark(chunk: Buffer): LineMarks {
    const marks: LineMarks = { oversizedAt: undefined, start: 0, ends: [] }
    const base = this.#scanned
    let start = 0
    if (this.#scanned > this.#lineStart) {
      const newline = chunk.indexOf(NEWLINE)
      if (newline < 0) {
        this.#scanned += chunk.length
        return marks
      }
      marks.oversizedAt = this.#lineStart
      start = newline + 1
      marks.start = start
    }
    for (let newline = chunk.indexOf(NEWLINE, start); newline >= 0; newline = chunk.indexOf(NEWLINE, start)) {
      marks.ends.push(newline)
      start = newline + 1
    }
    this.#lineStart = base + start
    this.#scanned = chunk.length - start >= MAX_LINE_BYTES ? base + chunk.length : this.#lineStart
    return marks
  }
}

export interface SegmentEnd {
  /** Length of the file, at most the given end. */
  size: number
  /** Bytes after the last newline. */
  torn: number
}

/**
 * All lines of one segment up to `end` (the length in the index, for a sealed one) or to the end of the file, chunk by
 * chunk. The generator returns where the file really ended; undefined when there is no such file.
 */
export async function* readLines(
  volume: Volume,
  path: string,
  range: { from?: number; end?: number | undefined } = {},
): AsyncGenerator<RawLine[], SegmentEnd | undefined> {
  const end = range.end ?? Number.POSITIVE_INFINITY
  const cutter = new LineCutter(range.from ?? 0)
  for (;;) {
    const wanted = Math.min(CHUNK_BYTES, end - cutter.next)
    const chunk = await volume.read(path, cutter.next, wanted)
    if (chunk === undefined) return undefined
    const reached = cutter.next + chunk.length
    const before = cutter.next
    const lines = cutter.cut(chunk)
    if (lines.length > 0) yield lines
    if (chunk.length < wanted || reached >= end || cutter.next === before) {
      return { size: reached, torn: cutter.pendingAt(reached) }
    }
  }
}
