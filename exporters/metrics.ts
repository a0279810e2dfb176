import type { LayerReport } from '../lib/layers.ts'
import { type DamageReason, damageReasons, type WriterStats } from '../lib/log/log.ts'
import {
  type Counter,
  type Gauge,
  type Histogram,
  LabelCap,
  Metrics,
  type MetricsRegistry,
  Tally,
} from '../lib/metrics.ts'
import type { SiteName } from '../lib/names.ts'
import type { TransferRecord } from '../lib/record/record.ts'

/** What is asked of a running exporter at every scrape. */
export interface ExporterFacts {
  pastProgress: number
  lagSeconds: number
  speed: number
  paused: { count: number; seconds: number }
  /** Transfers taken from the source and made durable; entries from outside that could not become any, by reason. */
  collected: { received: number; published: number; refused: ReadonlyMap<string, number> }
  /** Lines that are not durable yet. */
  pending: number
  writer: WriterStats
  readBack: { lagBytes: number; repeated: number; missing: number; damaged: ReadonlyMap<DamageReason, number> }
}

/** Foreign logs name endpoints freely; the simulator has a handful. */
const MAX_ENDPOINTS = 64

const DURATION_BUCKETS = [0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 3600, 7200, 14_400]
const WRITE_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/**
 * The metrics of all exporters of a process, by site. Transfers are counted when they are read back from the log, so
 * that a graph never shows what a restart would not find again.
 */
export class ExporterMetrics {
  readonly #metrics = new Metrics()
  readonly #facts = new Map<SiteName, () => ExporterFacts | undefined>()
  readonly #counted = new Map<string, number>()
  readonly #endpoints = new LabelCap(MAX_ENDPOINTS)
  /** Of all sites. */
  readonly #writeSeconds = new Tally(WRITE_BUCKETS)

  // The lag comes first: its collection brings all counters up to date before they are printed.
  readonly #lag: Gauge<'site'> = this.#metrics.gauge(
    {
      name: 'dtms_world_lag_seconds',
      help: 'How far the newest written world instant is behind the present, seconds of world time',
      labels: ['site'],
    },
    () => this.#collect(),
  )
  readonly #bytes = this.#counter('dtms_transfer_bytes_total', 'Bytes transferred, read back from the log')
  readonly #failures = this.#counter(
    'dtms_transfer_failures_total',
    'Transfers that did not end well (failed or aborted), read back from the log',
  )
  readonly #durations: Histogram<'site'> = this.#metrics.histogram(
    {
      name: 'dtms_transfer_duration_seconds',
      help: 'Duration of transfers from start to end, seconds, read back from the log',
      labels: ['site'],
    },
    DURATION_BUCKETS,
  )
  readonly #transfers: Counter<'site' | 'source' | 'destination' | 'status'> = this.#metrics.counter({
    name: 'dtms_transfers_total',
    help: 'Transfers by recorder, endpoints and outcome, read back from the log',
    labels: ['site', 'source', 'destination', 'status'],
  })
  readonly #errors: Counter<'site' | 'error_class'> = this.#metrics.counter({
    name: 'dtms_transfer_errors_total',
    help: 'Failed and aborted transfers by the scope that is to blame and the class of the error (scope/class)',
    labels: ['site', 'error_class'],
  })
  readonly #writes: Histogram<'site' | 'backend'> = this.#metrics.histogram(
    {
      name: 'dtms_log_write_seconds',
      help: 'Time from handing a batch to the log until it was durable, seconds',
      labels: ['site', 'backend'],
    },
    WRITE_BUCKETS,
  )
  readonly #lines = this.#counter('dtms_log_lines_written_total', 'Lines made durable: transfers, truth and events')
  readonly #logBytes = this.#counter('dtms_log_bytes_written_total', 'Bytes made durable: transfers, truth and events')
  readonly #writeErrors = this.#counter(
    'dtms_log_write_errors_total',
    'Writes or syncs that failed; the lines were written again',
  )
  readonly #sealed = this.#counter(
    'dtms_log_segments_abandoned_total',
    'Segments closed for good after a failed write or sync',
  )
  readonly #deleted = this.#counter('dtms_log_segments_deleted_total', 'Segments deleted by retention')
  readonly #forced = this.#counter(
    'dtms_log_segments_deleted_unread_total',
    'Segments deleted at the size limit before every registered reader had read them',
  )
  readonly #damaged: Counter<'site' | 'reason'> = this.#metrics.counter({
    name: 'dtms_log_damaged_lines_total',
    help: 'Lines of the own log that could not be read back, by reason',
    labels: ['site', 'reason'],
  })
  readonly #repeated = this.#counter('dtms_log_repeated_lines_total', 'Lines read back a second time and dropped')
  readonly #missing = this.#counter('dtms_log_missing_lines_total', 'Sequence numbers that are missing in the own log')
  readonly #readLag = this.#gauge('dtms_log_read_back_lag_bytes', 'Bytes of the own log not yet read back')
  readonly #progress = this.#gauge('dtms_backfill_progress_ratio', 'How much of the past is written, 0 to 1')
  readonly #speed = this.#gauge('dtms_world_speed_ratio', 'World seconds per second of wall time')
  readonly #pauses = this.#counter('dtms_exporter_pauses_total', 'Times marked as paused since this process started')
  readonly #paused = this.#counter(
    'dtms_exporter_paused_seconds_total',
    'World time marked as paused since this process started, seconds',
  )

  get registry(): MetricsRegistry {
    return this.#metrics.registry
  }

  /** Asks these facts at every scrape, until the returned function is called. */
  watch(site: SiteName, facts: () => ExporterFacts | undefined): () => void {
    for (const reason of damageReasons) this.#damaged.inc({ site, reason }, 0)
    this.#facts.set(site, facts)
    return () => this.#facts.delete(site)
  }

  observeWrite(site: SiteName, seconds: number): void {
    this.#writes.observe({ site, backend: 'volume' }, seconds)
    this.#writeSeconds.add(seconds)
  }

  /** Sums a batch first: a label look-up costs more than the addition. */
  observeTransfers(site: SiteName, records: readonly TransferRecord[]): void {
    let bytes = 0
    let failures = 0
    const outcomes = new Map<string, { record: TransferRecord; count: number }>()
    const errors = new Map<string, number>()
    const durations = this.#durations.labels(site)
    for (const record of records) {
      bytes += record.bytesTransferred
      durations.observe(record.durationSeconds)
      const key = `${record.source}>${record.destination}:${record.status}`
      const outcome = outcomes.get(key)
      if (outcome === undefined) outcomes.set(key, { record, count: 1 })
      else outcome.count += 1
      if (record.error === undefined) continue
      failures += 1
      const errorClass = `${record.error.scope}/${record.error.class}`
      errors.set(errorClass, (errors.get(errorClass) ?? 0) + 1)
    }
    this.#bytes.inc({ site }, bytes)
    this.#failures.inc({ site }, failures)
    for (const { record, count } of outcomes.values()) {
      const source = this.#endpoints.label(record.source)
      const destination = this.#endpoints.label(record.destination)
      this.#transfers.inc({ site, source, destination, status: record.status }, count)
    }
    for (const [errorClass, count] of errors) this.#errors.inc({ site, error_class: errorClass }, count)
  }

  layers(): readonly LayerReport[] {
    return [...this.#facts.values()].flatMap((ask, i) => {
      const facts = ask()
      return facts === undefined ? [] : layersOf(facts, i === 0 ? { write: this.#writeSeconds } : {})
    })
  }

  #collect(): void {
    for (const [site, ask] of this.#facts) {
      const facts = ask()
      if (facts === undefined) continue
      this.#lag.set({ site }, facts.lagSeconds)
      this.#progress.set({ site }, facts.pastProgress)
      this.#speed.set({ site }, facts.speed)
      this.#readLag.set({ site }, facts.readBack.lagBytes)
      this.#raise(this.#pauses, site, 'pauses', facts.paused.count)
      this.#raise(this.#paused, site, 'paused', facts.paused.seconds)
      this.#raise(this.#lines, site, 'lines', facts.writer.lines)
      this.#raise(this.#logBytes, site, 'bytes', facts.writer.bytes)
      this.#raise(this.#writeErrors, site, 'errors', facts.writer.writeErrors)
      this.#raise(this.#sealed, site, 'sealed', facts.writer.sealedByFailure)
      this.#raise(this.#deleted, site, 'deleted', facts.writer.retentionDeleted)
      this.#raise(this.#forced, site, 'forced', facts.writer.retentionForced)
      this.#raise(this.#repeated, site, 'repeated', facts.readBack.repeated)
      this.#raise(this.#missing, site, 'missing', facts.readBack.missing)
      for (const [reason, count] of facts.readBack.damaged) {
        this.#damaged.inc({ site, reason }, this.#rise(`${site} damaged ${reason}`, count))
      }
    }
  }

  #raise(counter: Counter<'site'>, site: SiteName, what: string, total: number): void {
    counter.inc({ site }, this.#rise(`${site} ${what}`, total))
  }

  /** How much a total that is counted elsewhere has grown since the last scrape. */
  #rise(key: string, total: number): number {
    const before = this.#counted.get(key) ?? 0
    this.#counted.set(key, total)
    return Math.max(0, total - before)
  }

  #counter(name: string, help: string): Counter<'site'> {
    return this.#metrics.counter({ name, help, labels: ['site'] })
  }

  #gauge(name: string, help: string): Gauge<'site'> {
    return this.#metrics.gauge({ name, help, labels: ['site'] })
  }
}

/** The exporter collects, and is the one whose lines in the store are counted: other writers add little to them. */
function layersOf(facts: ExporterFacts, stages: Record<string, Tally>): LayerReport[] {
  const { collected, writer, pending, readBack } = facts
  const refused = [...collected.refused.values()].reduce((sum, count) => sum + count, 0)
  return [
    {
      layer: 'collection',
      messages: { received: collected.received + refused, published: collected.published, failed: refused },
      validationFailures: collected.refused,
    },
    {
      layer: 'storage',
      messages: { received: writer.lines + pending, processed: writer.lines, failed: writer.writeErrors },
      validationFailures: readBack.damaged,
      stages,
    },
  ]
}
