import { expect, test } from 'vitest'
import { exposition } from '../../lib/metrics.ts'
import { emptyOutcome, FlowCounts } from '../../streaming/flow.ts'
import { StreamMetrics } from '../../streaming/stream-metrics.ts'
import { WindowState } from '../../streaming/windows.ts'
import { anEvent } from '../support/stream-events.ts'
import { metric } from '../support/stream-service.ts'

const T = 1_700_000_040

function someMetrics(clusterguard = false) {
  const metrics = new StreamMetrics({ windowStaleSeconds: 600, clusterguard })
  const counts = new FlowCounts()
  const facts = { now: T + 60 }
  metrics.watch(() => ({
    counts: new Map([['t', counts]]),
    lag: [{ topic: 't', partition: 2, records: 7 }],
    webhook: { offered: 9, delivered: 5, attempts: 10, errors: 4, dead: 1, pending: 3 },
    ...{ partitions: 3, now: facts.now },
  }))
  return { metrics, counts, facts, text: () => exposition([metrics.registry]) }
}

test('the last closed window of a source is shown as averages until it is old', async () => {
  const { metrics, facts, text } = someMetrics()
  const state = new WindowState({ windowSeconds: 60, watermarkSeconds: 0, latenessSeconds: 0 }, 0)
  for (const bytes of [1000, 3000]) state.add(anEvent({ at: T, bytes, firstByteSeconds: bytes / 1000 }))
  state.add(anEvent({ at: T + 1, status: 'failed', errorScope: 'transfer', errorClass: 'timeout', bytes: 0 }))
  state.add(anEvent({ at: T + 60 }))
  const outcome = { ...emptyOutcome(), windows: state.takeClosed() }
  metrics.observeOutcome(outcome, { windows: 2, anomalies: 0, eventAnomalies: 0, quarantined: 0 })
  const shown = await text()
  expect(metric(shown, 'dtms_stream_bytes{src_site="SITE_A"}')).toBeCloseTo(4000 / 3)
  expect(metric(shown, 'dtms_stream_latency_ms{src_site="SITE_A"}')).toBeCloseTo(1500)
  const link = 'source="SITE_A",destination="SITE_B"'
  expect(metric(shown, `dtms_stream_link_transfers{${link}}`)).toBe(3)
  expect(metric(shown, `dtms_stream_link_failed_ratio{${link}}`)).toBeCloseTo(1 / 3)
  expect(metric(shown, `dtms_stream_link_rate_bytes_per_second{${link}}`)).toBe(1000)
  expect(metric(shown, 'dtms_stream_windows_written_total{kind="site"}')).toBe(1)
  facts.now = T + 661
  expect(await text()).not.toContain('dtms_stream_bytes{')
})

test('webhook calls are shown by how they ended, and those that wait', async () => {
  const shown = await someMetrics().text()
  expect(metric(shown, 'dtms_stream_webhook_calls_total{result="delivered"}')).toBe(5)
  expect(metric(shown, 'dtms_stream_webhook_calls_total{result="dead"}')).toBe(1)
  expect(metric(shown, 'dtms_stream_webhook_errors_total')).toBe(4)
  expect(metric(shown, 'dtms_stream_webhook_pending_calls')).toBe(3)
})

test('the older names are there when they are asked for, with exactly their labels', async () => {
  expect(await someMetrics().text()).not.toContain('clusterguard_')
  const { metrics, counts, text } = someMetrics(true)
  counts.processed = 5
  metrics.observeProcessing(0.0003)
  const outcome = emptyOutcome()
  metrics.observeOutcome(outcome, { windows: 0, anomalies: 1, eventAnomalies: 1, quarantined: 0 })
  const shown = await text()
  const older = shown.split('\n').filter((line) => line.startsWith('clusterguard_') && !line.includes('_bucket'))
  expect(older).toEqual([
    'clusterguard_events_processed_total 5',
    'clusterguard_anomalies_detected_total 2',
    'clusterguard_processing_duration_seconds_sum 0.0003',
    'clusterguard_processing_duration_seconds_count 1',
    'clusterguard_consumer_lag{topic="t",partition="2"} 7',
    'clusterguard_webhook_errors_total 4',
  ])
  const bounds = [...shown.matchAll(/clusterguard_processing_duration_seconds_bucket\{le="([^"]+)"\}/g)].map(
    ([, le]) => le,
  )
  expect(bounds).toHaveLength(13)
  expect([bounds[0], bounds[1], bounds[11], bounds[12]]).toEqual(['0.0001', '0.0002', '0.2048', '+Inf'])
})

test('counters only grow, scrape by scrape', async () => {
  const { counts, text } = someMetrics()
  counts.late = 2
  counts.quarantine('not_json')
  await text()
  counts.late = 5
  const shown = await text()
  expect(metric(shown, 'dtms_stream_events_late_total{topic="t"}')).toBe(5)
  expect(metric(shown, 'dtms_stream_events_quarantined_total{topic="t",reason="not_json"}')).toBe(1)
  expect(metric(shown, 'dtms_stream_webhook_errors_total')).toBe(4)
  expect(metric(shown, 'dtms_stream_lag_records{topic="t",partition="2"}')).toBe(7)
})

test('lines that were in the log already are told from new ones', async () => {
  const { metrics, text } = someMetrics()
  const state = new WindowState({ windowSeconds: 60, watermarkSeconds: 0, latenessSeconds: 0 }, 0)
  for (const at of [T, T + 60]) state.add(anEvent({ at }))
  const outcome = { ...emptyOutcome(), windows: state.takeClosed() }
  const nothing = { windows: 0, anomalies: 0, eventAnomalies: 0, quarantined: 0 }
  metrics.observeOutcome(outcome, { ...nothing, windows: 2 })
  metrics.observeOutcome(outcome, nothing)
  const shown = await text()
  expect(metric(shown, 'dtms_stream_windows_written_total{kind="link"}')).toBe(1)
  expect(metric(shown, 'dtms_stream_lines_repeated_total')).toBe(2)
})

test('the processing layer received what was processed, dropped, met again or refused', async () => {
  const { metrics, counts } = someMetrics()
  Object.assign(counts, { processed: 10, late: 2, dropped: 3, repeated: 4 })
  counts.quarantine('schema')
  counts.quarantine('schema')
  metrics.observeProcessing(0.001)
  const [layer, ...rest] = metrics.layers()
  expect(rest).toEqual([])
  expect(layer).toMatchObject({ layer: 'processing', messages: { received: 19, processed: 10, failed: 2 } })
  expect(layer?.validationFailures).toEqual(new Map([['schema', 2]]))
  expect(layer?.stages?.process?.read().count).toBe(1)
})
