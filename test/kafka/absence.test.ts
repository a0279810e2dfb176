import { describe, expect, it } from 'vitest'
import { Collector, someRecords } from '../contracts/bus.contract.ts'
import { eventually } from '../support/builders.ts'
import { aBroker, aKafkaBus } from '../support/kafka.ts'
import { noKafka } from '../support/kafka-parts.ts'
import { aLogger } from '../support/logger.ts'

const plan = { topic: 'absence', partitions: 2, replication: 1, retentionHours: 1 }
const upTo = (count: number) => Array.from({ length: count }, (_, i) => `v${i}`)

describe.skipIf(noKafka() !== undefined)('without a broker', () => {
  it('at the start: says so once, goes on by itself when one comes', async () => {
    const broker = await aBroker({ start: false })
    const { logger, lines } = aLogger()
    const bus = aKafkaBus({ brokers: broker.brokers }, logger)
    await expect(bus.ensureTopics([plan])).rejects.toMatchObject({ code: 'bus.unavailable' })
    const collector = new Collector()
    const subscription = await collector.join(bus, plan.topic)
    const publisher = await bus.publisher()
    const published = publisher.publish(plan.topic, someRecords(0, 5))
    await expect(bus.ranges(plan.topic)).rejects.toMatchObject({ code: 'bus.unavailable' })
    expect([bus.connected, subscription.ready]).toEqual([false, false])
    await broker.restart()
    expect(await published).toEqual([{ partition: 0, offset: 4 }])
    await eventually(() => subscription.ready && collector.count() === 5)
    expect(bus.connected).toBe(true)
    const said = lines.filter(({ level }) => level !== 'debug').map(({ message }) => message)
    expect(said.filter((message) => message.includes('cannot be reached'))).toHaveLength(1)
    expect(said.filter((message) => message.includes('answer again'))).toHaveLength(1)
  })

  it('for a while, killed and started again: nothing is lost, doubled or out of order, and it is said', async () => {
    const broker = await aBroker()
    const { logger, lines } = aLogger()
    const bus = aKafkaBus({ brokers: broker.brokers }, logger)
    await bus.ensureTopics([plan])
    const collector = new Collector()
    const subscription = await collector.join(bus, plan.topic)
    const publisher = await bus.publisher()
    let sent = 0
    const publishing: Promise<unknown>[] = []
    const publish = () => {
      publishing.push(publisher.publish(plan.topic, someRecords(0, 50, sent)))
      sent += 50
    }
    for (let i = 0; i < 4; i += 1) publish()
    await eventually(() => collector.count() >= 50)
    publish()
    await broker.kill9()
    publish()
    await eventually(() => !bus.connected)
    publish()
    await broker.restart()
    await Promise.all(publishing)
    await eventually(() => collector.count() >= sent && subscription.ready)
    expect(collector.values.get(0)).toEqual(upTo(sent))
    expect(collector.lost).toEqual([])
    expect(await bus.ranges(plan.topic)).toContainEqual({ partition: 0, first: 0, next: sent })
    expect(lines.filter(({ message }) => message.includes('cannot be reached'))).toHaveLength(1)
  })

  it('closing does not wait for one', async () => {
    const broker = await aBroker({ start: false })
    const bus = aKafkaBus({ brokers: broker.brokers })
    await new Collector().join(bus, plan.topic)
    const publisher = await bus.publisher()
    const published = publisher.publish(plan.topic, someRecords(0, 1))
    const refused = expect(published).rejects.toMatchObject({ code: 'bus.closed' })
    await bus.close()
    await refused
  })
})
