/** Entries that are written, synced and acknowledged together. */
export interface Batch {
  lines: string[]
  bytes: number
  firstSeq: number
  lastSeq: number
  minAt: number
  maxAt: number
  /** A planned segment begins with this batch. */
  rolls: boolean
  waiters: { seq: number; resolve: (seq: number) => void; reject: (error: unknown) => void }[]
}

export interface RollRule {
  /** No segment grows beyond this. */
  bytes: number
  /** Record time after which a segment has done, seconds ... */
  seconds: number
  /** ... once it holds this many bytes. */
  leastBytes: number
}

export const rollRule: RollRule = { bytes: 64 * 1024 * 1024, seconds: 3600, leastBytes: 256 * 1024 }

/** What piles up during one sync is written at once, up to this. */
const MAX_BATCH_BYTES = 1024 * 1024

/**
 * The queue in front of the disk. It decides where segments begin from the entries alone (bytes and record time), never
 * from when they were written, so that the same entries give the same files.
 */
export class BatchQueue {
  readonly #rule: RollRule
  #batches: Batch[] = []
  #pending = 0
  #segmentBytes = 0
  #segmentStartAt: number | undefined

  constructor(rule: RollRule) {
    this.#rule = rule
  }

  /** Lines in the queue. */
  get pending(): number {
    return this.#pending
  }

  add(line: string, seq: number, at: number): Batch {
    const bytes = Buffer.byteLength(line)
    const rolls = this.#rollsBefore(bytes, at)
    if (rolls) {
      this.#segmentBytes = 0
      this.#segmentStartAt = undefined
    }
    this.#segmentBytes += bytes
    this.#segmentStartAt ??= at
    this.#pending += 1
    let batch = this.#batches.at(-1)
    if (batch === undefined || rolls || batch.bytes + bytes > MAX_BATCH_BYTES) {
      batch = { lines: [], bytes: 0, firstSeq: seq, lastSeq: seq, minAt: at, maxAt: at, rolls, waiters: [] }
      this.#batches.push(batch)
    }
    batch.lines.push(line)
    batch.bytes += bytes
    batch.lastSeq = seq
    if (at < batch.minAt) batch.minAt = at
    if (at > batch.maxAt) batch.maxAt = at
    return batch
  }

  take(): Batch | undefined {
    const batch = this.#batches.shift()
    if (batch !== undefined) this.#pending -= batch.lines.length
    return batch
  }

  #rollsBefore(bytes: number, at: number): boolean {
    if (this.#segmentStartAt === undefined) return false
    if (this.#segmentBytes + bytes > this.#rule.bytes) return true
    return this.#segmentBytes >= this.#rule.leastBytes && at >= this.#segmentStartAt + this.#rule.seconds
  }
}
