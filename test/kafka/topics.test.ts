import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { TopicPlan } from '../../streaming/bus.ts'
import { Collector, someRecords } from '../contracts/bus.contract.ts'
import { eventually } from '../support/builders.ts'
import { aKafkaBus } from '../support/kafka.ts'
import { type Broker, startBroker } from '../support/kafka-broker.ts'
import { noKafka } from '../support/kafka-parts.ts'
import { aLogger } from '../support/logger.ts'

const planOf = (topic: string, partitions = 1) => ({ topic, partitions, replication: 1, retentionHours: 1 })
const upTo = (count: number) => Array.from({ length: count }, (_, i) => `v${i}`)

let broker: Broker | undefined
beforeAll(async () => {
  if (noKafka() === undefined) broker = await startBroker()
})
afterAll(() => broker?.stop())

async function aCluster(plan: TopicPlan) {
  const brokers = broker?.brokers ?? []
  const { logger, lines } = aLogger()
  const bus = aKafkaBus({ brokers }, logger)
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin()
  onTestFinished(() => admin.disconnect())
  await bus.ensureTopics([plan])
  /** Removes the oldest records, as retention does. */
  const cut = async (offset: number) => {
    await admin.fetchTopicOffsets(plan.topic)
    await admin.deleteTopicRecords({ topic: plan.topic, partitions: [{ partition: 0, offset: String(offset) }] })
  }
  return { bus, lines, admin, cut }
}

describe.skipIf(noKafka() !== undefined)('a topic', () => {
  it('that is deleted is made again as planned, and reading and publishing go on', async () => {
    const { bus, lines, admin } = await aCluster(planOf('gone'))
    const collector = new Collector()
    const subscription = await collector.join(bus, 'gone')
    const publisher = await bus.publisher()
    await publisher.publish('gone', someRecords(0, 20))
    await eventually(() => collector.count() === 20)
    await admin.deleteTopics({ topics: ['gone'] })
    await eventually(() => publisher.publish('gone', someRecords(0, 5, 20)), 60_000)
    await eventually(() => collector.count() >= 25 && subscription.ready, 60_000)
    expect(collector.values.get(0)).toEqual(upTo(25))
    expect(lines.some(({ level, message }) => level === 'warn' && message.includes('is gone'))).toBe(true)
    expect(collector.lost).toEqual([{ from: 20, to: 0 }])
  })

  it('that nobody has planned is waited for', async () => {
    const { bus, lines, admin } = await aCluster(planOf('other'))
    const collector = new Collector()
    const subscription = await collector.join(bus, 'late')
    await eventually(() => lines.find(({ message }) => message.includes('topics are missing')))
    expect(subscription.ready).toBe(false)
    await admin.createTopics({ topics: [{ topic: 'late', numPartitions: 1 }] })
    await eventually(() => subscription.ready)
  })

  it('that grows has its new partitions read', async () => {
    const { bus, admin } = await aCluster(planOf('grown'))
    const collector = new Collector()
    const subscription = await collector.join(bus, 'grown')
    const publisher = await bus.publisher()
    await publisher.publish('grown', someRecords(0, 10))
    await eventually(() => collector.count() === 10)
    await admin.createPartitions({ topicPartitions: [{ topic: 'grown', count: 3 }] })
    await publisher.publish('grown', [...someRecords(0, 10, 10), ...someRecords(2, 10)])
    await eventually(() => collector.count() >= 30 && subscription.ready && subscription.assigned.length === 3)
    expect([collector.values.get(0), collector.values.get(2)]).toEqual([upTo(20), upTo(10)])
    expect(collector.lost).toEqual([])
  })

  it('whose oldest records were deleted under a stopped reader reports the range', async () => {
    const { bus, cut } = await aCluster(planOf('cut'))
    const publisher = await bus.publisher()
    await publisher.publish('cut', someRecords(0, 100))
    await cut(70)
    const collector = new Collector(new Map([[0, 30]]))
    await collector.join(bus, 'cut')
    await eventually(() => collector.count() === 30)
    expect(collector.lost).toEqual([{ from: 30, to: 70 }])
    expect(collector.values.get(0)?.[0]).toBe('v70')
  })

  it('whose oldest records are deleted under a reader that is held up reports the range', async () => {
    const { bus, cut } = await aCluster(planOf('slow'))
    const publisher = await bus.publisher()
    const collector = new Collector()
    let release: () => void = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    await collector.join(bus, 'slow', {
      onRecords: async ({ partition }, messages) => {
        await gate
        await collector.take(partition, messages)
      },
    })
    await publisher.publish('slow', someRecords(0, 10))
    await eventually(() => collector.subscription?.ready)
    await publisher.publish('slow', someRecords(0, 90, 10))
    await cut(95)
    release()
    await eventually(() => collector.messages.at(-1)?.offset === 99)
    const read = collector.messages.length
    const [lost] = collector.lost
    expect(collector.lost).toEqual([{ from: read - 5, to: 95 }])
    expect(lost?.from).toBeLessThan(95)
  })

  it('with a record of 10 MB goes on behind it', async () => {
    const limit = new Map([['max.message.bytes', '12000000']])
    const { bus } = await aCluster({ ...planOf('large'), ...{ settings: limit } })
    const collector = new Collector()
    await collector.join(bus, 'large')
    const publisher = await bus.publisher()
    const [large] = someRecords(0, 1)
    if (large === undefined) throw new Error('there is one')
    const ends = await Promise.all([
      publisher.publish('large', someRecords(0, 3)),
      publisher.publish('large', [{ ...large, value: Buffer.alloc(10_000_000, 'x') }]),
      publisher.publish('large', someRecords(0, 3)),
    ])
    expect(ends.flat().map(({ offset }) => offset)).toEqual([2, 3, 6])
    await eventually(() => collector.count() === 7)
    expect(collector.messages.map(({ value }) => value?.length)).toEqual([2, 2, 2, 10_000_000, 2, 2, 2])
  })

  it('that does not take so large a record refuses it and takes the next', async () => {
    const { bus } = await aCluster(planOf('small'))
    const publisher = await bus.publisher()
    const [large] = someRecords(0, 1)
    if (large === undefined) throw new Error('there is one')
    const refused = publisher.publish('small', [{ ...large, value: Buffer.alloc(2_000_000, 'x') }])
    const taken = publisher.publish('small', someRecords(0, 3))
    await expect(refused).rejects.toMatchObject({
      code: 'bus.refused',
      hint: expect.stringContaining('max.message.bytes'),
    })
    expect(await taken).toEqual([{ partition: 0, offset: 2 }])
  })
})
