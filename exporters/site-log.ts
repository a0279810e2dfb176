import type { Clock } from '../lib/clock.ts'
import type { LogWriter, WriterStats } from '../lib/log/log.ts'
import { openLogWriter, type RetryRule } from '../lib/log/writer.ts'
import type { Logger } from '../lib/logger.ts'
import type { SiteName } from '../lib/names.ts'
import { transferCodec } from '../lib/record/codec.ts'
import type { Transfer } from '../lib/record/record.ts'
import { eventsCodec, truthCodec } from '../lib/streams/codecs.ts'
import type { Entry } from '../lib/streams/envelope.ts'
import type { SiteEvent } from '../lib/streams/events.ts'
import type { TruthLine } from '../lib/streams/truth.ts'
import type { Volume } from '../lib/volume/volume.ts'
import type { SourceBatch, Written } from './source.ts'

export interface SiteLogOptions {
  volume: Volume
  site: SiteName
  clock: Clock
  logger: Logger
  retention?: { hours: number; bytes: number }
  /** Called when another writer has taken one of the three folders over. */
  onFenced?: (error: Error) => void
  /** Absent: the writer's own. */
  retry?: RetryRule
  /** Told the seconds from handing a batch over until it was durable. */
  onWritten?: (seconds: number) => void
}

interface Writers {
  transfers: LogWriter<Transfer>
  truth: LogWriter<Entry<TruthLine>>
  events: LogWriter<Entry<SiteEvent>>
}

/** The three folders that one site's exporter alone writes: transfers, truth and events. */
export interface SiteLog {
  /** Seq of the newest entry of each folder, durable or still queued. */
  lastSeqs(): Written
  /** Resolves when the batch is durable, however long the volume takes; rejects only when closed or fenced off. */
  write(batch: Pick<SourceBatch, 'transfers' | 'events' | 'truth'>): Promise<void>
  /** Entries queued and not yet durable. */
  readonly pending: number
  stats(): WriterStats
  close(): Promise<void>
}

/** All three or none: when one folder is held by another writer, the others are released again. */
export async function openSiteLog(options: SiteLogOptions): Promise<SiteLog> {
  const { volume, site, clock, logger, retention } = options
  const common = {
    volume,
    writer: site,
    clock,
    logger,
    ...(retention === undefined ? {} : { retention }),
    ...(options.retry === undefined ? {} : { retry: options.retry }),
    ...(options.onFenced === undefined ? {} : { onFenced: options.onFenced }),
  }
  const opened = await Promise.allSettled([
    openLogWriter({ ...common, stream: 'transfers', codec: transferCodec }),
    openLogWriter({ ...common, stream: 'truth', codec: truthCodec }),
    openLogWriter({ ...common, stream: 'events', codec: eventsCodec }),
  ])
  const [transfers, truth, events] = opened
  if (transfers.status === 'fulfilled' && truth.status === 'fulfilled' && events.status === 'fulfilled') {
    return toSiteLog({ transfers: transfers.value, truth: truth.value, events: events.value }, options.onWritten)
  }
  await Promise.allSettled(opened.map(async (one) => (one.status === 'fulfilled' ? one.value.close() : undefined)))
  throw opened.find((one) => one.status === 'rejected')?.reason
}

function toSiteLog(writers: Writers, onWritten: (seconds: number) => void = () => {}): SiteLog {
  const { transfers, truth, events } = writers
  const all = [transfers, truth, events]
  return {
    lastSeqs: () => ({
      transfers: transfers.nextSeq - 1,
      truth: truth.nextSeq - 1,
      events: events.nextSeq - 1,
    }),
    async write(batch) {
      if (batch.transfers.length + batch.truth.length + batch.events.length === 0) return
      const start = performance.now()
      await Promise.all([
        transfers.appendAll(batch.transfers),
        truth.appendAll(batch.truth),
        events.appendAll(batch.events),
      ])
      onWritten((performance.now() - start) / 1000)
    },
    get pending() {
      return all.reduce((sum, writer) => sum + writer.pending, 0)
    },
    stats: () => all.map((writer) => writer.stats).reduce(addStats),
    async close() {
      const closed = await Promise.allSettled(all.map((writer) => writer.close()))
      const failed = closed.find((one) => one.status === 'rejected')
      if (failed !== undefined) throw failed.reason
    },
  }
}

function addStats(a: WriterStats, b: WriterStats): WriterStats {
  return {
    lines: a.lines + b.lines,
    bytes: a.bytes + b.bytes,
    syncs: a.syncs + b.syncs,
    sealedByFailure: a.sealedByFailure + b.sealedByFailure,
    writeErrors: a.writeErrors + b.writeErrors,
    retentionDeleted: a.retentionDeleted + b.retentionDeleted,
    retentionForced: a.retentionForced + b.retentionForced,
    lastSyncSeconds: Math.max(a.lastSyncSeconds, b.lastSyncSeconds),
  }
}
