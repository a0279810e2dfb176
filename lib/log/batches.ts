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

  /** The bytes that are used already in a block twice as large, or of full size. */
  grow(block: Buffer, used: number, bytes: number): Buffer {
    const wanted = Math.max(bytes, 2 * block.length)
    const large = wanted > GROWING_BLOCK_BYTES && bytes <= MAX_BATCH_BYTES
    const grown = large ? (this.spare.pop() ?? Buffer.allocUnsafeSlow(MAX_BATCH_BYTES)) : Buffer.allocUnsafeSlow(wanted)
    block.copy(grown, 0, 0, used)
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

  /**
   * Lines that lie in `source` one behind the other, each up to its place in `ends`; they are copied. Returns the batch
   * that the last of them is in.
   */
  add(source: Buffer, ends: readonly number[], firstSeq: number, timeOf: (line: number) => number): Batch | undefined {
    let batch = this.#batches.at(-1)
    let start = 0
    // Copied a batch at a time: one call for each line would cost more than the copying.
    let copied = 0
    for (let i = 0; i < ends.length; i += 1) {
      const end = ends[i] as number
      const at = timeOf(i)
      const rolls = this.#rollsBefore(end - start, at)
      if (rolls) {
        this.#segmentBytes = 0
        this.#segmentStartAt = undefined
      }
      this.#segmentBytes += end - start
      this.#segmentStartAt ??= at
      if (batch === undefined || rolls || batch.bytes + end - copied > MAX_BATCH_BYTES) {
        if (batch !== undefined) put(batch, source, copied, start)
        copied = start
        batch = { ...emptyBatch(end - start), firstSeq: firstSeq + i, minAt: at, maxAt: at, rolls }
        this.#batches.push(batch)
      }
      batch.lines += 1
      batch.lastSeq = firstSeq + i
      if (at < batch.minAt) batch.minAt = at
      if (at > batch.maxAt) batch.maxAt = at
      start = end
    }
    if (batch !== undefined) put(batch, source, copied, start)
    this.#pending += ends.length
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

function emptyBatch(bytes: number): Batch {
  const memory = blocks.take(bytes)
  return { lines: 0, bytes: 0, memory, firstSeq: 0, lastSeq: 0, minAt: 0, maxAt: 0, rolls: false, waiters: [] }
}

function put(batch: Batch, source: Buffer, start: number, end: number): void {
  const bytes = batch.bytes + end - start
  if (bytes > batch.memory.length) batch.memory = blocks.grow(batch.memory, batch.bytes, bytes)
  source.copy(batch.memory, batch.bytes, start, end)
  batch.bytes = bytes
}
