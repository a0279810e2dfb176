import kafkajs, {
  type Admin,
  type Kafka,
  type Consumer as KafkaConsumer,
  type PartitionAssigner,
  type Producer,
} from 'kafkajs'
import { DtmsError } from '../lib/errors.ts'
import { describeError } from '../lib/lifecycle.ts'
import type { Logger } from '../lib/logger.ts'
import type {
  Bus,
  PartitionRange,
  Publisher,
  SubscribeOptions,
  Subscription,
  TopicDifference,
  TopicPlan,
} from './bus.ts'
import { toBusError } from './kafka/errors.ts'
import { Lanes } from './kafka/lanes.ts'
import { toBusMessage, toEnds, toWritten } from './kafka/messages.ts'
import { clientLog } from './kafka/noise.ts'
import { closedError, Lane, type Sender } from './kafka/publisher.ts'
import { Reach } from './kafka/reach.ts'
import { securityOf } from './kafka/security.ts'
import { type Consumer, type ConsumerEvents, GroupSubscription } from './kafka/subscription.ts'
import { differences, type FoundTopic, settingsOf } from './kafka/topics.ts'
import type { BusConfig } from './kafka-settings.ts'

export type KafkaBusConfig = BusConfig & {
  /** Name of this process in the brokers' logs. */
  clientId: string
  sessionTimeoutMs?: number
  heartbeatMs?: number
}

/** The bus on a Kafka cluster. Opens nothing before it is used; from then on it never gives up. */
export function createKafkaBus(config: KafkaBusConfig, logger: Logger): Bus {
  return new KafkaBus(config, logger)
}

// CommonJS whose names Node cannot see from outside.
const { ConfigResourceTypes, logLevel, PartitionAssigners } = kafkajs

/** A few quick tries of the client's own; whoever called tries on, or says that it failed. */
const retry = { initialRetryTime: 100, maxRetryTime: 1000, multiplier: 1.5, retries: 4 }
/** Short, so that an absent broker is noticed and a new one found. */
const CONNECT_MS = 3000
const REQUEST_MS = 10_000
/** New partitions and moved leaders are noticed within this, milliseconds. */
const METADATA_MS = 5000
/**
 * Bytes of one fetch: of a partition, and in all; a single larger record is still delivered. Bounds a reader's memory at
 * any backlog: a bare reader of three partitions peaks at 115 MiB with these 128 KiB, at 154 MiB and 1.3 times the speed
 * with 512 KiB.
 */
const FETCH_PARTITION_BYTES = 131_072
const FETCH_BYTES = 4_194_304
/** Longest wait of a fetch for records; also how long a partition that goes on after a pause may wait, milliseconds. */
const FETCH_WAIT_MS = 100
/** A consumer that has done nothing for this long is replaced, milliseconds. */
const SILENCE_MS = 90_000
/** Longest wait for connections to close in order, milliseconds. */
const GOODBYE_MS = 2000

class KafkaBus implements Bus {
  readonly kind = 'kafka'
  readonly #config: KafkaBusConfig
  readonly #logger: Logger
  readonly #reach: Reach
  readonly #plans = new Map<string, TopicPlan>()
  readonly #publishers = new Set<Publisher>()
  readonly #subscriptions = new Set<Subscription>()
  #kafka: Kafka | undefined
  #admin: Admin | undefined
  #clusterId: string | undefined
  #closed = false

  constructor(config: KafkaBusConfig, logger: Logger) {
    this.#config = config
    this.#logger = logger
    this.#reach = new Reach(logger, config.brokers)
  }

  get connected(): boolean {
    return this.#reach.connected
  }

  async ensureTopics(plans: readonly TopicPlan[]): Promise<TopicDifference[]> {
    for (const plan of plans) this.#plans.set(plan.topic, plan)
    return this.#ask('making topics', async (admin) => {
      const there = new Set(await admin.listTopics())
      const missing = plans.filter(({ topic }) => !there.has(topic))
      if (missing.length > 0) await this.#make(admin, missing)
      const found = await this.#describe(
        admin,
        plans.map(({ topic }) => topic),
      )
      return plans.flatMap((plan) => {
        const topic = found.get(plan.topic)
        return topic === undefined ? [] : differences(plan, topic)
      })
    })
  }

  ranges(topic: string): Promise<PartitionRange[] | undefined> {
    return this.#ask(`asking for ${topic}`, async (admin) => {
      if (!(await admin.listTopics()).includes(topic)) return undefined
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
      const found = await admin.fetchTopicOffsets(topic)
      // The admin remembers the partitions it once saw for minutes; the description above is of now.
      if (found.length !== topics[0]?.partitions.length) throw new DtmsError('bus.unavailable', `${topic} has changed`)
      return found
        .map(({ partition, low, high }) => ({ partition, first: Number(low), next: Number(high) }))
        .sort((a, b) => a.partition - b.partition)
    })
  }

  async publisher(): Promise<Publisher> {
    this.#check()
    const lanes = new Map<string, Lanes>()
    let closed = false
    const publisher: Publisher = {
      publish: (topic, records) => {
        if (closed || this.#closed) return Promise.reject(closedError())
        const ofTopic = lanes.get(topic) ?? new Lanes(() => this.#lane(topic))
        lanes.set(topic, ofTopic)
        return ofTopic.publish(records)
      },
      close: async () => {
        closed = true
        this.#publishers.delete(publisher)
        await Promise.all([...lanes.values()].map((ofTopic) => ofTopic.close()))
      },
    }
    this.#publishers.add(publisher)
    return publisher
  }

  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    this.#check()
    this.#client()
    const { sessionTimeoutMs = 10_000, heartbeatMs = 3000 } = this.#config
    const logger = this.#logger.child({ group: options.group })
    const subscription = new GroupSubscription(
      options,
      {
        consume: (topics, events) => this.#consume(options.group, topics, events),
        existing: (topics) => this.#existing(topics),
        ranges: (topic) => this.ranges(topic),
        incarnation: () => this.#incarnation(),
        onTrouble: (error) => this.#trouble(error),
        onError: (what, error, place) => logger.warn(what, { ...place, error: describeError(error) }),
        onMissing: (topics) => logger.warn('topics are missing; reading begins when they are there', { topics }),
      },
      {
        holdMs: Math.min(500, heartbeatMs),
        releaseMs: sessionTimeoutMs / 2,
        restartMs: { first: 250, last: 5000 },
        missingMs: METADATA_MS,
      },
    )
    this.#subscriptions.add(subscription)
    return subscription
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()))
    await Promise.all([...this.#publishers].map((publisher) => publisher.close()))
    await goodbye(this.#admin?.disconnect())
    this.#reach.close()
  }

  #client(): Kafka {
    if (this.#kafka !== undefined) return this.#kafka
    const say = clientLog(this.#logger, () => performance.now())
    this.#kafka = new kafkajs.Kafka({
      ...securityOf(this.#config),
      ...{ brokers: [...this.#config.brokers], clientId: this.#config.clientId, retry },
      ...{ connectionTimeout: CONNECT_MS, authenticationTimeout: REQUEST_MS, requestTimeout: REQUEST_MS },
      logLevel: logLevel.WARN,
      logCreator: () => (line) => {
        say(line)
        if (line.namespace === 'Connection') this.#reach.failed(line.log.message)
      },
    })
    return this.#kafka
  }

  /** A fresh admin after any failure: the client's remembers topics that are gone and asks for them for ever. */
  async #ask<T>(doing: string, work: (admin: Admin) => Promise<T>): Promise<T> {
    this.#check()
    for (let attempt = 1; ; attempt += 1) {
      const admin = this.#admin ?? this.#client().admin({ retry })
      try {
        if (this.#admin === undefined) await admin.connect()
        this.#admin ??= admin
        const answer = await work(admin)
        this.#reach.answered()
        return answer
      } catch (error) {
        if (this.#admin === admin) this.#admin = undefined
        void goodbye(admin.disconnect())
        const trouble = toBusError(error, doing)
        if (attempt === 2 || trouble.code === 'bus.refused' || !this.connected) throw trouble
      }
    }
  }

  async #make(admin: Admin, plans: readonly TopicPlan[]): Promise<void> {
    await admin.createTopics({
      waitForLeaders: true,
      topics: plans.map((plan) => ({
        topic: plan.topic,
        numPartitions: plan.partitions,
        replicationFactor: plan.replication,
        configEntries: [...settingsOf(plan)].map(([name, value]) => ({ name, value })),
      })),
    })
    for (const { topic, partitions } of plans) this.#logger.info('topic made', { topic, partitions })
  }

  async #describe(admin: Admin, topics: string[]): Promise<Map<string, FoundTopic>> {
    const { topics: described } = await admin.fetchTopicMetadata({ topics })
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: topics.map((name) => ({ type: ConfigResourceTypes.TOPIC, name })),
    })
    const settings = new Map(
      resources.map(({ resourceName, configEntries }) => [
        resourceName,
        new Map(configEntries.map(({ configName, configValue }) => [configName, configValue])),
      ]),
    )
    return new Map(
      described.map(({ name, partitions }) => [
        name,
        {
          partitions: partitions.length,
          replication: Math.max(0, ...partitions.map(({ replicas }) => replicas.length)),
          settings: settings.get(name) ?? new Map<string, string>(),
        },
      ]),
    )
  }

  /** Which topics are there, after those that this process has planned were made again. */
  async #existing(topics: readonly string[]): Promise<readonly string[]> {
    return this.#ask('looking for topics', async (admin) => {
      const there = new Set(await admin.listTopics())
      const planned = topics.flatMap((topic) => (there.has(topic) ? [] : (this.#plans.get(topic) ?? [])))
      if (planned.length > 0) {
        this.#logger.warn('a topic is gone; making it again', { topics: planned.map(({ topic }) => topic) })
        await this.#make(admin, planned)
        for (const { topic } of planned) there.add(topic)
      }
      return topics.filter((topic) => there.has(topic))
    })
  }

  async #incarnation(): Promise<string> {
    this.#clusterId ??= await this.#ask(
      'asking for the cluster',
      async (admin) => (await admin.describeCluster()).clusterId,
    )
    return this.#clusterId
  }

  #lane(topic: string): Lane {
    return new Lane({
      topic,
      sender: new KafkaSender(
        topic,
        () => this.#client(),
        () => this.#reach.answered(),
      ),
      partitions: async () => (await this.ranges(topic))?.length,
      onMissing: async () => {
        const there = await this.#existing([topic])
        if (there.length === 0) this.#logger.debug('records wait for their topic', { topic })
      },
      onTrouble: (error) => this.#trouble(error),
    })
  }

  #consume(group: string, topics: readonly string[], events: ConsumerEvents): Consumer {
    const { sessionTimeoutMs = 10_000, heartbeatMs = 3000 } = this.#config
    const consumer = this.#client().consumer({
      groupId: group,
      sessionTimeout: sessionTimeoutMs,
      heartbeatInterval: heartbeatMs,
      rebalanceTimeout: Math.max(30_000, sessionTimeoutMs),
      metadataMaxAge: METADATA_MS,
      maxBytesPerPartition: FETCH_PARTITION_BYTES,
      maxBytes: FETCH_BYTES,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      allowAutoTopicCreation: false,
      partitionAssigners: [letGoBefore(() => events.beforeJoin())],
      retry: { ...retry, restartOnFailure: async () => false },
    })
    return begin(consumer, topics, events, () => this.#reach.answered())
  }

  /** An absent broker is said by `Reach`, once. */
  #trouble(error: DtmsError): void {
    const fields = { error: describeError(error) }
    if (error.code === 'bus.refused') this.#logger.error('the Kafka brokers refuse this', fields)
    else this.#logger.debug('trying again', fields)
    if (error.code === 'bus.unavailable') this.#reach.failed(error.message)
  }

  #check(): void {
    if (this.#closed) throw closedError()
  }
}

class KafkaSender implements Sender {
  readonly #topic: string
  readonly #client: () => Kafka
  readonly #onAnswer: () => void
  #producer: Producer | undefined

  constructor(topic: string, client: () => Kafka, onAnswer: () => void) {
    this.#topic = topic
    this.#client = client
    this.#onAnswer = onAnswer
  }

  async send(records: Parameters<Sender['send']>[0]): ReturnType<Sender['send']> {
    this.#producer ??= await this.#connect()
    const answers = await this.#producer.send({ topic: this.#topic, acks: -1, messages: records.map(toWritten) })
    this.#onAnswer()
    return toEnds(answers, records)
  }

  async renew(): Promise<void> {
    const producer = this.#producer
    this.#producer = undefined
    void goodbye(producer?.disconnect())
  }

  async close(): Promise<void> {
    await goodbye(this.#producer?.disconnect())
  }

  async #connect(): Promise<Producer> {
    const producer = this.#client().producer({
      ...{
        idempotent: true,
        maxInFlightRequests: 1,
        allowAutoTopicCreation: false,
        metadataMaxAge: METADATA_MS,
        retry,
      },
    })
    try {
      await producer.connect()
      return producer
    } catch (error) {
      void goodbye(producer.disconnect())
      throw error
    }
  }
}

/** Deals partitions out in turn, like the client's own; asking for the group's coordinator is the step before each join. */
function letGoBefore(join: () => Promise<void>): PartitionAssigner {
  return (config) => {
    const { cluster } = config
    const find = cluster.findGroupCoordinator.bind(cluster)
    cluster.findGroupCoordinator = async (group) => {
      await join()
      return find(group)
    }
    return PartitionAssigners.roundRobin(config)
  }
}

function begin(
  consumer: KafkaConsumer,
  topics: readonly string[],
  events: ConsumerEvents,
  onAnswer: () => void,
): Consumer {
  let lastSign = performance.now()
  let stopping = false
  let end: () => void = () => {}
  let crash: (error: Error) => void = () => {}
  const over = new Promise<void>((resolve, reject) => {
    end = resolve
    crash = reject
  })
  // It may crash before anybody waits for its end.
  over.catch(() => undefined)
  const sign = () => {
    lastSign = performance.now()
  }
  consumer.on(consumer.events.FETCH, sign)
  consumer.on(consumer.events.REQUEST, () => {
    sign()
    onAnswer()
  })
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    const places = Object.entries(payload.memberAssignment).flatMap(([topic, partitions]) =>
      partitions.map((partition) => ({ topic, partition })),
    )
    events.joined(places)
  })
  consumer.on(consumer.events.CRASH, ({ payload }) => crash(payload.error))
  const watch = setInterval(() => {
    if (performance.now() - lastSign > SILENCE_MS) crash(new Error('the consumer has fallen silent'))
  }, SILENCE_MS / 6)
  watch.unref()
  const live = async () => {
    try {
      await consumer.connect()
      await consumer.subscribe({ topics: [...topics], fromBeginning: true })
      if (!stopping) await consumer.run(runOptions(events))
      await over
    } finally {
      clearInterval(watch)
      await goodbye(consumer.disconnect())
    }
  }
  const quietly = (work: () => void) => {
    // A consumer that is between two lives has nothing to pause or to move.
    try {
      work()
    } catch (error) {
      if (!(error instanceof Error) || !/not initialized/.test(error.message)) throw error
    }
  }
  return {
    ended: live(),
    seek: ({ topic, partition }, offset) => quietly(() => consumer.seek({ topic, partition, offset: String(offset) })),
    pause: ({ topic, partition }) => quietly(() => consumer.pause([{ topic, partitions: [partition] }])),
    resume: ({ topic, partition }) => quietly(() => consumer.resume([{ topic, partitions: [partition] }])),
    commit: ({ topic, partition }, offset) => consumer.commitOffsets([{ topic, partition, offset: String(offset) }]),
    stop: async () => {
      stopping = true
      end()
      await goodbye(consumer.disconnect())
    },
  }
}

function runOptions(events: ConsumerEvents): Parameters<KafkaConsumer['run']>[0] {
  return {
    autoCommit: false,
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: 128,
    eachBatch: async ({ batch, resolveOffset }) => {
      const { topic, partition } = batch
      const last = batch.lastOffset()
      const fetched = { messages: batch.messages.map(toBusMessage), next: Number(last) + 1 }
      const next = await events.fetched({ topic, partition }, fetched)
      if (next !== undefined) resolveOffset(last)
    },
  }
}

/** Waits for an orderly end for a while; an absent broker does not hold anybody up. */
async function goodbye(leaving: Promise<unknown> | undefined): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, GOODBYE_MS)
  })
  await Promise.race([leaving?.catch(() => undefined), late])
  clearTimeout(timer)
}
