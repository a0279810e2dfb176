import { DtmsError } from '../../lib/errors.ts'
import type { BusRecord, PartitionEnd } from '../bus.ts'

/** A record of the log on its way to the topic. */
export interface Letter {
  /** The recorder and its number: where it is in the log. */
  writer: string
  seq: number
  /** Record time, Unix seconds. */
  at: number
  message: BusRecord
}

export interface OutboxOptions {
  /** A batch goes out when it is this large, or when its oldest letter has waited this long. */
  batchBytes: number
  batchMs: number
  /**
   * Batches of one partition that may be under way at once. With one, whatever the bus refuses is settled before anything
   * that follows it goes out: a consumer would take a record that comes late for a repeat.
   */
  depth: number
  publish(records: readonly BusRecord[]): Promise<PartitionEnd[]>
  onAcknowledged(batch: { letters: number; bytes: number; seconds: number; ends: readonly PartitionEnd[] }): void
  /** The bus will never take this one. It counts as settled when this has resolved. */
  onRefused(letter: Letter, error: DtmsError): Promise<void>
  /** The bus refuses everything (credentials, rights): the batch is tried again after a pause. */
  onTrouble(error: unknown): void
  /** Pause before a batch is tried again: doubles from the first to the last of these, milliseconds. */
  pause?: { firstMs: number; lastMs: number }
}

/** What belongs together: settled when all of its letters are. */
interface Parcel {
  left: number
  settled: () => void
}

interface Queued {
  letter: Letter
  parcel: Parcel
  queuedAt: number
}

interface Lane {
  queue: Queued[]
  bytes: number
  underWay: number
  timer: NodeJS.Timeout | undefined
}

/** What a record costs on its way besides its value: key, headers, framing. */
const OVERHEAD_BYTES = 160
const PAUSE = { firstMs: 250, lastMs: 10_000 }

/**
 * Forms batches, partition by partition, and keeps them in order: letters of one partition are settled in the order in
 * which they were put in. Several partitions are under way at the same time.
 */
export class Outbox {
  readonly #options: OutboxOptions
  readonly #lanes = new Map<number, Lane>()
  #letters = 0
  #bytes = 0
  #closed = false
  #eager = false
  #waiting: (() => void)[] = []
  #wakers = new Set<() => void>()

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  /** Letters that are not settled yet. */
  get letters(): number {
    return this.#letters
  }

  /** Their size in memory, about. */
  get bytes(): number {
    return this.#bytes
  }

  /** `settled` is called once, when all of them are acknowledged or put aside; at once for none. */
  put(letters: readonly Letter[], settled: () => void): void {
    if (letters.length === 0) {
      settled()
      return
    }
    const parcel = { left: letters.length, settled }
    const queuedAt = performance.now()
    const touched = new Set<Lane>()
    for (const letter of letters) {
      const lane = this.#lane(letter.message.partition)
      const bytes = sizeOf(letter.message)
      lane.queue.push({ letter, parcel, queuedAt })
      lane.bytes += bytes
      this.#bytes += bytes
      touched.add(lane)
    }
    this.#letters += letters.length
    for (const lane of touched) this.#pump(lane)
  }

  /** Nothing more will come soon: what is there goes out without waiting for company. */
  flush(): void {
    this.#eager = true
    for (const lane of this.#lanes.values()) this.#pump(lane)
    this.#eager = false
  }

  /** Resolves when there is room again; at once while there is. */
  async room(limit: { letters: number; bytes: number }): Promise<void> {
    while (!this.#closed && (this.#letters >= limit.letters || this.#bytes >= limit.bytes)) await this.#change()
  }

  /** Sends everything that is there and waits until it is settled, at most this long. True when all of it is. */
  async drain(milliseconds: number): Promise<boolean> {
    const end = performance.now() + milliseconds
    for (;;) {
      this.flush()
      const left = end - performance.now()
      if (this.#letters === 0 || this.#closed || left <= 0) return this.#letters === 0
      await Promise.race([this.#change(), this.#sleep(left)])
    }
  }

  /** Nothing more goes out; what is under way is not waited for and settles nothing any more. */
  close(): void {
    this.#closed = true
    for (const lane of this.#lanes.values()) clearTimeout(lane.timer)
    for (const wake of this.#wakers) wake()
    this.#changed()
  }

  #lane(partition: number): Lane {
    let lane = this.#lanes.get(partition)
    if (lane === undefined) {
      lane = { queue: [], bytes: 0, underWay: 0, timer: undefined }
      this.#lanes.set(partition, lane)
    }
    return lane
  }

  #pump(lane: Lane): void {
    const { depth, batchMs, batchBytes } = this.#options
    while (!this.#closed && lane.underWay < depth) {
      const oldest = lane.queue[0]
      if (oldest === undefined) return
      const waitMs = batchMs - (performance.now() - oldest.queuedAt)
      if (lane.bytes < batchBytes && waitMs > 0 && !this.#eager) {
        lane.timer ??= setTimeout(() => {
          lane.timer = undefined
          this.#pump(lane)
        }, Math.ceil(waitMs))
        return
      }
      void this.#deliver(lane, this.#take(lane))
    }
  }

  #take(lane: Lane): Queued[] {
    clearTimeout(lane.timer)
    lane.timer = undefined
    let bytes = 0
    let count = 0
    for (const { letter } of lane.queue) {
      const size = sizeOf(letter.message)
      if (count > 0 && bytes + size > this.#options.batchBytes) break
      bytes += size
      count += 1
    }
    lane.bytes -= bytes
    return lane.queue.splice(0, count)
  }

  async #deliver(lane: Lane, batch: readonly Queued[]): Promise<void> {
    lane.underWay += 1
    await this.#send(batch)
    lane.underWay -= 1
    this.#pump(lane)
  }

  async #send(batch: readonly Queued[]): Promise<void> {
    const { publish, onAcknowledged, onRefused, onTrouble } = this.#options
    const pause = this.#options.pause ?? PAUSE
    let pauseMs = pause.firstMs
    while (!this.#closed) {
      const startedAt = performance.now()
      try {
        const ends = await publish(batch.map(({ letter }) => letter.message))
        if (this.#closed) return
        const bytes = batch.reduce((sum, { letter }) => sum + letter.message.value.length, 0)
        onAcknowledged({ letters: batch.length, bytes, seconds: (performance.now() - startedAt) / 1000, ends })
        this.#settle(batch)
        return
      } catch (error) {
        if (this.#closed || (error instanceof DtmsError && error.code === 'bus.closed')) return
        if (isAboutRecords(error)) {
          if (batch.length > 1) {
            const half = batch.length >> 1
            await this.#send(batch.slice(0, half))
            await this.#send(batch.slice(half))
            return
          }
          const [only] = batch
          if (only !== undefined && (await this.#putAside(only, error, onRefused))) return
        } else {
          onTrouble(error)
        }
      }
      await this.#sleep(pauseMs)
      pauseMs = Math.min(pause.lastMs, 2 * pauseMs)
    }
  }

  /** False when it could not be kept anywhere: then it must not count as settled. */
  async #putAside(one: Queued, error: DtmsError, onRefused: OutboxOptions['onRefused']): Promise<boolean> {
    try {
      await onRefused(one.letter, error)
      this.#settle([one])
      return true
    } catch (failure) {
      this.#options.onTrouble(failure)
      return false
    }
  }

  #settle(batch: readonly Queued[]): void {
    if (this.#closed) return
    this.#letters -= batch.length
    for (const { letter, parcel } of batch) {
      this.#bytes -= sizeOf(letter.message)
      parcel.left -= 1
      if (parcel.left === 0) parcel.settled()
    }
    this.#changed()
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #changed(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }

  #sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer)
        this.#wakers.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, milliseconds)
      this.#wakers.add(wake)
    })
  }
}

function sizeOf(message: BusRecord): number {
  return message.value.length + OVERHEAD_BYTES
}

/** The bus marks refusals that another try may cure (credentials, rights) as retryable: then the records are good. */
function isAboutRecords(error: unknown): error is DtmsError {
  return error instanceof DtmsError && error.code === 'bus.refused' && !error.retryable
}
