import type { Clock } from '../../lib/clock.ts'
import type { LogWriter } from '../../lib/log/log.ts'
import { openLogWriter } from '../../lib/log/writer.ts'
import type { Logger } from '../../lib/logger.ts'
import { linkKey, type SiteName } from '../../lib/names.ts'
import { transferCodec } from '../../lib/record/codec.ts'
import { RECORD_VERSION, type Transfer } from '../../lib/record/record.ts'
import type { Volume } from '../../lib/volume/volume.ts'
import type { Bus } from '../bus.ts'
import type { BusConfig } from '../kafka-settings.ts'
import { toMessage } from '../message.ts'
import { Partitioning } from '../partitioning.ts'
import { type Letter, Outbox } from '../producer/outbox.ts'
import { transfersPlan } from '../producer/topic-care.ts'
import type { Due, LoadTarget } from './load.ts'

export interface OpenTarget extends LoadTarget {
  close(): Promise<void>
}

const BATCH = { batchBytes: 196_608, batchMs: 5 }
/** Room for so many records in the numbers of one millisecond. */
const SEQS_A_MILLISECOND = 1000

/** Publishes as the producer does. @throws DtmsError `bus.unavailable`, `bus.refused` */
export async function openBusTarget({ bus, config }: { bus: Bus; config: BusConfig }): Promise<OpenTarget> {
  const plan = transfersPlan(config)
  await bus.ensureTopics([plan])
  const ranges = await bus.ranges(plan.topic)
  const partitioning = new Partitioning(ranges?.length ?? plan.partitions)
  const publisher = await bus.publisher()
  const refused = new Set<number>()
  const outbox = new Outbox({
    ...BATCH,
    depth: bus.kind === 'memory' ? Number.POSITIVE_INFINITY : 1,
    publish: (records) => publisher.publish(plan.topic, records),
    onAcknowledged: () => {},
    onRefused: async ({ seq: number }) => {
      refused.add(number)
    },
    onTrouble: () => {},
  })
  // Above those of any earlier load: readers take a number that is not higher than the last for a repeat.
  let seq = Date.now() * SEQS_A_MILLISECOND
  return {
    get refused() {
      return refused.size
    },
    flush: () => outbox.flush(),
    send(records, acknowledged) {
      const timestampMs = Date.now()
      const publishedAt = timestampMs / 1000
      const byPartition = new Map<number, { letters: Letter[]; records: Due[] }>()
      for (const record of records) {
        const { transfer } = record
        const { partition } = partitioning.of(linkKey(transfer.source, transfer.destination))
        let group = byPartition.get(partition)
        if (group === undefined) {
          group = { letters: [], records: [] }
          byPartition.set(partition, group)
        }
        seq += 1
        const numbered = { ...transfer, v: RECORD_VERSION, seq, id: `${transfer.site}-${seq}` }
        const message = toMessage(numbered, { partition, timestampMs, publishedAt })
        group.letters.push({ writer: transfer.site, seq, at: transfer.endedAt, message })
        group.records.push(record)
      }
      for (const { letters, records: own } of byPartition.values()) {
        outbox.put(letters, () => acknowledged(own.filter((_, i) => !refused.has(letters[i]?.seq ?? 0))))
      }
    },
    async close() {
      outbox.close()
      await publisher.close()
    },
  }
}

/** Appends as exporters do, one writer a recorder. @throws DtmsError `log.writer_busy` */
export async function openLogTarget(options: {
  volume: Volume
  clock: Clock
  logger: Logger
  sites: readonly SiteName[]
}): Promise<OpenTarget> {
  const { volume, clock, logger, sites } = options
  const writers = new Map<SiteName, LogWriter<Transfer>>()
  const close = async (): Promise<void> => {
    for (const writer of writers.values()) await writer.close()
  }
  try {
    for (const site of sites) {
      const codec = transferCodec
      writers.set(site, await openLogWriter({ volume, stream: 'transfers', writer: site, codec, clock, logger }))
    }
  } catch (error) {
    await close()
    throw error
  }
  let refused = 0
  return {
    get refused() {
      return refused
    },
    flush: () => {},
    send(records, acknowledged) {
      for (const [site, writer] of writers) {
        const own = records.filter(({ transfer }) => transfer.site === site)
        if (own.length === 0) continue
        writer.appendAll(own.map(({ transfer }) => transfer)).then(
          () => acknowledged(own),
          () => {
            refused += own.length
          },
        )
      }
    },
    close,
  }
}
