import type { LayerReport } from '../lib/layers.ts'
import {
  type Counter,
  type Gauge,
  LabelCap,
  Metrics,
  type MetricsRegistry,
  type PlainHistogram,
} from '../lib/metrics.ts'
import type { FlowCounts, Outcome } from './flow.ts'
import { LastWindows } from './last-windows.ts'
import { Latencies } from './latency.ts'
import { quarantineReasons } from './message.ts'
import type { Appended } from './partition-logs.ts'
import type { WebhookStats } from './webhook.ts'

export interface StreamFacts {
  /** By topic. */
  counts: ReadonlyMap<string, FlowCounts>
  lag: readonly { topic: string; partition: number; records: number }[]
  partitions: number
  /** Undefined without a webhook. */
  webhook: Readonly<WebhookStats & { pending: number }> | undefined
  /** World time, Unix seconds: windows are old or not by it. */
  now: number
}

/** Exponential, from 0.1 ms, factor 2. */
const PROCESSING_BUCKETS = Array.from({ length: 12 }, (_, i) => 1e-4 * 2 ** i)
const LATENCY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300]
const CHECKPOINT_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
const MAX_SITES = 64
const MAX_LINKS = 100

/** What a topic's counters are counted up from at each scrape. */
type Total = (counts: FlowCounts) => number

export class StreamMetrics {
  readonly #metrics = new Metrics()
  readonly #windows: LastWindows
  readonly #published = new Map<string, number>()
  readonly #sites = new LabelCap(MAX_SITES)
  readonly #links = new LabelCap(MAX_LINKS)
  readonly #totals: { counter: Counter<'topic'>; of: Total }[] = []
  #ask: () => StreamFacts | undefined = () => undefined
  /** Since the last line of latencies. */
  readonly internal = new Latencies()
  readonly endToEnd = new Latencies()

  // Comes first: its collection brings everything else up to date before it is printed.
  readonly #partitions: Gauge = this.#metrics.gauge(
    { name: 'dtms_stream_partitions', help: 'Partitions that this process reads' },
    () => this.#collect(),
  )
  readonly #lag: Gauge<'topic' | 'partition'> = this.#metrics.gauge({
    name: 'dtms_stream_lag_records',
    help: 'Records between the place of this consumer and the end of the partition, asked of the bus',
    labels: ['topic', 'partition'],
  })
  readonly #quarantined: Counter<'topic' | 'reason'> = this.#metrics.counter({
    name: 'dtms_stream_events_quarantined_total',
    help: 'Messages that could not be used, by reason; each is kept in quarantine/',
    labels: ['topic', 'reason'],
  })
  readonly #windowsWritten: Counter<'kind'> = this.#metrics.counter({
    name: 'dtms_stream_windows_written_total',
    help: 'Closed windows appended to the log: of links, of sites',
    labels: ['kind'],
  })
  readonly #anomalies: Counter = this.#metrics.counter({
    name: 'dtms_stream_anomalies_detected_total',
    help: 'Anomalies appended to the log by this process',
  })
  readonly #repeatedLines: Counter = this.#metrics.counter({
    name: 'dtms_stream_lines_repeated_total',
    help: 'Lines not appended because they were in the log already (messages handled again after a crash)',
  })
  readonly #lost: Counter<'topic'> = this.#metrics.counter({
    name: 'dtms_stream_lost_records_total',
    help: 'Records that were deleted before they were read; each range is in the log and in quarantine/',
    labels: ['topic'],
  })
  readonly #recreated: Counter<'topic'> = this.#metrics.counter({
    name: 'dtms_stream_topics_recreated_total',
    help: 'Times a partition turned out to belong to another topic of the same name, which was read from its beginning',
    labels: ['topic'],
  })
  readonly #restarts: Counter = this.#metrics.counter({
    name: 'dtms_stream_restarts_total',
    help: 'Times the partitions were opened anew from their checkpoints after a failure',
  })
  readonly #webhookErrors: Counter = this.#metrics.counter({
    name: 'dtms_stream_webhook_errors_total',
    help: 'Attempts to call the webhook that were not answered with 2xx in time',
  })
  readonly #webhookCalls: Counter<'result'> = this.#metrics.counter({
    name: 'dtms_stream_webhook_calls_total',
    help: 'Webhook calls that are over: delivered, or dead (given up, kept as dead letters)',
    labels: ['result'],
  })
  readonly #webhookPending: Gauge = this.#metrics.gauge({
    name: 'dtms_stream_webhook_pending_calls',
    help: 'Webhook calls that wait or are under way',
  })
  readonly #routed: Counter<'kind' | 'result'> = this.#metrics.counter({
    name: 'dtms_stream_routed_total',
    help: 'Records that a rule sent somewhere else as well: to a topic, the webhook or the decision log; refused by a topic or sent',
    labels: ['kind', 'result'],
  })
  readonly #checkpoints: PlainHistogram = this.#metrics.plainHistogram(
    { name: 'dtms_stream_checkpoint_seconds', help: 'Time to save place and state of a partition, seconds' },
    CHECKPOINT_BUCKETS,
  )
  readonly #processing: PlainHistogram = this.#metrics.plainHistogram(
    { name: 'dtms_stream_processing_seconds', help: 'Time to parse, count and score one event, seconds' },
    PROCESSING_BUCKETS,
  )
  readonly #internalSeconds: PlainHistogram = this.#metrics.plainHistogram(
    {
      name: 'dtms_stream_internal_latency_seconds',
      help: 'From the delivery of an event by the bus until everything that came of it is durable, seconds',
    },
    LATENCY_BUCKETS,
  )
  readonly #endToEndSeconds: PlainHistogram = this.#metrics.plainHistogram(
    {
      name: 'dtms_stream_end_to_end_latency_seconds',
      help: 'From the publishing of an event until everything that came of it is durable, seconds',
    },
    LATENCY_BUCKETS,
  )
  readonly #bytes: Gauge<'src_site'> = this.#metrics.gauge({
    name: 'dtms_stream_bytes',
    help: 'Mean bytes of a transfer in the last closed window of a source site; absent when it is old',
    labels: ['src_site'],
  })
  readonly #latencyMs: Gauge<'src_site'> = this.#metrics.gauge({
    name: 'dtms_stream_latency_ms',
    help: 'deprecated, use dtms_stream_first_byte_seconds: mean time to first byte in the last closed window, milliseconds',
    labels: ['src_site'],
  })
  readonly #firstByte: Gauge<'source'> = this.#metrics.gauge({
    name: 'dtms_stream_first_byte_seconds',
    help: 'Mean time to first byte in the last closed window of a source site, seconds; absent when it is old',
    labels: ['source'],
  })
  readonly #linkTransfers = this.#linkGauge(
    'dtms_stream_link_transfers',
    'Transfers in the last closed window of a link',
  )
  readonly #linkFailed = this.#linkGauge(
    'dtms_stream_link_failed_ratio',
    'Share of failed transfers in the last closed window of a link, 0 to 1',
  )
  readonly #linkRate = this.#linkGauge(
    'dtms_stream_link_rate_bytes_per_second',
    'Mean rate of the successful transfers in the last closed window of a link',
  )
  readonly #linkP95 = this.#linkGauge(
    'dtms_stream_link_duration_p95_seconds',
    '95th percentile of the duration in the last closed window of a link, seconds; of one partition, right within 1 %',
  )
  readonly #alias: ClusterguardMetrics | undefined

  constructor(options: { windowStaleSeconds: number; clusterguard: boolean }) {
    this.#windows = new LastWindows(options.windowStaleSeconds)
    this.#total('dtms_stream_events_processed_total', 'Events counted in a window or scored', (c) => c.processed)
    this.#total('dtms_stream_events_late_total', 'Events behind the watermark that were still counted', (c) => c.late)
    this.#total('dtms_stream_events_dropped_total', 'Events whose window was closed already', (c) => c.dropped)
    this.#total('dtms_stream_events_repeated_total', 'Events that had been handled before', (c) => c.repeated)
    this.#alias = options.clusterguard ? new ClusterguardMetrics(this.#metrics) : undefined
  }

  get registry(): MetricsRegistry {
    return this.#metrics.registry
  }

  /** From now on this is asked at every scrape. */
  watch(ask: () => StreamFacts | undefined): void {
    this.#ask = ask
  }

  observeProcessing(seconds: number): void {
    this.#processing.add(seconds)
    this.#alias?.processing.add(seconds)
  }

  observeInternal(seconds: number, records: number): void {
    this.#internalSeconds.add(seconds, records)
    this.internal.add(seconds, records)
  }

  observeEndToEnd(seconds: number): void {
    this.#endToEndSeconds.add(seconds)
    this.endToEnd.add(seconds)
  }

  observeOutcome(outcome: Outcome, appended: Appended): void {
    const { windows, anomalies, eventAnomalies, quarantined } = outcome
    const sites = windows.reduce((sum, { scope }) => sum + (scope === 'site' ? 1 : 0), 0)
    // Windows that were there already are rare (after a crash): counting by scope needs no more than all or none.
    if (appended.windows > 0) {
      this.#windowsWritten.inc({ kind: 'site' }, Math.min(sites, appended.windows))
      this.#windowsWritten.inc({ kind: 'link' }, Math.max(0, appended.windows - sites))
    }
    const found = appended.anomalies + appended.eventAnomalies
    this.#anomalies.inc(found)
    this.#alias?.anomalies.inc(found)
    const lines = windows.length + anomalies.length + eventAnomalies.length + quarantined.length
    this.#repeatedLines.inc(Math.max(0, lines - found - appended.windows - appended.quarantined))
    for (const window of windows) this.#windows.observe(window)
  }

  observeCheckpoint(seconds: number): void {
    this.#checkpoints.add(seconds)
  }

  countLost(topic: string, records: number): void {
    this.#lost.inc({ topic }, records)
  }

  countRouted(kind: 'topic' | 'webhook' | 'log', result: 'sent' | 'refused', records: number): void {
    if (records > 0) this.#routed.inc({ kind, result }, records)
  }

  countRecreated(topic: string): void {
    this.#recreated.inc({ topic })
  }

  countRestart(): void {
    this.#restarts.inc()
  }

  /** `durable` is what internal latency is: from delivery until everything that came of an event is in the log. */
  layers(): readonly LayerReport[] {
    const messages = { received: 0, processed: 0, failed: 0 }
    const validationFailures = new Map<string, number>()
    for (const { processed, dropped, repeated, quarantined } of this.#ask()?.counts.values() ?? []) {
      let failed = 0
      for (const [reason, count] of quarantined) {
        failed += count
        validationFailures.set(reason, (validationFailures.get(reason) ?? 0) + count)
      }
      messages.received += processed + dropped + repeated + failed
      messages.processed += processed
      messages.failed += failed
    }
    const [process, durable] = [this.#processing.tally, this.#internalSeconds.tally]
    const stages = { process, durable, checkpoint: this.#checkpoints.tally }
    return [{ layer: 'processing', messages, validationFailures, stages }]
  }

  #collect(): void {
    const facts = this.#ask()
    if (facts === undefined) return
    this.#partitions.set(facts.partitions)
    this.#collectCounts(facts.counts)
    const errors = this.#collectWebhook(facts.webhook)
    this.#lag.reset()
    for (const { topic, partition, records } of facts.lag) this.#lag.set({ topic, partition }, records)
    this.#alias?.collect(errors, facts.lag)
    this.#collectWindows(facts.now)
  }

  /** Errors since the last collection. */
  #collectWebhook(webhook: StreamFacts['webhook']): number {
    if (webhook === undefined) return 0
    for (const result of ['delivered', 'dead'] as const)
      this.#webhookCalls.inc({ result }, this.#growth(`webhook ${result}`, webhook[result]))
    this.#webhookPending.set(webhook.pending)
    const errors = this.#growth('webhook', webhook.errors)
    this.#webhookErrors.inc(errors)
    return errors
  }

  #collectCounts(topics: StreamFacts['counts']): void {
    for (const [topic, counts] of topics) {
      for (const counter of [this.#lost, this.#recreated]) counter.inc({ topic }, 0)
      for (const reason of quarantineReasons) this.#quarantined.inc({ topic, reason }, 0)
      this.#totals.forEach(({ counter, of }, i) => {
        const grown = this.#growth(`${i} ${topic}`, of(counts))
        counter.inc({ topic }, grown)
        if (i === 0) this.#alias?.events.inc(grown)
      })
      for (const [reason, count] of counts.quarantined)
        this.#quarantined.inc({ topic, reason }, this.#growth(`${topic} ${reason}`, count))
    }
  }

  #collectWindows(now: number): void {
    for (const gauge of [this.#bytes, this.#latencyMs, this.#firstByte]) gauge.reset()
    for (const { source, count, bytes, firstByteSeconds } of this.#windows.sites(now)) {
      const label = this.#sites.label(source)
      this.#bytes.set({ src_site: label }, bytes / count)
      this.#latencyMs.set({ src_site: label }, (1000 * firstByteSeconds) / count)
      this.#firstByte.set({ source: label }, firstByteSeconds / count)
    }
    for (const gauge of [this.#linkTransfers, this.#linkFailed, this.#linkRate, this.#linkP95]) gauge.reset()
    for (const link of this.#windows.links(now)) {
      const isNamed = this.#links.label(`${link.source}>${link.destination}`) !== '_other'
      const labels = isNamed
        ? { source: link.source, destination: link.destination ?? '_other' }
        : { source: '_other', destination: '_other' }
      this.#linkTransfers.set(labels, link.count)
      this.#linkFailed.set(labels, link.failed / link.count)
      if (link.rateCount > 0) this.#linkRate.set(labels, link.rateSum / link.rateCount)
      this.#linkP95.set(labels, link.durationP95)
    }
  }

  #growth(key: string, value: number): number {
    const before = this.#published.get(key) ?? 0
    this.#published.set(key, value)
    return Math.max(0, value - before)
  }

  #total(name: string, help: string, of: Total): void {
    this.#totals.push({ counter: this.#metrics.counter({ name, help, labels: ['topic'] }), of })
  }

  #linkGauge(name: string, help: string): Gauge<'source' | 'destination'> {
    return this.#metrics.gauge({ name, help: `${help}; absent when it is old`, labels: ['source', 'destination'] })
  }
}

/** The same facts under the names of the event consumer that this service replaces: opt-in, for existing dashboards. */
class ClusterguardMetrics {
  readonly events: Counter
  readonly anomalies: Counter
  readonly processing: PlainHistogram
  readonly #lag: Gauge<'topic' | 'partition'>
  readonly #webhookErrors: Counter

  constructor(metrics: Metrics) {
    const use = (name: string) => `deprecated, use ${name}`
    this.events = metrics.counter({
      name: 'clusterguard_events_processed_total',
      help: use('dtms_stream_events_processed_total'),
    })
    this.anomalies = metrics.counter({
      name: 'clusterguard_anomalies_detected_total',
      help: use('dtms_stream_anomalies_detected_total'),
    })
    this.processing = metrics.plainHistogram(
      { name: 'clusterguard_processing_duration_seconds', help: use('dtms_stream_processing_seconds') },
      PROCESSING_BUCKETS,
    )
    this.#lag = metrics.gauge({
      name: 'clusterguard_consumer_lag',
      help: use('dtms_stream_lag_records'),
      labels: ['topic', 'partition'],
    })
    this.#webhookErrors = metrics.counter({
      name: 'clusterguard_webhook_errors_total',
      help: use('dtms_stream_webhook_errors_total'),
    })
  }

  collect(webhookErrors: number, lag: StreamFacts['lag']): void {
    this.#webhookErrors.inc(webhookErrors)
    this.#lag.reset()
    for (const { topic, partition, records } of lag) this.#lag.set({ topic, partition }, records)
  }
}
