import kafkajs, { type Kafka, type Producer } from 'kafkajs'
import { systemClock } from '../../lib/clock.ts'
import { loadConfig } from '../../lib/config.ts'
import { openLogWriter } from '../../lib/log/writer.ts'
import { silentLogger } from '../../lib/logger.ts'
import { transferCodec } from '../../lib/record/codec.ts'
import type { Transfer } from '../../lib/record/record.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import { openVolume } from '../../lib/volume/open.ts'
import type { BusRecord } from '../../streaming/bus.ts'
import { producerConfig } from '../../streaming/config.ts'
import { createKafkaBus } from '../../streaming/kafka-bus.ts'
import { toMessage } from '../../streaming/message.ts'
import { Partitioning } from '../../streaming/partitioning.ts'
import { createProducer } from '../../streaming/producer.ts'
import { type BenchRow, median, timed } from '../bench/harness.ts'
import { inFolder, transfersOf } from '../bench/support-transfers.ts'
import { startBroker } from '../support/kafka-broker.ts'

const SITES = ['SITE_A', 'SITE_B', 'SITE_C']
const RECORDS_A_SITE = 20_000
const ROUNDS = 5
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
    const ours: number[] = []
    const publishers: number[] = []
    const theirs: number[] = []
    await inFolder(async (folder) => {
      await writeLogs(folder, bySite)
      for (let round = 0; round <= ROUNDS; round += 1) {
        const own = await rateOfProducer(folder, broker.brokers, await aTopic())
        const publisher = await rateOfPublisher(broker.brokers, await aTopic(), messages)
        const milliseconds = await timed(() => inBatches(plain, plainTopic, messages))
        // The first pair warms up.
        if (round === 0) continue
        ours.push(own)
        publishers.push(publisher)
        theirs.push(RECORDS / (milliseconds / 1000))
      }
    })
    const single = await timed(() => oneByOne(plain, plainTopic, messages.slice(0, SINGLE)))
    const one = SINGLE / (single / 1000)
    const against = (rates: number[]) => median(rates.map((own, i) => own / (theirs[i] ?? Number.NaN)))
    return [
      rate('whole producer, log to acknowledged', median(ours)),
      rate(`publisher of the bus, batches of ${BATCH}, values ready`, median(publishers)),
      rate(`plain kafkajs, batches of ${BATCH}, values ready`, median(theirs)),
      bar('whole producer against plain batches', against(ours), 0.8),
      { name: 'publisher of the bus against plain batches', value: Number(against(publishers).toFixed(2)), unit: 'x' },
      rate('plain kafkajs, awaited one by one', one),
      bar('whole producer against awaited single sends', median(ours) / one, 5),
    ]
  } finally {
    await plain.disconnect()
    await admin.disconnect()
    await broker.stop()
  }
}

function rate(name: string, perSecond: number): BenchRow {
  return { name, value: Math.round(perSecond), unit: 'records/s' }
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

/** Records per second from its first acknowledgement on: the plain producer is connected before it is timed, too. */
async function rateOfProducer(root: string, brokers: readonly string[], topic: string): Promise<number> {
  const config = loadConfig(producerConfig, {
    ...{ DTMS_DATA_DIR: root, DTMS_KAFKA_BROKERS: brokers.join(','), DTMS_KAFKA_TRANSFERS_TOPIC: topic },
    ...{ DTMS_LOG_POLL_MS: '2' },
  })
  const volume = openVolume({ root })
  const bus = createKafkaBus({ ...config, clientId: 'bench' }, silentLogger)
  const producer = createProducer({ config, volume, bus, clock: systemClock, logger: silentLogger })
  await producer.start()
  const metric = producer.registry.getSingleMetric('dtms_producer_acknowledged_records_total')
  const acknowledged = async (): Promise<number> => (await metric?.get())?.values[0]?.value ?? 0
  const reaches = async (count: number): Promise<{ at: number; done: number }> => {
    for (;;) {
      const done = await acknowledged()
      if (done >= count) return { at: performance.now(), done }
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }
  const first = await reaches(1)
  const last = await reaches(RECORDS)
  await producer.stop()
  await bus.close()
  await volume.close()
  return (last.done - first.done) / ((last.at - first.at) / 1000)
}

/** The same calls as the plain producer's. */
async function rateOfPublisher(
  brokers: readonly string[],
  topic: string,
  messages: readonly Finished[],
): Promise<number> {
  const bus = createKafkaBus(
    { ...loadConfig(producerConfig, { DTMS_KAFKA_BROKERS: brokers.join(',') }), clientId: 'bench' },
    silentLogger,
  )
  const publisher = await bus.publisher()
  const partitioning = new Partitioning(3)
  const records = messages.map(
    ({ key, value, headers }): BusRecord => ({
      ...{ key, value, headers: new Map(Object.entries(headers)), timestampMs: Date.now() },
      partition: partitioning.of(key).partition,
    }),
  )
  await publisher.publish(topic, records.slice(0, 1))
  const milliseconds = await timed(async () => {
    for (let at = 0; at < records.length; at += BATCH) await publisher.publish(topic, records.slice(at, at + BATCH))
  })
  await publisher.close()
  await bus.close()
  return records.length / (milliseconds / 1000)
}

async function inBatches(producer: Producer, topic: string, messages: readonly Finished[]): Promise<void> {
  for (let at = 0; at < messages.length; at += BATCH) {
    await producer.send({ topic, acks: -1, messages: messages.slice(at, at + BATCH) })
  }
}

async function oneByOne(producer: Producer, topic: string, messages: readonly Finished[]): Promise<void> {
  for (const message of messages) await producer.send({ topic, acks: -1, messages: [message] })
}
