import { describe, expect, it } from 'vitest'
import { siteName } from '../../lib/names.ts'
import { createRandom } from '../../lib/random.ts'
import type { Transfer } from '../../lib/record/record.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import { aFolder, aTransfer, eventually, NOON } from '../support/builders.ts'
import { type Broker, startBroker } from '../support/kafka-broker.ts'
import { noKafka } from '../support/kafka-parts.ts'
import { aForeignClient, aProducerProcess, readTopic } from '../support/kafka-producer.ts'
import { countedIds, idOf } from '../support/producers.ts'
import { aFailedTransfer } from '../support/records.ts'
import { writeTransfers } from '../support/streams.ts'

const sites = ['SITE_A', 'SITE_B', 'SITE_C'].map(siteName)

function someTransfers(count: number, from = 0): Transfer[] {
  return Array.from({ length: count }, (_, i) => {
    const n = from + i
    const source = sites[n % 3] ?? siteName('SITE_A')
    const destination = sites[(n + 1 + (n % 2)) % 3] ?? siteName('SITE_B')
    return aTransfer({ site: source, source, destination, endedAt: NOON + n - 40 * (n % 5) })
  })
}

/** `<site>-<seq>` of a log into which so many were written. */
function ids(count: number): string[] {
  return someTransfers(count).map(({ site }, n) => `${site}-${Math.floor(n / 3) + 1}`)
}

async function write(root: string, transfers: readonly Transfer[]): Promise<void> {
  await writeTransfers(createInlineVolume({ root }), transfers)
}

/** Offsets tell how much is there without reading it; nothing while the topic is being made. */
async function sizeOf(broker: Broker, topic = 'dtms_transfers'): Promise<number> {
  const admin = aForeignClient(broker.brokers).admin()
  await admin.connect()
  try {
    if (!(await admin.listTopics()).includes(topic)) return 0
    return (await admin.fetchTopicOffsets(topic)).reduce((sum, { high }) => sum + Number(high), 0)
  } catch {
    return 0
  } finally {
    await admin.disconnect()
  }
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

describe.skipIf(noKafka() !== undefined)(`the producer on a real broker${noKafka() ?? ''}`, () => {
  it('is read and understood by another client', async () => {
    const broker = await startBroker()
    try {
      const root = aFolder()
      const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
      await write(root, [...someTransfers(30), aFailedTransfer({ traceparent })])
      const producer = aProducerProcess(root, broker.brokers)
      await eventually(async () => (await sizeOf(broker)) === 31)
      expect(await producer.end('SIGTERM')).toBe(0)
      const partitions = await readTopic(broker.brokers)
      expect(partitions).toHaveLength(3)
      const messages = partitions.flat()
      expect(messages.map(idOf).sort()).toEqual([...ids(30), 'SITE_A-11'].sort())
      for (const { key, value, headers } of messages) {
        const transfer = JSON.parse(value.toString())
        expect(key).toBe(`${transfer.src_site}>${transfer.dst_site}`)
        expect(headers['content-type']).toBe('application/json')
        expect(Number(headers['dtms-published-at'])).toBeGreaterThan(0)
      }
      const failed = messages.find((message) => idOf(message) === 'SITE_A-11')
      expect(failed?.headers.traceparent).toBe(traceparent)
      expect(JSON.parse(failed?.value.toString() ?? '')).toMatchObject({
        ...{ schema_version: 1, event_type: 'data_transfer', status: 'FAILED', error_class: 'no_space' },
      })
    } finally {
      await broker.stop()
    }
  })

  it('loses nothing over kills of itself and of the broker: per link in order, repeats in the same partition', async () => {
    const broker = await startBroker()
    try {
      const root = aFolder()
      const random = createRandom(11, 'kills')
      let written = 0
      const add = async (count: number): Promise<void> => {
        await write(root, someTransfers(count, written))
        written += count
      }
      for (let round = 0; round < 6; round += 1) {
        await add(900)
        const producer = aProducerProcess(root, broker.brokers)
        await pause(random.uniform(300, 1500))
        if (round % 3 === 1) {
          await broker.kill9()
          await pause(random.uniform(50, 500))
          await broker.restart()
        }
        await producer.end('SIGKILL')
      }
      await add(300)
      const last = aProducerProcess(root, broker.brokers)
      await eventually(async () => {
        const partitions = (await sizeOf(broker)) < written ? [] : await readTopic(broker.brokers)
        return countedIds(partitions).length === written
      }, 60_000)
      expect(await last.end('SIGTERM')).toBe(0)
      const partitions = await readTopic(broker.brokers)
      expect(countedIds(partitions).sort()).toEqual(ids(written).sort())
      const places = new Map<string, Set<number>>()
      partitions.forEach((messages, partition) => {
        for (const { key } of messages) places.set(key, (places.get(key) ?? new Set()).add(partition))
      })
      expect([...places.values()].map(({ size }) => size)).toEqual([1, 1, 1, 1, 1, 1])
    } finally {
      await broker.stop()
    }
  })

  it('says how a topic that is there differs, and uses it; one that is deleted it makes and fills again', async () => {
    const broker = await startBroker()
    const admin = aForeignClient(broker.brokers).admin()
    try {
      await admin.connect()
      await admin.createTopics({ waitForLeaders: true, topics: [{ topic: 'dtms_transfers', numPartitions: 2 }] })
      const root = aFolder()
      await write(root, someTransfers(90))
      const producer = aProducerProcess(root, broker.brokers)
      await eventually(async () => (await sizeOf(broker)) === 90)
      await eventually(() =>
        producer.output().includes('kafka-topics.sh --alter --topic dtms_transfers --partitions 3'),
      )
      expect(producer.output()).toContain('"what":"retention.ms"')
      await admin.deleteTopics({ topics: ['dtms_transfers'] })
      await eventually(() => producer.output().includes('published again from its beginning'))
      await eventually(async () => {
        const partitions = await readTopic(broker.brokers).catch(() => [])
        return countedIds(partitions).length === 90
      })
      expect(countedIds(await readTopic(broker.brokers)).sort()).toEqual(ids(90).sort())
      expect(await producer.end('SIGTERM')).toBe(0)
    } finally {
      await admin.disconnect()
      await broker.stop()
    }
  })

  it('keeps a record that is too large for the topic in quarantine and publishes everything else', async () => {
    const broker = await startBroker()
    const admin = aForeignClient(broker.brokers).admin()
    try {
      await admin.connect()
      const configEntries = [{ name: 'max.message.bytes', value: '1200' }]
      await admin.createTopics({
        waitForLeaders: true,
        topics: [{ topic: 'dtms_transfers', numPartitions: 3, configEntries }],
      })
      const root = aFolder()
      const large = aFailedTransfer()
      const error = { ...large.error, message: 'x'.repeat(1024) } as NonNullable<Transfer['error']>
      await write(root, [...someTransfers(30), { ...large, error }, ...someTransfers(30, 30)])
      const producer = aProducerProcess(root, broker.brokers)
      await eventually(() => producer.output().includes('in quarantine/producer/'))
      // What went out in one request with it may be there twice.
      await eventually(async () => countedIds(await readTopic(broker.brokers)).length === 60)
      expect(await producer.end('SIGTERM')).toBe(0)
      expect(countedIds(await readTopic(broker.brokers))).toHaveLength(60)
    } finally {
      await admin.disconnect()
      await broker.stop()
    }
  })
})
