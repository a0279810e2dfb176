import { systemClock } from '../../lib/clock.ts'
import type { Codec } from '../../lib/log/log.ts'
import { createTailer } from '../../lib/log/tailer.ts'
import { silentLogger } from '../../lib/logger.ts'
import type { TransferRecord } from '../../lib/record/record.ts'
import { anomaliesCodec, quarantineCodec, windowsCodec } from '../../lib/streams/codecs.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import type { Volume } from '../../lib/volume/volume.ts'
import type { BusMessage } from '../../streaming/bus.ts'
import { FlowCounts } from '../../streaming/flow.ts'
import { toMessage } from '../../streaming/message.ts'
import { Partition, type PartitionOptions } from '../../streaming/partition.ts'
import { noRoutes } from '../../streaming/routing.ts'
import { TransferFlow } from '../../streaming/transfer-flow.ts'
import { asMessage } from './bus-messages.ts'
import { readAll } from './log.ts'

/** A process that is gone leaves its lease to be watched: short, because here both live in one process. */
export const shortLease = { beatMs: 20, watchMs: 60, trustMs: 40, lookMs: 5 }

export const rules = { windowSeconds: 60, watermarkSeconds: 10, latenessSeconds: 50 }
export const zscore = { window: 50, threshold: 3, refractory: 10 }

/** Records as messages of one partition, from offset `first` on. */
export function messagesOf(records: readonly TransferRecord[], first = 0): BusMessage[] {
  return records.map((record, i) => {
    const place = { partition: 0, timestampMs: Math.round(record.endedAt * 1000), publishedAt: record.endedAt }
    return asMessage(toMessage(record, place), first + i)
  })
}

export interface OpenPartition {
  partition: Partition
  counts: FlowCounts
  saved: number[]
  broken: unknown[]
  lost: number[]
  recreated: () => number
}

/** Partition 0 of `transfers`, as the service opens it. */
export async function openPartition(
  volume: Volume,
  range: { first: number; next: number; incarnation?: string },
  changes: Partial<PartitionOptions> = {},
): Promise<OpenPartition> {
  const counts = new FlowCounts()
  const saved: number[] = []
  const broken: unknown[] = []
  const lost: number[] = []
  let recreated = 0
  const at = { topic: 'transfers', partition: 0 }
  const partition = await Partition.open(
    {
      ...{
        volume,
        clock: systemClock,
        logger: silentLogger,
        isTransfers: true,
        isDurable: true,
        checkpointSeconds: 600,
      },
      assignment: { ...at, incarnation: 'one', ...range },
      retention: { hours: 168, bytes: 1 << 30 },
      leaseTiming: shortLease,
      createFlow: (state) => TransferFlow.restore({ at, rules, zscore, counts, routes: noRoutes }, state),
      onOutcome: () => {},
      onRouted: async () => {},
      onProcessed: () => {},
      onSaved: async (offset) => void saved.push(offset),
      onLost: (records) => void lost.push(records),
      onRecreated: () => {
        recreated += 1
      },
      onBroken: (error) => void broken.push(error),
      ...changes,
    },
    new AbortController().signal,
  )
  return { partition, counts, saved, broken, lost, recreated: () => recreated }
}

export function windowLines(volume: Volume, writers?: readonly string[]) {
  return linesOf(volume, 'windows', windowsCodec, writers)
}

export function anomalyLines(volume: Volume) {
  return linesOf(volume, 'anomalies', anomaliesCodec)
}

export function quarantineLines(volume: Volume) {
  return linesOf(volume, 'quarantine', quarantineCodec)
}

async function linesOf<Read>(
  volume: Volume,
  stream: string,
  codec: Codec<never, Read>,
  writers?: readonly string[],
): Promise<Read[]> {
  const tailer = createTailer({ volume, stream, codec, ...(writers === undefined ? {} : { writers }) })
  const { entries } = await readAll(tailer)
  return entries.map(({ value }) => value)
}

/** Reads whatever is there, untouched by the faults of the volume under test. */
export function plainVolume(root: string): Volume {
  return createInlineVolume({ root })
}
