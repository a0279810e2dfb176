import { Kafka, logLevel } from 'kafkajs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startBroker } from '../support/kafka-broker.ts'
import { noKafka } from '../support/kafka-parts.ts'

describe.skipIf(noKafka() !== undefined)('the broker of the tests', () => {
  it('serves, and keeps its topics over a kill', async () => {
    const broker = await startBroker()
    onTestFinished(() => broker.stop())
    const admin = new Kafka({ brokers: broker.brokers, logLevel: logLevel.NOTHING }).admin()
    onTestFinished(() => admin.disconnect())
    await admin.createTopics({ topics: [{ topic: 'kept', numPartitions: 2 }] })
    await broker.kill9()
    await broker.restart()
    expect(await admin.listTopics()).toContain('kept')
  })
})
