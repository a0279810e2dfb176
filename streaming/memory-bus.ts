import { DtmsError } from '../lib/errors.ts'
import { describeError } from '../lib/lifecycle.ts'
import { type Logger, silentLogger } from '../lib/logger.ts'
import type { Bus, BusRecord, PartitionEnd, Publisher, SubscribeOptions, Subscription } from './bus.ts'
import { MemoryGroup } from './memory-group.ts'
import { MemoryTopic } from './memory-topic.ts'

/**
 * The bus inside one process: topics are lists in memory, forgotten as soon as every reading group has committed them. A
 * publish resolves at that moment, so whoever publishes moves on only past records that are handled and saved, and a
 * crash loses nothing that the log does not still have. Publishers bound what they have outstanding.
 */
export function createMemoryBus({ logger = silentLogger }: { logger?: Logger } = {}): Bus {
  return new MemoryBus(logger)
}

let made = 0

class MemoryBus implements Bus {
  readonly kind = 'memory'
  readonly connected = true
  readonly #logger: Logger
  readonly #topics = new Map<string, MemoryTopic>()
  readonly #groups = new Map<string, MemoryGroup>()
  #closed = false

  constructor(logger: Logger) {
    this.#logger = logger
  }

  async ensureTopics(plans: Parameters<Bus['ensureTopics']>[0]) {
    this.#check()
    const differences: Awaited<ReturnType<Bus['ensureTopics']>> = []
    for (const { topic, partitions } of plans) {
      const found = this.#topics.get(topic)
      if (found === undefined) {
        made += 1
        this.#topics.set(topic, new MemoryTopic(topic, partitions, `memory-${performance.timeOrigin}-${made}`))
      } else if (found.partitions !== partitions) {
        differences.push({ topic, what: 'partitions', wanted: String(partitions), found: String(found.partitions) })
      }
    }
    return differences
  }

  async ranges(topic: string) {
    this.#check()
    return this.#topics.get(topic)?.ranges()
  }

  async publisher(): Promise<Publisher> {
    this.#check()
    let closed = false
    return {
      publish: (topic: string, records: readonly BusRecord[]): Promise<PartitionEnd[]> => {
        if (closed || this.#closed) return Promise.reject(closedError())
        try {
          return this.#topic(topic).publish(records)
        } catch (error) {
          return Promise.reject(error)
        }
      },
      async close() {
        closed = true
      },
    }
  }

  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    this.#check()
    const key = JSON.stringify([options.group, [...options.topics].sort()])
    let group = this.#groups.get(key)
    if (group === undefined) {
      group = new MemoryGroup(options.topics.map((topic) => this.#topic(topic)))
      this.#groups.set(key, group)
    }
    return group.join(options, (error) =>
      this.#logger.warn('records were not handled; they are delivered again', { error: describeError(error) }),
    )
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const group of this.#groups.values()) await group.close()
    for (const topic of this.#topics.values()) topic.close(closedError())
  }

  #topic(name: string): MemoryTopic {
    const topic = this.#topics.get(name)
    if (topic !== undefined) return topic
    throw new DtmsError('bus.refused', `there is no topic ${name}`, { hint: 'make it with ensureTopics first' })
  }

  #check(): void {
    if (this.#closed) throw closedError()
  }
}

function closedError(): DtmsError {
  return new DtmsError('bus.closed', 'the bus is closed')
}
