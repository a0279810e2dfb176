import type { Volume } from '../volume/volume.ts'
import { readIndex, type SegmentSummary } from './index-file.ts'
import { writersOf } from './inventory.ts'
import { takeApart } from './joined.ts'
import { type RawLine, readLines, type SegmentEnd } from './lines.ts'
import type { Codec, DamageReason } from './log.ts'
import { segmentName, segmentsOf } from './segments.ts'

export interface VerifyOptions {
  volume: Volume
  stream: string
  /** Absent: all of the stream. */
  writers?: readonly string[]
  codec: Codec<never, unknown>
  /** Bytes of whole segments read so far, for a progress line. */
  onProgress?: (bytes: number) => void
}

export interface VerifyReport {
  /** Nothing is missing and nothing is damaged. A torn unacknowledged tail or a repeat is not a finding. */
  ok: boolean
  sites: VerifiedFolder[]
}

export interface VerifiedFolder {
  site: string
  records: number
  /** Undefined for an empty log. */
  firstSeq: number | undefined
  lastSeq: number | undefined
  missing: number
  repeated: number
  /** Segment ends that hold the rest of a line that was never acknowledged. */
  torn: number
  /** The first `MOST_LISTED`; `damagedTotal` counts all. */
  damaged: { segment: string; offset: number; reason: DamageReason }[]
  damagedTotal: number
}

const MOST_LISTED = 1000

/** A repeat is looked at this many seqs back: does it say the same? Two writers in one folder would not. */
const REMEMBERED = 65_536

/** Reads a stream from its beginning to its end, a chunk at a time, and says whether everything is there once. */
export async function verifyStream(options: VerifyOptions): Promise<VerifyReport> {
  const writers = options.writers ?? (await writersOf(options.volume, options.stream))
  const sites: VerifiedFolder[] = []
  let bytes = 0
  for (const writer of writers) {
    const check = new FolderCheck(writer, options.codec)
    const folder = `${options.stream}/${writer}`
    const index = await readIndex(options.volume, folder)
    for (const segment of segmentsOf(await options.volume.list(folder))) {
      const sealed = index.get(segment)
      const end = await eachLine(options.volume, `${folder}/${segment}`, sealed?.bytes, (line) =>
        check.line(segment, line),
      )
      if (end === undefined) continue
      check.end(segment, end, sealed)
      bytes += end.size
      options.onProgress?.(bytes)
    }
    sites.push(check.result())
  }
  return { ok: sites.every(({ missing, damagedTotal }) => missing + damagedTotal === 0), sites }
}

async function eachLine(
  volume: Volume,
  path: string,
  end: number | undefined,
  use: (line: RawLine) => void,
): Promise<SegmentEnd | undefined> {
  const chunks = readLines(volume, path, { end })
  for (;;) {
    const step = await chunks.next()
    if (step.done === true) return step.value
    step.value.forEach(use)
  }
}

class FolderCheck {
  readonly #codec: Codec<never, unknown>
  readonly #found: VerifiedFolder
  readonly #sums = new Uint32Array(REMEMBERED)
  #highest: number | undefined
  #acknowledged = 0

  constructor(site: string, codec: Codec<never, unknown>) {
    this.#codec = codec
    this.#found = {
      site,
      records: 0,
      firstSeq: undefined,
      lastSeq: undefined,
      missing: 0,
      repeated: 0,
      torn: 0,
      damaged: [],
      damagedTotal: 0,
    }
  }

  line(segment: string, { offset, bytes }: RawLine): void {
    if (this.#highest === undefined && segment === segmentName(1, 1)) this.#highest = 0
    if (bytes === undefined) {
      this.#damage(segment, offset, 'oversized')
      return
    }
    const parsed = this.#codec.parse(bytes)
    const whole = parsed.ok || parsed.reason === 'unknown'
    if (!parsed.ok && !whole) this.#damage(segment, offset, parsed.reason)
    const { seq } = parsed
    if (seq === undefined) {
      for (const piece of takeApart(bytes) ?? [])
        this.line(segment, { offset: offset + piece.offset, bytes: piece.bytes })
      return
    }
    const sum = sumOf(bytes)
    if (this.#highest !== undefined && seq <= this.#highest) {
      this.#found.repeated += 1
      const same = this.#sums[seq % REMEMBERED] === sum
      if (!same && seq > this.#highest - REMEMBERED) this.#damage(segment, offset, 'foreign')
      return
    }
    if (whole) this.#found.records += 1
    if (this.#highest !== undefined) this.#miss(this.#highest + 1, seq - 1)
    this.#highest = seq
    this.#found.firstSeq ??= seq
    this.#found.lastSeq = seq
    this.#sums[seq % REMEMBERED] = sum
  }

  end(segment: string, end: SegmentEnd, sealed: SegmentSummary | undefined): void {
    if (sealed !== undefined && end.size < sealed.bytes) this.#damage(segment, end.size, 'torn')
    else if (end.torn > 0) this.#found.torn += 1
    if (sealed !== undefined) this.#acknowledged = Math.max(this.#acknowledged, sealed.lastSeq)
  }

  result(): VerifiedFolder {
    // The index knows of lines that a cut segment no longer holds.
    if (this.#highest !== undefined || this.#acknowledged > 0) this.#miss((this.#highest ?? 0) + 1, this.#acknowledged)
    return this.#found
  }

  #miss(fromSeq: number, toSeq: number): void {
    for (let seq = Math.max(fromSeq, toSeq - REMEMBERED + 1); seq <= toSeq; seq += 1) this.#sums[seq % REMEMBERED] = 0
    this.#found.missing += Math.max(0, toSeq - fromSeq + 1)
  }

  #damage(segment: string, offset: number, reason: DamageReason): void {
    this.#found.damagedTotal += 1
    if (this.#found.damaged.length < MOST_LISTED) this.#found.damaged.push({ segment, offset, reason })
  }
}

/** The checksum that closes a line: its last ten bytes are eight digits, a quote and a brace. */
function sumOf(line: Buffer): number {
  return Number.parseInt(line.toString('latin1', line.length - 10, line.length - 2), 16) >>> 0
}
