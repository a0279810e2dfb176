import type { DtmsError } from '../../lib/errors.ts'
import type { PartitionRange, SubscribeOptions, Subscription, TopicPartition } from '../bus.ts'
import { Commits } from './commits.ts'
import { toBusError } from './errors.ts'
import { type Fetched, PartitionSession } from './session.ts'

/** One life of the client library's consumer. */
export interface Consumer {
  /** Resolves when it has ended, by itself or by `stop`; rejects when it could not begin or has crashed. */
  readonly ended: Promise<void>
  seek(place: TopicPartition, offset: number): void
  pause(place: TopicPartition): void
  resume(place: TopicPartition): void
  commit(place: TopicPartition, offset: number): Promise<void>
  /** Leaves the group. */
  stop(): Promise<void>
}

export interface ConsumerEvents {
  /** Before each joining of the group: partitions are let go while the others still wait for this member. */
  beforeJoin(): Promise<void>
  joined(assignment: readonly TopicPartition[]): void
  /** Resolves with the offset to fetch from, or undefined when that is not to change. */
  fetched(place: TopicPartition, fetched: Fetched): Promise<number | undefined>
}

export interface SubscriptionPorts {
  /** Begins a life; `topics` exist. */
  consume(topics: readonly string[], events: ConsumerEvents): Consumer
  /** Which of the topics are there, those with a known plan made again. */
  existing(topics: readonly string[]): Promise<readonly string[]>
  ranges(topic: string): Promise<readonly PartitionRange[] | undefined>
  incarnation(): Promise<string>
  onTrouble(error: DtmsError): void
  onError(what: string, error: unknown, place: TopicPartition): void
  onMissing(topics: readonly string[]): void
}

export interface SubscriptionTiming {
  /** See SessionOptions. */
  holdMs: number
  /** Longest that a rebalance waits for partitions to be let go, milliseconds. */
  releaseMs: number
  /** Pauses between two lives of a consumer, milliseconds. */
  restartMs: { first: number; last: number }
  /** How often a topic that is not there is looked for, milliseconds. */
  missingMs: number
}

/** A life that lasted this long was not broken from the start, milliseconds. */
const HEALTHY_LIFE_MS = 30_000

/** A member of a group that never gives up: a consumer that ends is followed by another. */
export class GroupSubscription implements Subscription {
  readonly #options: SubscribeOptions
  readonly #ports: SubscriptionPorts
  readonly #timing: SubscriptionTiming
  readonly #running: Promise<void>
  readonly #commits = new Commits(async (place, offset) => this.#consumer?.commit(place, offset))
  #sessions = new Map<string, PartitionSession>()
  #letGo = new Map<string, Promise<void>>()
  #consumer: Consumer | undefined
  #isMember = false
  #closed = false
  #wake: () => void = () => {}

  constructor(options: SubscribeOptions, ports: SubscriptionPorts, timing: SubscriptionTiming) {
    this.#options = options
    this.#ports = ports
    this.#timing = timing
    this.#running = this.#run()
  }

  get assigned(): readonly TopicPartition[] {
    return [...this.#sessions.values()].filter(({ restored }) => restored).map(({ place }) => place)
  }

  get ready(): boolean {
    const sessions = [...this.#sessions.values()]
    return this.#isMember && sessions.length > 0 && sessions.every(({ restored }) => restored)
  }

  async commit(place: TopicPartition, offset: number): Promise<void> {
    this.#commits.add(place, offset)
  }

  async lag(): Promise<(TopicPartition & { records: number })[]> {
    const places = [...this.#sessions.values()].map(({ place, position }) => ({ place, position }))
    const byTopic = new Map<string, readonly PartitionRange[]>()
    for (const topic of new Set(places.map(({ place }) => place.topic)))
      byTopic.set(topic, (await this.#ports.ranges(topic)) ?? [])
    return places.map(({ place, position = 0 }) => {
      const range = byTopic.get(place.topic)?.find(({ partition }) => partition === place.partition)
      const records = range === undefined ? 0 : Math.max(0, range.next - Math.max(range.first, position))
      return { ...place, records }
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#wake()
    await this.#release()
    await atMost(this.#timing.releaseMs, this.#commits.settled())
    await this.#consumer?.stop()
    await this.#running
  }

  async #run(): Promise<void> {
    const { first, last } = this.#timing.restartMs
    for (let pauseMs = first; !this.#closed; ) {
      const beganAt = performance.now()
      try {
        await this.#live()
      } catch (error) {
        this.#ports.onTrouble(toBusError(error, `reading ${this.#options.topics.join(', ')}`))
      }
      this.#isMember = false
      await this.#release()
      if (this.#closed) return
      if (performance.now() - beganAt > HEALTHY_LIFE_MS) pauseMs = first
      await this.#pause(pauseMs)
      pauseMs = Math.min(last, 2 * pauseMs)
    }
  }

  async #live(): Promise<void> {
    const { topics } = this.#options
    const there = await this.#ports.existing(topics)
    const missing = topics.filter((topic) => !there.includes(topic))
    if (missing.length > 0) this.#ports.onMissing(missing)
    if (there.length === 0 || this.#closed) return
    const consumer = this.#ports.consume(there, {
      beforeJoin: () => this.#beforeJoin(),
      joined: (places) => this.#joined(consumer, places),
      fetched: async (place, fetched) => this.#sessions.get(keyOf(place))?.take(fetched),
    })
    this.#consumer = consumer
    const looking =
      missing.length === 0 ? undefined : setInterval(() => this.#look(consumer, missing), this.#timing.missingMs)
    try {
      await consumer.ended
    } finally {
      clearInterval(looking)
      this.#consumer = undefined
    }
  }

  /** Another life begins when a topic that was missing has come. */
  #look(consumer: Consumer, missing: readonly string[]): void {
    this.#ports.existing(missing).then(
      (come) => (come.length > 0 ? consumer.stop() : undefined),
      () => undefined,
    )
  }

  async #beforeJoin(): Promise<void> {
    this.#isMember = false
    await atMost(this.#timing.releaseMs, this.#release())
  }

  #joined(consumer: Consumer, places: readonly TopicPartition[]): void {
    if (this.#closed) return
    this.#isMember = true
    for (const place of places) this.#open(consumer, place)
  }

  #open(consumer: Consumer, place: TopicPartition): void {
    const key = keyOf(place)
    const { topic, partition } = place
    const session: PartitionSession = new PartitionSession({
      place,
      handlers: this.#options,
      after: this.#letGo.get(key) ?? Promise.resolve(),
      holdMs: this.#timing.holdMs,
      port: {
        range: async () => {
          const found = (await this.#ports.ranges(topic))?.find((range) => range.partition === partition)
          if (found === undefined) throw new Error(`there is no partition ${partition} of ${topic}`)
          return found
        },
        incarnation: () => this.#ports.incarnation(),
        seek: (offset) => consumer.seek(place, offset),
        pause: () => consumer.pause(place),
        resume: () => consumer.resume(place),
        recreated: () => {
          if (this.#sessions.get(key) !== session) return
          this.#close(key, session)
          if (!this.#closed) this.#open(consumer, place)
        },
        onError: (what, error) => this.#ports.onError(what, error, place),
      },
    })
    this.#sessions.set(key, session)
  }

  #close(key: string, session: PartitionSession): void {
    const before = this.#letGo.get(key) ?? Promise.resolve()
    const gone = Promise.all([before, session.close()]).then(() => {
      if (this.#letGo.get(key) === gone) this.#letGo.delete(key)
    })
    this.#letGo.set(key, gone)
    this.#sessions.delete(key)
  }

  async #release(): Promise<void> {
    for (const [key, session] of this.#sessions) this.#close(key, session)
    await Promise.all(this.#letGo.values())
  }

  #pause(milliseconds: number): Promise<void> {
    if (this.#closed) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

async function atMost(milliseconds: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds)
  })
  await Promise.race([work, late])
  clearTimeout(timer)
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${partition}@${topic}`
}
