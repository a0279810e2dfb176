import type { LayerReport } from '../../lib/layers.ts'
import { damageReasons, type TailBatch } from '../../lib/log/log.ts'
import { type Counter, Metrics, type MetricsRegistry, type PlainHistogram } from '../../lib/metrics.ts'
import type { TopicDifference } from '../bus.ts'

/** What is asked of the running producer at every scrape. */
export interface ProducerFacts {
  connected: boolean
  lagBytes: number
  outstanding: number
  outstandingBytes: number
}

const PUBLISH_BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60]

export class ProducerMetrics {
  readonly #metrics = new Metrics()
  #ask: () => ProducerFacts | undefined = () => undefined
  readonly #totals = { published: 0, failed: 0, refused: new Map<string, number>() }

  readonly #published = this.#counter(
    'dtms_producer_published_records_total',
    'Records handed to the bus, repeats after a restart included',
  )
  readonly #acknowledged = this.#counter(
    'dtms_producer_acknowledged_records_total',
    'Records that the bus has acknowledged (Kafka: all in-sync replicas)',
  )
  readonly #bytes = this.#counter(
    'dtms_producer_acknowledged_bytes_total',
    'Bytes of the values of acknowledged records, before compression',
  )
  readonly #batches = this.#counter('dtms_producer_batches_total', 'Batches that were acknowledged')
  readonly #quarantined: Counter<'reason'> = this.#metrics.counter({
    name: 'dtms_producer_quarantined_records_total',
    help: 'Records that the bus will never take, kept in quarantine/producer/',
    labels: ['reason'],
  })
  readonly #errors: Counter<'reason'> = this.#metrics.counter({
    name: 'dtms_producer_errors_total',
    help: 'Failures that are tried again: bus (unreachable), refused (rights or credentials), volume',
    labels: ['reason'],
  })
  readonly #seconds: PlainHistogram = this.#metrics.plainHistogram(
    { name: 'dtms_producer_publish_seconds', help: 'From handing a batch to the bus to its acknowledgement, seconds' },
    PUBLISH_BUCKETS,
  )
  readonly #republished = this.#counter(
    'dtms_producer_republished_total',
    'Times the log was published again from its beginning because the topic was made anew',
  )
  readonly #checkpoints = this.#counter('dtms_producer_checkpoints_total', 'Times the place in the log was saved')
  readonly #differences = this.#metrics.gauge<'topic'>({
    name: 'dtms_producer_topic_differences',
    help: 'Properties in which the topic that is there differs from the settings',
    labels: ['topic'],
  })
  readonly #repeated = this.#counter('dtms_producer_log_repeated_lines_total', 'Lines of the log that were seen before')
  readonly #missing = this.#counter(
    'dtms_producer_log_missing_lines_total',
    'Numbers of the log that are missing or were deleted before they were read',
  )
  readonly #damaged: Counter<'reason'> = this.#metrics.counter({
    name: 'dtms_producer_log_damaged_lines_total',
    help: 'Lines of the log that were skipped, by reason',
    labels: ['reason'],
  })

  constructor() {
    for (const reason of damageReasons) this.#damaged.inc({ reason }, 0)
    for (const reason of ['bus', 'refused', 'volume']) this.#errors.inc({ reason }, 0)
    this.#quarantined.inc({ reason: 'refused_by_bus' }, 0)
    this.#gauge('dtms_producer_connected', '1 while the bus can be reached', ({ connected }) => Number(connected))
    this.#gauge('dtms_producer_lag_bytes', 'Bytes of the log that have not been read yet', ({ lagBytes }) => lagBytes)
    this.#gauge(
      'dtms_producer_outstanding_records',
      'Records that were read and are not acknowledged yet',
      ({ outstanding }) => outstanding,
    )
    this.#gauge(
      'dtms_producer_outstanding_bytes',
      'Memory that those records take, about',
      ({ outstandingBytes }) => outstandingBytes,
    )
  }

  get registry(): MetricsRegistry {
    return this.#metrics.registry
  }

  watch(ask: () => ProducerFacts | undefined): void {
    this.#ask = ask
  }

  observeReading(batch: TailBatch<unknown>): void {
    this.#repeated.inc(batch.repeated)
    for (const { fromSeq, toSeq } of batch.gaps) this.#missing.inc(toSeq - fromSeq + 1)
    for (const { reason } of batch.damaged) this.#damaged.inc({ reason })
  }

  /** What is received and processed is the stream's to say: in one process both are added up. */
  layers(): readonly LayerReport[] {
    const { published, failed, refused } = this.#totals
    const stages = { publish: this.#seconds.tally }
    return [{ layer: 'processing', messages: { published, failed }, validationFailures: refused, stages }]
  }

  countPublished(records: number): void {
    this.#published.inc(records)
  }

  observeAcknowledged(batch: { letters: number; bytes: number; seconds: number }): void {
    this.#acknowledged.inc(batch.letters)
    this.#bytes.inc(batch.bytes)
    this.#batches.inc()
    this.#seconds.add(batch.seconds)
    this.#totals.published += batch.letters
  }

  countQuarantined(reason: string): void {
    this.#quarantined.inc({ reason })
    this.#totals.failed += 1
    this.#totals.refused.set(reason, (this.#totals.refused.get(reason) ?? 0) + 1)
  }

  countError(reason: 'bus' | 'refused' | 'volume'): void {
    this.#errors.inc({ reason })
  }

  countRepublished(): void {
    this.#republished.inc()
  }

  countCheckpoint(): void {
    this.#checkpoints.inc()
  }

  setDifferences(topic: string, differences: readonly TopicDifference[]): void {
    this.#differences.set({ topic }, differences.length)
  }

  #counter(name: string, help: string): Counter {
    return this.#metrics.counter({ name, help })
  }

  #gauge(name: string, help: string, value: (facts: ProducerFacts) => number): void {
    this.#metrics.gauge({ name, help }, (gauge) => {
      const facts = this.#ask()
      if (facts !== undefined) gauge.set(value(facts))
    })
  }
}
