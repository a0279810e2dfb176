/** Labels that Prometheus gives every series of a target. */
export const targetLabels: ReadonlySet<string> = new Set(['job', 'instance', 'service'])

const alertLabels = [
  'alertname',
  'alertstate',
  'severity',
  'layer',
  'site',
  'source',
  'destination',
  'topic',
  'state',
  'slo',
]

/** What no service of ours exposes: made by Prometheus itself. */
export const foreignMetrics: ReadonlyMap<string, readonly string[]> = new Map([
  ['up', []],
  ['scrape_duration_seconds', []],
  ['scrape_samples_scraped', []],
  ['ALERTS', alertLabels],
])

const old = 'deprecated: kept for dashboards of the earlier platform; its successor is shown'
const job = 'of the batch job, which is over before anybody scrapes it; the all-in-one shows it'

/** Metrics of the services that no dashboard and no rule asks for, and why. */
export const unusedOnPurpose: ReadonlyMap<string, string> = new Map([
  ['dtms_anomaly_count', old],
  ['dtms_anomaly_score_min', old],
  ['dtms_stream_latency_ms', old],
  ['dtms_corr_runs_total', job],
  ['dtms_corr_run_seconds', job],
  ['dtms_corr_records_total', job],
  ['dtms_corr_anomalies_total', job],
  ['dtms_corr_damaged_lines_total', job],
])
