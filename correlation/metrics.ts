import { Metrics } from '../lib/metrics.ts'

export type CorrelationMetrics = ReturnType<typeof createCorrelationMetrics>

/** The results themselves are published by the API, which reads them from the log. */
export function createCorrelationMetrics() {
  const metrics = new Metrics()
  const runs = metrics.counter({
    name: 'dtms_corr_runs_total',
    help: 'Runs of the correlation batch: ok, push_failed (the result is in the log all the same) or failed',
    labels: ['result'],
  })
  for (const result of ['ok', 'push_failed', 'failed']) runs.inc({ result }, 0)
  return {
    registry: metrics.registry,
    runs,
    seconds: metrics.gauge({
      name: 'dtms_corr_run_seconds',
      help: 'How long the newest run took, seconds: reading what was new, correlating, writing',
    }),
    records: metrics.counter({
      name: 'dtms_corr_records_total',
      help: 'Transfer records that the correlation batch has read since the process started',
    }),
    anomalies: metrics.counter({
      name: 'dtms_corr_anomalies_total',
      help: 'Anomalies that the correlation batch has read since the process started',
    }),
    damaged: metrics.counter({
      name: 'dtms_corr_damaged_lines_total',
      help: 'Lines that the correlation batch could not use, by what was wrong with them; they are skipped',
      labels: ['reason'],
    }),
  }
}
