import type { LayerReport } from '../lib/layers.ts'
import { damageReasons, type TailBatch } from '../lib/log/log.ts'
import {
  type Counter,
  type Gauge,
  LabelCap,
  Metrics,
  type MetricsRegistry,
  type PlainHistogram,
} from '../lib/metrics.ts'
import { severities } from '../lib/streams/anomalies.ts'
import type { PipelineFacts } from './pipeline.ts'
import type { Verdict } from './verdicts.ts'

/** What is asked of the running service at every scrape. */
export interface AnomalyFacts {
  pipeline: PipelineFacts
  /** World time, Unix seconds: ages are measured to it. */
  now: number
  lagBytes: number
}

const BATCH_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
const RECORD_BUCKETS = [5e-6, 1e-5, 2e-5, 4e-5, 8e-5, 1.6e-4, 3.2e-4, 6.4e-4, 1.28e-3, 2.56e-3]

/** Recorders come from folder names, so their number is bounded here. */
const MAX_SITES = 256

export class AnomalyMetrics {
  readonly #metrics = new Metrics()
  readonly #sites = new LabelCap(MAX_SITES)
  #ask: () => AnomalyFacts | undefined = () => undefined
  /** Highest value of each fact that only grows: after a failure the facts begin again at the last checkpoint. */
  readonly #counted = new Map<string, number>()
  readonly #damagedCounts = new Map<string, number>()

  // The lag comes first: its collection brings everything else up to date before it is printed.
  readonly #lag = this.#gauge('dtms_anomaly_lag_bytes', 'Bytes of the log that have not been scored yet', () =>
    this.#collect(),
  )
  readonly #count = this.#siteGauge(
    'dtms_anomaly_count',
    'deprecated, use dtms_anomaly_flagged_records: records with a verdict in the last 24 hours of record time',
  )
  readonly #ratio = this.#siteGauge(
    'dtms_anomaly_ratio',
    'Records with a verdict over all scored records of the last 24 hours of record time; measured, not a setting',
  )
  readonly #scoreMin = this.#siteGauge(
    'dtms_anomaly_score_min',
    'deprecated, use dtms_anomaly_score_max: 0.5 minus the highest score of the last 24 hours of record time; low is bad',
  )
  readonly #flagged = this.#siteGauge(
    'dtms_anomaly_flagged_records',
    'Records with a verdict in the last 24 hours of record time',
  )
  readonly #scored = this.#siteGauge(
    'dtms_anomaly_scored_records',
    'Records scored in the last 24 hours of record time',
  )
  readonly #scoreMax = this.#siteGauge(
    'dtms_anomaly_score_max',
    'Highest score of the last 24 hours of record time, 0 to 1; high is anomalous',
  )
  readonly #records: Counter<'result'> = this.#metrics.counter({
    name: 'dtms_anomaly_records_total',
    help: 'Records read: scored, suppressed (maintenance) or refused (a number that is none)',
    labels: ['result'],
  })
  readonly #verdicts: Counter<'detector' | 'severity'> = this.#metrics.counter({
    name: 'dtms_anomaly_verdicts_total',
    help: 'Verdicts appended to the log by this process',
    labels: ['detector', 'severity'],
  })
  readonly #adopted = this.#counter(
    'dtms_anomaly_changes_adopted_total',
    'Lasting changes of a link that were confirmed and taken for the new normal',
  )
  readonly #threshold = this.#gauge(
    'dtms_anomaly_threshold_score',
    'Score above which a transfer is anomalous, 0 to 1; frozen between accepted refits',
  )
  readonly #modelAge = this.#gauge(
    'dtms_model_age_seconds',
    'World time since the newest record that the model was fitted to, seconds',
  )
  readonly #modelRows = this.#gauge('dtms_model_rows', 'Records that the model was fitted to')
  readonly #windowRows = this.#gauge('dtms_model_window_rows', 'Records in the training window at present')
  readonly #trainingShare = this.#gauge(
    'dtms_model_training_anomalous_ratio',
    'Share of the training window above the threshold, 0 to 1: estimated share of faults in training',
  )
  readonly #links = this.#gauge('dtms_anomaly_links', 'Links with baselines of their own')
  readonly #refits: Counter<'result'> = this.#metrics.counter({
    name: 'dtms_model_refits_total',
    help: 'Fits of the forest: first, accepted, or rejected (the old model was kept)',
    labels: ['result'],
  })
  readonly #refusedModels: Counter<'reason'> = this.#metrics.counter({
    name: 'dtms_model_refused_total',
    help: 'Model files that were not used, by reason; the model was fitted again from the saved window',
    labels: ['reason'],
  })
  readonly #batches: PlainHistogram = this.#metrics.plainHistogram(
    { name: 'dtms_anomaly_batch_seconds', help: 'Time to score one batch of records, refits included, seconds' },
    BATCH_BUCKETS,
  )
  readonly #scoring: PlainHistogram = this.#metrics.plainHistogram(
    { name: 'dtms_anomaly_scoring_seconds', help: 'Mean time per record of each batch, refits included, seconds' },
    RECORD_BUCKETS,
  )
  readonly #restarts = this.#counter(
    'dtms_anomaly_restarts_total',
    'Times the scoring thread was started again from the last checkpoint after a failure',
  )
  readonly #checkpoints = this.#counter('dtms_anomaly_checkpoints_total', 'Times place and state were saved')
  readonly #repeatedVerdicts = this.#counter(
    'dtms_anomaly_verdicts_repeated_total',
    'Verdicts not appended because they were in the log already (records scored again after a crash)',
  )
  readonly #repeated = this.#counter('dtms_anomaly_log_repeated_lines_total', 'Lines of the log that were seen before')
  readonly #missing = this.#counter(
    'dtms_anomaly_log_missing_lines_total',
    'Numbers of the log that are missing or were deleted before they were read',
  )
  readonly #damaged: Counter<'reason'> = this.#metrics.counter({
    name: 'dtms_anomaly_log_damaged_lines_total',
    help: 'Lines of the log that were skipped, by reason',
    labels: ['reason'],
  })

  constructor() {
    for (const reason of damageReasons) this.#damaged.inc({ reason }, 0)
    for (const detector of ['forest', 'failure-share', 'throughput-shift'])
      for (const severity of severities) this.#verdicts.inc({ detector, severity }, 0)
  }

  get registry(): MetricsRegistry {
    return this.#metrics.registry
  }

  /** From now on this is asked at every scrape. */
  watch(ask: () => AnomalyFacts | undefined): void {
    this.#ask = ask
  }

  observeBatch(records: number, seconds: number): void {
    this.#batches.add(seconds)
    if (records > 0) this.#scoring.add(seconds / records)
  }

  countVerdicts(verdicts: readonly Verdict[], repeated: number): void {
    for (const { detector, severity } of verdicts) this.#verdicts.inc({ detector, severity })
    this.#repeatedVerdicts.inc(repeated)
  }

  observeReading(batch: Pick<TailBatch<unknown>, 'gaps' | 'damaged' | 'repeated'>): void {
    this.#repeated.inc(batch.repeated)
    for (const { fromSeq, toSeq } of batch.gaps) this.#missing.inc(toSeq - fromSeq + 1)
    for (const { reason } of batch.damaged) {
      this.#damaged.inc({ reason })
      this.#damagedCounts.set(reason, (this.#damagedCounts.get(reason) ?? 0) + 1)
    }
  }

  layers(): readonly LayerReport[] {
    const counts = this.#ask()?.pipeline.counts
    if (counts === undefined) return []
    const total = (result: string, value: number) => Math.max(value, this.#counted.get(`records ${result}`) ?? 0)
    const [processed, suppressed, failed] = [
      total('scored', counts.records - counts.suppressed - counts.refused),
      total('suppressed', counts.suppressed),
      total('refused', counts.refused),
    ]
    return [
      {
        layer: 'detection',
        messages: { received: processed + suppressed + failed, processed, failed },
        validationFailures: this.#damagedCounts,
        stages: { score: this.#batches.tally },
      },
    ]
  }

  countCheckpoint(): void {
    this.#checkpoints.inc()
  }

  countRestart(): void {
    this.#restarts.inc()
  }

  countRefusedModel(reason: string): void {
    this.#refusedModels.inc({ reason })
  }

  #collect(): void {
    const facts = this.#ask()
    if (facts === undefined) return
    const { pipeline } = facts
    const { counts, model } = pipeline
    this.#lag.set(facts.lagBytes)
    this.#links.set(pipeline.links)
    this.#windowRows.set(pipeline.windowRows)
    this.#collectDays(pipeline)
    const scored = counts.records - counts.suppressed - counts.refused
    for (const [result, value] of Object.entries({
      scored,
      suppressed: counts.suppressed,
      refused: counts.refused,
    }))
      this.#records.inc({ result }, this.#growth(`records ${result}`, value))
    for (const [result, value] of Object.entries(pipeline.refits))
      this.#refits.inc({ result }, this.#growth(`refits ${result}`, value))
    this.#adopted.inc(this.#growth('adopted', counts.adoptedChanges))
    if (model === undefined) return
    this.#threshold.set(model.threshold)
    this.#modelAge.set(Math.max(0, facts.now - model.trainedTo))
    this.#modelRows.set(model.rows)
    this.#trainingShare.set(model.anomalousShare)
  }

  #collectDays({ sites }: PipelineFacts): void {
    for (const [name, day] of sites) {
      const site = this.#sites.label(name)
      this.#count.set({ site }, day.anomalies)
      this.#flagged.set({ site }, day.anomalies)
      this.#scored.set({ site }, day.records)
      this.#ratio.set({ site }, day.records === 0 ? 0 : day.anomalies / day.records)
      if (day.highestScore === undefined) {
        this.#scoreMin.remove({ site })
        this.#scoreMax.remove({ site })
      } else {
        this.#scoreMin.set({ site }, 0.5 - day.highestScore)
        this.#scoreMax.set({ site }, day.highestScore)
      }
    }
  }

  #growth(key: string, value: number): number {
    const before = this.#counted.get(key) ?? 0
    if (value <= before) return 0
    this.#counted.set(key, value)
    return value - before
  }

  #gauge(name: string, help: string, collect?: () => void): Gauge {
    return this.#metrics.gauge({ name, help }, collect)
  }

  #siteGauge(name: string, help: string): Gauge<'site'> {
    return this.#metrics.gauge({ name, help, labels: ['site'] })
  }

  #counter(name: string, help: string): Counter {
    return this.#metrics.counter({ name, help })
  }
}
