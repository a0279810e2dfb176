import type { SubscribeOptions, TopicPartition } from './bus.ts'
import type { MemoryTopic } from './memory-topic.ts'

/** Most records that are handed over at once. */
const BATCH = 500
/** Pause before a restore or a batch that failed is tried again, milliseconds. */
const RETRY_MS = 100

/** One member's reading of one partition: restores, then delivers, one batch at a time, until it is closed. */
export class MemoryReader {
  readonly place: TopicPartition
  readonly #topic: MemoryTopic
  readonly #options: SubscribeOptions
  readonly #onError: (error: unknown) => void
  readonly #abort = new AbortController()
  readonly #running: Promise<void>
  #restored = false
  #offset = 0
  #wake: () => void = () => {}

  constructor(topic: MemoryTopic, partition: number, options: SubscribeOptions, onError: (error: unknown) => void) {
    this.place = { topic: topic.name, partition }
    this.#topic = topic
    this.#options = options
    this.#onError = onError
    this.#running = this.#run()
  }

  get restored(): boolean {
    return this.#restored
  }

  get lag(): number {
    const { first, next } = this.#range()
    return next - Math.min(next, Math.max(first, this.#offset))
  }

  isAt(topic: string, partition: number): boolean {
    return this.place.topic === topic && this.place.partition === partition
  }

  wake(): void {
    this.#wake()
  }

  /** Resolves when the call under way has ended and the partition is let go. */
  async close(): Promise<void> {
    this.#abort.abort()
    this.#wake()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort
    while (!signal.aborted && !this.#restored) await this.#orWait(() => this.#restore())
    while (!signal.aborted) await this.#orWait(() => this.#deliver())
    if (this.#restored) await this.#options.onRevoked(this.place).catch(this.#onError)
    this.#restored = false
  }

  async #orWait(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#onError(error)
      await this.#pause(RETRY_MS)
    }
  }

  async #restore(): Promise<void> {
    const { incarnation } = this.#topic
    const assignment = { ...this.place, ...this.#range(), incarnation }
    const wanted = await this.#options.onAssigned(assignment, this.#abort.signal)
    const { first, next } = this.#range()
    this.#offset = wanted >= first && wanted <= next ? wanted : first
    if (this.#offset !== wanted) this.#options.onLost(this.place, { from: wanted, to: this.#offset })
    this.#restored = true
  }

  async #deliver(): Promise<void> {
    const { first } = this.#range()
    if (this.#offset < first) {
      this.#options.onLost(this.place, { from: this.#offset, to: first })
      this.#offset = first
    }
    const records = this.#topic.read(this.place.partition, this.#offset, BATCH)
    if (records.length === 0) return this.#pause()
    await this.#options.onRecords(this.place, records)
    this.#offset += records.length
  }

  #range() {
    const range = this.#topic.ranges()[this.place.partition]
    return range ?? { partition: this.place.partition, first: 0, next: 0 }
  }

  /** Until woken, or for so long. */
  #pause(ms?: number): Promise<void> {
    if (this.#abort.signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
