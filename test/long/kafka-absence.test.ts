import { describe, expect, it } from 'vitest'
import { Collector, someRecords } from '../contracts/bus.contract.ts'
import { eventually } from '../support/builders.ts'
import { aBroker, aKafkaBus } from '../support/kafka.ts'
import { noKafka } from '../support/kafka-parts.ts'
import { aLogger } from '../support/logger.ts'

const plan = { topic: 'absence', partitions: 2, replication: 1, retentionHours: 1 }
const AWAY_MS = 120_000
const BACK_MS = 15_000

describe.skipIf(noKafka() !== undefined)('a broker that is away for two minutes', () => {
  it('costs nothing: every record comes once and in order, soon after it is back', async () => {
    const broker = await aBroker()
    const { logger, lines } = aLogger()
    const bus = aKafkaBus({ brokers: broker.brokers }, logger)
    await bus.ensureTopics([plan])
    const collector = new Collector()
    const subscription = await collector.join(bus, plan.topic)
    const publisher = await bus.publisher()
    await publisher.publish(plan.topic, someRecords(0, 100))
    await eventually(() => collector.count() === 100)
    await broker.kill9()
    const publishing = [publisher.publish(plan.topic, someRecords(0, 100, 100))]
    await new Promise((resolve) => setTimeout(resolve, AWAY_MS))
    publishing.push(publisher.publish(plan.topic, someRecords(0, 100, 200)))
    expect([bus.connected, subscription.ready]).toEqual([false, false])
    await broker.restart()
    const backAt = performance.now()
    await Promise.all(publishing)
    await eventually(() => collector.count() >= 300 && subscription.ready, BACK_MS)
    process.stdout.write(
      `everything goes on ${Math.round(performance.now() - backAt)} ms after the broker serves again\n`,
    )
    expect(collector.values.get(0)).toEqual(Array.from({ length: 300 }, (_, i) => `v${i}`))
    expect([collector.lost, bus.connected]).toEqual([[], true])
    expect(lines.filter(({ message }) => message.includes('cannot be reached'))).toHaveLength(1)
  })
})
