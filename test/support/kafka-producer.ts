import { Kafka, logLevel } from 'kafkajs'
import { type RunningProcess, startNode } from './processes.ts'
import { main } from './service-process.ts'

/** The compiled `dtms run producer`; it ends with the test. */
export function aProducerProcess(
  root: string,
  brokers: readonly string[],
  env: Record<string, string> = {},
): RunningProcess {
  return startNode([main, 'run', 'producer'], {
    ...{ PATH: process.env.PATH ?? '', DTMS_PORT: '0', DTMS_DATA_DIR: root, DTMS_KAFKA_BROKERS: brokers.join(',') },
    ...{ DTMS_LOG_POLL_MS: '5', DTMS_PRODUCER_BATCH_BYTES: '8192', DTMS_PRODUCER_CHECKPOINT_SECONDS: '0.05' },
    ...env,
  })
}

/** A client that knows nothing of DTMS. */
export function aForeignClient(brokers: readonly string[]): Kafka {
  const retry = { initialRetryTime: 100, maxRetryTime: 1000, retries: 100 }
  return new Kafka({ clientId: 'foreign', brokers: [...brokers], logLevel: logLevel.NOTHING, retry })
}

export interface ForeignMessage {
  key: string
  offset: number
  value: Buffer
  headers: Record<string, string>
}

/** How often a reader begins again when the broker is not ready for groups: the client gives up where it could wait. */
const READS = 10

/** Everything that is in a topic now, by partition, as another client reads it. */
export async function readTopic(brokers: readonly string[], topic = 'dtms_transfers'): Promise<ForeignMessage[][]> {
  for (let read = 1; ; read += 1) {
    try {
      return await readOnce(brokers, topic)
    } catch (error) {
      const isNotReady = error instanceof Error && error.name === 'KafkaJSGroupCoordinatorNotFound'
      if (!isNotReady || read === READS) throw error
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
  }
}

async function readOnce(brokers: readonly string[], topic: string): Promise<ForeignMessage[][]> {
  const client = aForeignClient(brokers)
  const admin = client.admin()
  await admin.connect()
  const ends = await admin.fetchTopicOffsets(topic)
  await admin.disconnect()
  const partitions: ForeignMessage[][] = ends.map(() => [])
  const filled = ends.filter(({ low, high }) => Number(high) > Number(low)).map(({ partition }) => partition)
  const left = new Set(filled)
  if (left.size === 0) return partitions
  const consumer = client.consumer({ groupId: `reader-${process.pid}-${performance.now()}` })
  try {
    await consumer.connect()
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    await new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => {
        if (!payload.restart) return reject(payload.error)
        // A broker that has just started is still loading its groups: the client begins again, and reads all of it again.
        for (const read of partitions) read.length = 0
        for (const partition of filled) left.add(partition)
      })
      void consumer.run({
        autoCommit: false,
        eachBatch: async ({ batch }) => {
          for (const { key, offset, value, headers } of batch.messages) {
            partitions[batch.partition]?.push({
              ...{ key: key?.toString() ?? '', offset: Number(offset), value: value ?? Buffer.alloc(0) },
              headers: Object.fromEntries(Object.entries(headers ?? {}).map(([name, text]) => [name, String(text)])),
            })
          }
          const end = ends.find(({ partition }) => partition === batch.partition)
          if (Number(batch.lastOffset()) + 1 >= Number(end?.high)) left.delete(batch.partition)
          if (left.size === 0) resolve()
        },
      })
    })
  } finally {
    await consumer.disconnect()
  }
  return partitions
}
