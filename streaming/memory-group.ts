import type { SubscribeOptions, Subscription, TopicPartition } from './bus.ts'
import { MemoryReader } from './memory-reader.ts'
import type { MemoryTopic } from './memory-topic.ts'

interface Member {
  options: SubscribeOptions
  onError(error: unknown): void
  readers: MemoryReader[]
}

/** Readers that share the partitions of some topics: each partition has one member at a time. */
export class MemoryGroup {
  readonly #topics: readonly MemoryTopic[]
  readonly #members: Member[] = []
  readonly #committed = new Map<MemoryTopic, Map<number, number>>()
  #turn: Promise<void> = Promise.resolve()

  constructor(topics: readonly MemoryTopic[]) {
    this.#topics = topics
    for (const topic of topics) {
      const places = new Map<number, number>()
      this.#committed.set(topic, places)
      const wake = () => {
        for (const reader of this.#members.flatMap(({ readers }) => readers)) reader.wake()
      }
      topic.join({ committed: (partition) => places.get(partition) ?? 0 }, wake)
    }
  }

  async join(options: SubscribeOptions, onError: (error: unknown) => void): Promise<Subscription> {
    const member: Member = { options, onError, readers: [] }
    this.#members.push(member)
    void this.#rebalance()
    const find = (name: string) => this.#topics.find(({ name: own }) => own === name)
    return {
      get assigned() {
        return member.readers.filter(({ restored }) => restored).map(({ place }) => place)
      },
      get ready() {
        return member.readers.every(({ restored }) => restored) && member.readers.length > 0
      },
      commit: async ({ topic: name, partition }, offset) => {
        const topic = find(name)
        const places = topic === undefined ? undefined : this.#committed.get(topic)
        places?.set(partition, Math.max(offset, places.get(partition) ?? 0))
        topic?.settle()
      },
      lag: async () => member.readers.map((reader) => ({ ...reader.place, records: reader.lag })),
      close: async () => {
        const at = this.#members.indexOf(member)
        if (at >= 0) this.#members.splice(at, 1)
        await Promise.all(member.readers.splice(0).map((reader) => reader.close()))
        await this.#rebalance()
      },
    }
  }

  async close(): Promise<void> {
    const readers = this.#members.splice(0).flatMap((member) => member.readers.splice(0))
    await Promise.all(readers.map((reader) => reader.close()))
  }

  /** Partitions are dealt out in turn; one that stays where it is goes on undisturbed. */
  #rebalance(): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      const wanted = new Map<Member, TopicPartition[]>(this.#members.map((member) => [member, []]))
      const places = this.#topics.flatMap((topic) => topic.ranges().map(({ partition }) => ({ topic, partition })))
      places.forEach(({ topic, partition }, i) => {
        const member = this.#members[i % this.#members.length]
        if (member !== undefined) wanted.get(member)?.push({ topic: topic.name, partition })
      })
      for (const member of this.#members) {
        const keeps = (reader: MemoryReader) =>
          wanted.get(member)?.some(({ topic, partition }) => reader.isAt(topic, partition)) ?? false
        const leaving = member.readers.filter((reader) => !keeps(reader))
        member.readers = member.readers.filter(keeps)
        await Promise.all(leaving.map((reader) => reader.close()))
      }
      for (const member of this.#members) {
        for (const { topic, partition } of wanted.get(member) ?? []) {
          if (member.readers.some((reader) => reader.isAt(topic, partition))) continue
          const found = this.#topics.find(({ name }) => name === topic)
          if (found !== undefined)
            member.readers.push(new MemoryReader(found, partition, member.options, member.onError))
        }
      }
    })
    return this.#turn
  }
}
