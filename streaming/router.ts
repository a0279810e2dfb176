import { DtmsError } from '../lib/errors.ts'
import { describeError } from '../lib/lifecycle.ts'
import type { Logger } from '../lib/logger.ts'
import type { Bus, BusRecord, Publisher, TopicPlan } from './bus.ts'
import type { Routed } from './flow.ts'
import { defaultPartition } from './partitioning.ts'

export interface RouterOptions {
  bus: Bus
  logger: Logger
  onSent: (topic: string, records: number) => void
  /** The bus will never take them; they are in their own topic, window and log all the same. */
  onRefused: (topic: string, records: number) => void
}

/**
 * Publishes what rules send to other topics. The caller saves its place only after that, so a record is in the other topic
 * at least once; after a crash it may be there again, under the same id.
 */
export class Router {
  readonly #options: RouterOptions
  readonly #partitions = new Map<string, number>()
  #publisher: Promise<Publisher> | undefined

  constructor(options: RouterOptions) {
    this.#options = options
  }

  /** Makes the topics that are missing. @throws DtmsError `bus.unavailable`, `bus.refused` */
  async prepare(plans: readonly TopicPlan[]): Promise<void> {
    if (plans.length > 0) await this.#options.bus.ensureTopics(plans)
  }

  /** Resolves when all of it is acknowledged or refused. @throws DtmsError `bus.unavailable`, `bus.closed` */
  async send(routed: readonly Routed[]): Promise<void> {
    const byTopic = new Map<string, BusRecord[]>()
    for (const { target, message, value, link } of routed) {
      if (!('topic' in target)) continue
      const records = byTopic.get(target.topic) ?? []
      byTopic.set(target.topic, records)
      const partition = defaultPartition(link, await this.#count(target.topic))
      const headers = new Map([...message.headers, ['dtms-rule', target.rule]])
      records.push({ key: link, partition, value, headers, timestampMs: message.timestampMs })
    }
    await Promise.all([...byTopic].map(([topic, records]) => this.#publish(topic, records)))
  }

  async close(): Promise<void> {
    const publisher = await this.#publisher?.catch(() => undefined)
    await publisher?.close()
  }

  async #publish(topic: string, records: readonly BusRecord[]): Promise<void> {
    const { bus, logger, onSent, onRefused } = this.#options
    this.#publisher ??= bus.publisher()
    this.#publisher.catch(() => {
      this.#publisher = undefined
    })
    try {
      await (await this.#publisher).publish(topic, records)
      onSent(topic, records.length)
    } catch (error) {
      if (!(error instanceof DtmsError) || error.code !== 'bus.refused') throw error
      // Perhaps only one of them: the others must not suffer for it.
      if (records.length > 1) for (const record of records) await this.#publish(topic, [record])
      else {
        logger.error('a rule sends a record to a topic that refuses it', { topic, error: describeError(error) })
        onRefused(topic, 1)
      }
    }
  }

  async #count(topic: string): Promise<number> {
    const known = this.#partitions.get(topic)
    if (known !== undefined) return known
    const ranges = await this.#options.bus.ranges(topic)
    if (ranges === undefined || ranges.length === 0) {
      throw new DtmsError('bus.unavailable', `there is no topic ${topic}`, {
        hint: 'it is made when the stream starts',
      })
    }
    this.#partitions.set(topic, ranges.length)
    return ranges.length
  }
}
