import { DtmsError } from '../../lib/errors.ts'
import type { Bus, BusRecord, PartitionEnd, Publisher, TopicDifference, TopicPlan } from '../../streaming/bus.ts'

/** A broker as a publisher sees it, whose moods a test decides. It keeps what it has acknowledged. */
export class ScriptedBus implements Bus {
  readonly kind = 'kafka'
  readonly topics = new Map<string, BusRecord[][]>()
  /** Answers nothing until it is true again. */
  #there = true
  #waiting: (() => void)[] = []
  differences: TopicDifference[] = []
  plans: TopicPlan[] = []
  /** Why a batch is refused; undefined: it is taken. */
  refuse: (records: readonly BusRecord[]) => DtmsError | undefined = () => undefined
  /** Batches that were handed over, refused ones included. */
  batches: (readonly BusRecord[])[] = []
  underWay = 0
  mostUnderWay = 0

  get connected(): boolean {
    return this.#there
  }

  away(): void {
    this.#there = false
  }

  back(): void {
    this.#there = true
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }

  records(topic = 'dtms_transfers'): BusRecord[] {
    return (this.topics.get(topic) ?? []).flat()
  }

  async ensureTopics(plans: readonly TopicPlan[]): Promise<TopicDifference[]> {
    this.#check()
    this.plans.push(...plans)
    for (const { topic, partitions } of plans) if (!this.topics.has(topic)) this.make(topic, partitions)
    return this.differences
  }

  make(topic: string, partitions: number): void {
    this.topics.set(
      topic,
      Array.from({ length: partitions }, () => []),
    )
  }

  async ranges(topic: string) {
    this.#check()
    return this.topics.get(topic)?.map((records, partition) => ({ partition, first: 0, next: records.length }))
  }

  async publisher(): Promise<Publisher> {
    this.#check()
    let closed = false
    return {
      publish: async (topic, records) => {
        this.batches.push(records)
        this.underWay += 1
        this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay)
        try {
          return await this.#publish(topic, records, () => closed)
        } finally {
          this.underWay -= 1
        }
      },
      close: async () => {
        closed = true
        this.#release()
      },
    }
  }

  subscribe(): never {
    throw new DtmsError('internal.bug', 'nobody reads here')
  }

  async close(): Promise<void> {}

  async #publish(topic: string, records: readonly BusRecord[], isClosed: () => boolean): Promise<PartitionEnd[]> {
    await new Promise((resolve) => setImmediate(resolve))
    while (!this.#there || this.topics.get(topic) === undefined) {
      if (isClosed()) throw new DtmsError('bus.closed', 'the publisher is closed')
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    const refusal = this.refuse(records)
    if (refusal !== undefined) throw refusal
    const ends = new Map<number, number>()
    for (const record of records) {
      const partition = this.topics.get(topic)?.[record.partition]
      partition?.push(record)
      ends.set(record.partition, (partition?.length ?? 0) - 1)
    }
    return [...ends].map(([partition, offset]) => ({ partition, offset }))
  }

  #release(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }

  #check(): void {
    if (!this.#there) throw new DtmsError('bus.unavailable', 'the broker is away')
  }
}
