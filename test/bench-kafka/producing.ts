import { join } from 'node:path'
import kafkajs, { type Kafka, type Producer } from 'kafkajs'
import { systemClock } from '../../lib/clock.ts'
import { loadConfig } from '../../lib/config.ts'
import { openLogWriter } from '../../lib/log/writer.ts'
import { silentLogger } from '../../lib/logger.ts'
import { transferCodec } from '../../lib/record/codec.ts'
import type { Transfer } from '../../lib/record/record.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import { openVolume } from '../../lib/volume/open.ts'
import { producerConfig } from '../../streaming/config.ts'
import { createKafkaBus } from '../../streaming/kafka-bus.ts'
import { toMessage } from '../../streaming/message.ts'
import { createProducer } from '../../streaming/producer.ts'
import { alternate, type BenchRow, timed } from '../bench/harness.ts'
import { inFolder, transfersOf } from '../bench/support-transfers.ts'
import { startBroker } from '../support/kafka-broker.ts'

const SITES = ['SITE_A', 'SITE_B', 'SITE_C']
const RECORDS_A_SITE = 15_000
const RECORDS = SITES.length * RECORDS_A_SITE
const SINGLE = 500
const BATCH = 500

/**
 * The whole producer (log -> topic: reading, checking, making messages, publishing, saving the place) against a plain
 * kafkajs producer that is handed finished values of the same messages, in batches and one by one.
 */
export async function run(): Promise<BenchRow[]> {
  const bySite = SITES.map((site) => transfersOf(site, RECORDS_A_SITE))
  const messages = bySite.flatMap((transfers, i) => finished(SITES[i] ?? '', transfers))
  const broker = await startBroker()
  const { Kafka: Client, logLevel } = kafkajs
  const client: Kafka = new Client({ clientId: 'plain', brokers: broker.brokers, logLevel: logLevel.NOTHING })
  const plain = client.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false })
  const admin = client.admin()
  await admin.connect()
  await plain.connect()
  let topics = 0
  const aTopic = async (): Promise<string> => {
    topics += 1
    const topic = `bench-${topics}`
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: 3 }] })
    return topic
  }
  try {
    const plainTopic = await aTopic()
    const batched = await inFolder(async (folder) => {
      await writeLogs(folder, bySite)
      return alternate(
        () => wholeProducer(folder, broker.brokers, `own-${performance.now()}`),
        () => inBatches(plain, plainTopic, messages),
        5,
      )
    })
    const single = await timed(() => oneByOne(plain, plainTopic, messages.slice(0, SINGLE)))
    const perSecond = (milliseconds: number, count: number): number => Math.round(count / (milliseconds / 1000))
    const own = perSecond(batched.candidateMs, RECORDS)
    const one = perSecond(single, SINGLE)
    return [
      { name: 'log to acknowledged, whole producer', value: own, unit: 'records/s' },
      {
        name: `plain kafkajs, batches of ${BATCH}, values ready`,
        value: perSecond(batched.anchorMs, RECORDS),
        unit: 'records/s',
      },
      bar('whole producer against plain batches', batched.ratio, 0.8),
      { name: 'plain kafkajs, awaited one by one', value: one, unit: 'records/s' },
      bar('whole producer against awaited single sends', own / one, 5),
    ]
  } finally {
    await plain.disconnect()
    await admin.disconnect()
    await broker.stop()
  }
}

function bar(name: string, ratio: number, least: number): BenchRow {
  return { name, value: Number(ratio.toFixed(2)), unit: 'x', bar: `>= ${least}`, ok: ratio >= least }
}

interface Finished {
  key: string
  value: Buffer
  headers: Record<string, string>
}

function finished(site: string, transfers: readonly Transfer[]): Finished[] {
  return transfers.map((transfer, i) => {
    const record = { ...transfer, v: 1, seq: i + 1, id: `${site}-${i + 1}` }
    const { key, value, headers } = toMessage(record, { partition: 0, timestampMs: 0, publishedAt: transfer.endedAt })
    return { key, value, headers: Object.fromEntries(headers) }
  })
}

async function writeLogs(root: string, bySite: readonly (readonly Transfer[])[]): Promise<void> {
  const volume = createInlineVolume({ root })
  for (const [i, transfers] of bySite.entries()) {
    const writer = await openLogWriter({
      ...{ volume, stream: 'transfers', writer: SITES[i] ?? '', codec: transferCodec },
      ...{ clock: systemClock, logger: silentLogger },
    })
    await writer.appendAll(transfers)
    await writer.close()
  }
}

/** From nothing to every record acknowledged; start and stop of the service included. */
async function wholeProducer(root: string, brokers: readonly string[], topic: string): Promise<void> {
  const config = loadConfig(producerConfig, {
    ...{ DTMS_DATA_DIR: root, DTMS_KAFKA_BROKERS: brokers.join(','), DTMS_KAFKA_TRANSFERS_TOPIC: topic },
    ...{ DTMS_LOG_POLL_MS: '2' },
  })
  const volume = openVolume({ root: join(root) })
  const bus = createKafkaBus({ ...config, clientId: 'bench' }, silentLogger)
  const producer = createProducer({ config, volume, bus, clock: systemClock, logger: silentLogger })
  await producer.start()
  const metric = producer.registry.getSingleMetric('dtms_producer_acknowledged_records_total')
  for (let done = 0; done < RECORDS; ) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    done = (await metric?.get())?.values[0]?.value ?? 0
  }
  await producer.stop()
  await bus.close()
  await volume.close()
}

async function inBatches(producer: Producer, topic: string, messages: readonly Finished[]): Promise<void> {
  for (let at = 0; at < messages.length; at += BATCH) {
    await producer.send({ topic, acks: -1, messages: messages.slice(at, at + BATCH) })
  }
}

async function oneByOne(producer: Producer, topic: string, messages: readonly Finished[]): Promise<void> {
  for (const message of messages) await producer.send({ topic, acks: -1, messages: [message] })
}
