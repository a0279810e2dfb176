import { systemClock } from '../../lib/clock.ts'
import type { Codec, LogWriter } from '../../lib/log/log.ts'
import { openLogWriter } from '../../lib/log/writer.ts'
import { silentLogger } from '../../lib/logger.ts'
import { siteName } from '../../lib/names.ts'
import { transferCodec } from '../../lib/record/codec.ts'
import type { Transfer } from '../../lib/record/record.ts'
import type { AnomalyLine } from '../../lib/streams/anomalies.ts'
import { anomaliesCodec, eventsCodec } from '../../lib/streams/codecs.ts'
import type { Entry } from '../../lib/streams/envelope.ts'
import type { SiteEvent } from '../../lib/streams/events.ts'
import type { Volume } from '../../lib/volume/volume.ts'
import { NOON } from './builders.ts'

/** Appends entries to one writer's folder as its service does, and leaves it released. */
export async function write<Written>(
  volume: Volume,
  place: { stream: string; writer: string; codec: Codec<Written, unknown> },
  entries: readonly Written[],
): Promise<void> {
  const log: LogWriter<Written> = await openLogWriter({ volume, ...place, clock: systemClock, logger: silentLogger })
  await log.appendAll(entries)
  await log.close()
}

/** Each transfer goes to the log of its own site, in the order given. */
export async function writeTransfers(volume: Volume, transfers: readonly Transfer[]): Promise<void> {
  for (const site of new Set(transfers.map((transfer) => transfer.site))) {
    const own = transfers.filter((transfer) => transfer.site === site)
    await write(volume, { stream: 'transfers', writer: site, codec: transferCodec }, own)
  }
}

export async function writeEvents(volume: Volume, writer: string, events: readonly Entry<SiteEvent>[]): Promise<void> {
  await write(volume, { stream: 'events', writer, codec: eventsCodec }, events)
}

export async function writeAnomalies(volume: Volume, anomalies: readonly Entry<AnomalyLine>[]): Promise<void> {
  await write(volume, { stream: 'anomalies', writer: 'forest', codec: anomaliesCodec }, anomalies)
}

/** A verdict of the forest about a transfer from SITE_A to SITE_B that ended at NOON. */
export function anAnomaly(changes: Partial<Entry<AnomalyLine>> = {}): Entry<AnomalyLine> {
  return {
    at: NOON,
    type: 'anomaly',
    id: 'forest-SITE_A-1',
    detector: 'forest',
    level: 'transfer',
    transferId: 'SITE_A-1',
    site: siteName('SITE_A'),
    source: siteName('SITE_A'),
    destination: siteName('SITE_B'),
    score: 0.8,
    threshold: 0.6,
    confidence: 0.99,
    severity: 'major',
    why: 'rate 3.1 MB/s, usually 19-24, z -6.2: 71 % of the score',
    reasons: [],
    sizeBytes: 1e9,
    bytesTransferred: 1e9,
    durationSeconds: 300,
    status: 'ok',
    ...changes,
  }
}
