import kafkajs from 'kafkajs'
import type { Transfer } from '../../lib/record/record.ts'
import { toMessage } from '../../streaming/message.ts'
import { Partitioning } from '../../streaming/partitioning.ts'
import { transfersOf } from '../bench/support-transfers.ts'

const SITES = ['SITE_A', 'SITE_B', 'SITE_C']
const PARTITIONS = 3
const BATCH = 1000

/**
 * Messages a second of event time over all sites. `SPARSE` is about thirty times the default world's, so that a million is
 * a day: a window closes for every sixty messages. `DENSE` is a billion a day.
 */
export const SPARSE = 12
export const DENSE = 10_000

export function aClient(brokers: readonly string[]) {
  const { Kafka, logLevel } = kafkajs
  return new Kafka({ clientId: 'bench', brokers: [...brokers], logLevel: logLevel.NOTHING })
}

/** Makes a topic and fills it with real-looking transfers of three sites, each in its link's partition, in order. */
export async function fillTopic(
  brokers: readonly string[],
  topic: string,
  records: number,
  perSecond = SPARSE,
): Promise<void> {
  const client = aClient(brokers)
  const admin = client.admin()
  await admin.connect()
  await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: PARTITIONS }] })
  await admin.disconnect()
  const producer = client.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false })
  await producer.connect()
  for (const batch of batchesOf(records, perSecond)) await producer.send({ topic, messages: batch })
  await producer.disconnect()
}

export function* batchesOf(records: number, perSecond = SPARSE) {
  const templates = SITES.map((site) => transfersOf(site, 5000))
  const partitioning = new Partitioning(PARTITIONS)
  const seqs = SITES.map(() => 0)
  const startAt = templates[0]?.[0]?.endedAt ?? 0
  for (let first = 0; first < records; first += BATCH) {
    yield Array.from({ length: Math.min(BATCH, records - first) }, (_, i) => {
      const n = first + i
      const place = n % SITES.length
      const site = templates[place] ?? []
      const template = site[Math.floor(n / SITES.length) % site.length] as Transfer
      const seq = (seqs[place] ?? 0) + 1
      seqs[place] = seq
      const endedAt = Math.round((startAt + n / perSecond) * 1000) / 1000
      const shift = endedAt - template.endedAt
      const record = {
        ...{ ...template, v: 1, seq, id: `${template.site}-${seq}`, endedAt },
        ...{ startedAt: template.startedAt + shift, queuedAt: template.queuedAt + shift },
      }
      const key = `${template.source}>${template.destination}`
      const { partition } = partitioning.of(key)
      const { value } = toMessage(record, { partition, timestampMs: 0, publishedAt: endedAt })
      return { key, partition, value, headers: { 'dtms-published-at': String(endedAt) } }
    })
  }
}
