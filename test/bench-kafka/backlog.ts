import { setTimeout as pause } from 'node:timers/promises'
import type { BenchRow } from '../bench/harness.ts'
import { inFolder } from '../bench/support-transfers.ts'
import { startBroker } from '../support/kafka-broker.ts'
import { startService } from '../support/service-process.ts'
import { Shown } from './support-metrics.ts'
import { fillTopic } from './support-topic.ts'

const SMALL = 10_000
const LARGE = 2_000_000
const MIB = 1024 * 1024

/** `dtms run stream` before a backlog: how much memory it takes at most, and how long, until it has caught up. */
export async function run(): Promise<BenchRow[]> {
  const broker = await startBroker()
  try {
    const [small, large] = [
      await caughtUp(broker.brokers, 'small', SMALL),
      await caughtUp(broker.brokers, 'large', LARGE),
    ]
    const ratio = large.bytes / small.bytes
    const most = Math.max(small.bytes, large.bytes) / MIB
    const note = `${LARGE / 1e6} million: ${(large.bytes / MIB).toFixed(0)}, ten thousand: ${(small.bytes / MIB).toFixed(0)}`
    return [
      { name: 'most resident memory', value: most, unit: 'MiB', bar: '<= 128', ok: most <= 128, note },
      { name: 'memory at 2 million against 10,000', value: ratio, unit: 'x', bar: '<= 1.2', ok: ratio <= 1.2 },
      {
        ...{ name: 'catching up 2 million', value: large.seconds, unit: 's', bar: '<= 60', ok: large.seconds <= 60 },
        note: `from the first record to the last being durable, ${Math.round(LARGE / large.seconds)} records/s`,
      },
    ]
  } finally {
    await broker.stop()
  }
}

function caughtUp(
  brokers: readonly string[],
  topic: string,
  records: number,
): Promise<{ bytes: number; seconds: number }> {
  return inFolder(async (folder) => {
    await fillTopic(brokers, topic, records)
    const service = startService('stream', {
      ...{ DTMS_DATA_DIR: folder, DTMS_KAFKA_BROKERS: brokers.join(','), KAFKA_GROUP: topic, LOG_LEVEL: 'info' },
      ...{ DTMS_KAFKA_TRANSFERS_TOPIC: topic, KAFKA_TOPIC: 'none', DTMS_STREAM_DECISIONS: 'none' },
    })
    try {
      let bytes = 0
      let firstAt: number | undefined
      for (;;) {
        const shown = await Shown.of(service)
        const done = shown?.value('dtms_stream_internal_latency_seconds_count') ?? 0
        bytes = Math.max(bytes, shown?.value('process_resident_memory_bytes') ?? 0)
        if (done > 0) firstAt ??= performance.now()
        if (done >= records) return { bytes, seconds: (performance.now() - (firstAt ?? 0)) / 1000 }
        if (service.crashes.length > 0) throw new Error(service.crashes.join('\n'))
        await pause(100)
      }
    } finally {
      await service.stop()
    }
  })
}
