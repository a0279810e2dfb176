/** Entries that are written, synced and acknowledged together. */
export interface Batch {
  lines: number
  /** The lines as they go to the disk: the first `bytes` bytes of `memory`. */
  bytes: number
  memory: Buffer
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
 * Memory for batches. Lines are put there at once, because texts that wait for the disk cost more in garbage collection
 * than the disk itself; and large blocks are used again, because fresh memory costs more than filling it.
 */
const blocks = {
  spare: [] as Buffer[],

  take(bytes: number): Buffer {
    return Buffer.allocUnsafeSlow(Math.max(bytes, LEAST_BLOCK_BYTES))
  },

  /** The same bytes in a block twice as large, or of full size. */
  grow(block: Buffer, bytes: number): Buffer {
    const wanted = Math.max(bytes, 2 * block.length)
    const large = wanted > GROWING_BLOCK_BYTES && bytes <= MAX_BATCH_BYTES
    const grown = large ? (this.spare.pop() ?? Buffer.allocUnsafeSlow(MAX_BATCH_BYTES)) : Buffer.allocUnsafeSlow(wanted)
    block.copy(grown)
    return grown
  },

  giveBack(block: Buffer): void {
    if (block.length === MAX_BATCH_BYTES && this.spare.length < SPARE_BLOCKS) this.spare.push(block)
  },
}

const LEAST_BLOCK_BYTES = 2048
/** A block that outgrows this gets the size of the largest batch. */
const GROWING_BLOCK_BYTES = 64 * 1024
/** Kept for all writers of the process together. */
const SPARE_BLOCKS = 4

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

  /** A line, newline and all, that lies in `source` from `start` to `end`; it is copied. */
  add(source: Buffer, start: number, end: number, seq: number, at: number): Batch {
    const bytes = end - start
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
      batch = {
        lines: 0,
        bytes: 0,
        memory: blocks.take(bytes),
        firstSeq: seq,
        lastSeq: seq,
        minAt: at,
        maxAt: at,
        rolls,
        waiters: [],
      }
      this.#batches.push(batch)
    }
    if (batch.bytes + bytes > batch.memory.length) batch.memory = blocks.grow(batch.memory, batch.bytes + bytes)
    source.copy(batch.memory, batch.bytes, start, end)
    batch.lines += 1
    batch.bytes += bytes
    batch.lastSeq = seq
    if (at < batch.minAt) batch.minAt = at
    if (at > batch.maxAt) batch.maxAt = at
    return batch
  }

  take(): Batch | undefined {
    const batch = this.#batches.shift()
    if (batch !== undefined) this.#pending -= batch.lines
    return batch
  }

  /** The batch has been written or given up: its memory may serve another. */
  done(batch: Batch): void {
    blocks.giveBack(batch.memory)
    batch.memory = Buffer.alloc(0)
  }

  #rollsBefore(bytes: number, at: number): boolean {
    if (this.#segmentStartAt === undefined) return false
    if (this.#segmentBytes + bytes > this.#rule.bytes) return true
    return this.#segmentBytes >= this.#rule.leastBytes && at >= this.#segmentStartAt + this.#rule.seconds
  }
}
