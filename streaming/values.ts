import {
  createZScore,
  restoreZScore,
  type SavedZScore,
  type ZScore,
  type ZScoreOptions,
  type ZVerdict,
} from '../lib/detect/zscore.ts'
import { DtmsError } from '../lib/errors.ts'

export interface ValueStreamsOptions {
  zscore: ZScoreOptions
  /** Streams that are told apart; `mostStreams(zscore)` when absent. */
  most?: number
}

/** Streams that one partition tells apart, unless their windows are so large that fewer fit into MEMORY_BYTES. */
const MOST_STREAMS = 512
const LEAST_STREAMS = 4
const MEMORY_BYTES = 32 * 1024 * 1024
/** A stream that was silent during so many values of all streams may give its place to another one. */
const IDLE_VALUES = 32_768
const FORMAT_VERSION = 2

interface Stream {
  detector: ZScore
  /** Which of all values its newest one was. */
  seenAt: number
}

interface Header {
  v: number
  values: number
  refused: number
  streams: SavedStream[]
}

type SavedStream = Omit<SavedZScore, 'values' | 'sums'> & {
  key: string
  seenAt: number
  count: number
  /** Bytes of one value: 4 when nothing is lost by it. */
  width: 4 | 8
  sums: number
}

/** How many streams of this kind fit: 512 with the usual window of 1,000, plain (8 KiB each) or 278 robust (120 KiB each). */
export function mostStreams({ window, robust = false, channels }: ZScoreOptions): number {
  // The ring is a power of two; a node of the tree takes 28 bytes.
  const ring = 8 * 2 ** Math.ceil(Math.log2(window + 10))
  const bytes = ring + (robust ? 28 * (window + 2) * (channels?.length ?? 4) : 0)
  return Math.max(LEAST_STREAMS, Math.min(MOST_STREAMS, Math.floor(MEMORY_BYTES / bytes)))
}

/**
 * One z-score for each stream of values, by key. Their number is bounded because keys are input: when all places are
 * taken a new stream gets the place of one that has long been silent; else it is not judged, and counted.
 */
export class ValueStreams {
  readonly #zscore: ZScoreOptions
  readonly #most: number
  readonly #streams = new Map<string, Stream>()
  #values = 0
  /** Before this value no place can become free. */
  #fullUntil = 0
  /** Values that were not judged because there was no place for their stream. */
  refused = 0

  constructor(options: ValueStreamsOptions) {
    this.#zscore = options.zscore
    this.#most = options.most ?? mostStreams(options.zscore)
  }

  get size(): number {
    return this.#streams.size
  }

  has(key: string): boolean {
    return this.#streams.has(key)
  }

  /** Whether the stream has a place, or gets one; counted as refused when not. */
  open(key: string): boolean {
    return this.#place(key) !== undefined
  }

  /** The verdict is only valid until the next call. Undefined while too little is known, and without a place. */
  observe(key: string, value: number): ZVerdict | undefined {
    this.#values += 1
    const stream = this.#place(key)
    if (stream === undefined) return undefined
    stream.seenAt = this.#values
    return stream.detector.observe(value)
  }

  /** A line of JSON, then the numbers: 4 KiB for a full stream with the usual window when they fit into 32 bits, else 8 KiB. */
  save(): Buffer {
    const parts: Buffer[] = []
    const streams = [...this.#streams].map(([key, { detector, seenAt }]): SavedStream => {
      const { values, sums, ...rest } = detector.save()
      const narrow = Float32Array.from(values)
      const fits = values.every((value, i) => value === narrow[i])
      parts.push(bytesOf(sums), bytesOf(fits ? narrow : values))
      return { ...rest, key, seenAt, count: values.length, width: fits ? 4 : 8, sums: sums.length }
    })
    const header: Header = { v: FORMAT_VERSION, values: this.#values, refused: this.refused, streams }
    return Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), ...parts])
  }

  /** @throws DtmsError `checkpoint.invalid` for what a newer release saved, or what is cut */
  static restore(options: ValueStreamsOptions, saved: Uint8Array): ValueStreams {
    const bytes = Buffer.from(saved.buffer, saved.byteOffset, saved.byteLength)
    const header = headerOf(bytes)
    const restored = new ValueStreams(options)
    restored.#values = header.values
    restored.refused = header.refused
    let offset = bytes.indexOf(0x0a) + 1
    for (const { key, seenAt, count, width, sums: sumCount, ...rest } of header.streams) {
      const sums = numbersAt(bytes, offset, sumCount, 8)
      offset += 8 * sumCount
      const values = numbersAt(bytes, offset, count, width)
      offset += width * count
      if (restored.size >= restored.#most) continue
      const detector = restoreZScore(restored.#zscore, { ...rest, sums, values })
      restored.#streams.set(key, { detector, seenAt })
    }
    return restored
  }

  #place(key: string): Stream | undefined {
    const known = this.#streams.get(key)
    if (known !== undefined) return known
    if (this.#streams.size >= this.#most && !this.#makePlace()) {
      this.refused += 1
      return undefined
    }
    const stream = { detector: createZScore(this.#zscore), seenAt: this.#values }
    this.#streams.set(key, stream)
    return stream
  }

  #makePlace(): boolean {
    if (this.#values < this.#fullUntil) return false
    let oldest: string | undefined
    let oldestAt = Number.POSITIVE_INFINITY
    for (const [key, { seenAt }] of this.#streams) {
      if (seenAt >= oldestAt) continue
      oldest = key
      oldestAt = seenAt
    }
    this.#fullUntil = oldestAt + IDLE_VALUES
    if (oldest === undefined || this.#values < this.#fullUntil) return false
    this.#fullUntil = 0
    return this.#streams.delete(oldest)
  }
}

function headerOf(bytes: Buffer): Header {
  const end = bytes.indexOf(0x0a)
  const header = JSON.parse(bytes.toString('utf8', 0, Math.max(0, end))) as Header
  const body = header.streams.reduce((sum, { count, width, sums }) => sum + width * count + 8 * sums, 0)
  const problem =
    header.v > FORMAT_VERSION ? `version ${header.v}` : end + 1 + body !== bytes.length ? 'cut' : undefined
  if (problem === undefined) return header
  throw new DtmsError('checkpoint.invalid', `saved z-scores cannot be used: ${problem}`, {
    hint: 'start the release that wrote them, or move the checkpoint of this partition away to begin anew',
  })
}

function bytesOf(numbers: Float32Array | Float64Array): Buffer {
  return Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength)
}

/** Copied, because the place in the file need not be a multiple of the width. */
function numbersAt(bytes: Buffer, offset: number, count: number, width: 4 | 8): Float64Array {
  const copy = Uint8Array.prototype.slice.call(bytes, offset, offset + width * count)
  return width === 8 ? new Float64Array(copy.buffer) : Float64Array.from(new Float32Array(copy.buffer))
}
