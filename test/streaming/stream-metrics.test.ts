import { describe, expect, it } from 'vitest'
import { exposition } from '../../lib/metrics.ts'
import { emptyOutcome, FlowCounts } from '../../streaming/flow.ts'
import { StreamMetrics } from '../../streaming/stream-metrics.ts'
import { anEvent } from '../support/stream-events.ts'
import { metric } from '../support/stream-service.ts'
import { partsOf } from '../support/windows.ts'

/** The start of a window. */
const T = 1_700_000_040
const nothing = { windows: 0, anomalies: 0, eventAnomalies: 0, quarantined: 0 }

function someMetrics({ clusterguard = false, now = T + 60 } = {}) {
  const metrics = new StreamMetrics({ windowStaleSeconds: 600, clusterguard })
  const counts = new FlowCounts()
  const lag = [{ topic: 't', partition: 3, records: 12 }]
  const facts = { counts: new Map([['t', counts]]), lag, partitions: 1, webhookErrors: 0, now }
  metrics.watch(() => facts)
  return { metrics, counts, facts, text: () => exposition([metrics.registry]) }
}

describe('the metrics of the consumer', () => {
  it('count up what flows count in plain numbers', async () => {
    const { counts, facts, text } = someMetrics()
    counts.processed = 5
    counts.quarantine('not_json')
    facts.webhookErrors = 2
    await text()
    counts.processed = 8
    const shown = await text()
    expect(metric(shown, 'dtms_stream_events_processed_total{topic="t"}')).toBe(8)
    expect(metric(shown, 'dtms_stream_events_quarantined_total{topic="t",reason="not_json"}')).toBe(1)
    expect(metric(shown, 'dtms_stream_webhook_errors_total')).toBe(2)
    expect(metric(shown, 'dtms_stream_lag_records{topic="t",partition="3"}')).toBe(12)
  })

  it('show the last closed window of sites and links, and nothing when it is old', async () => {
    const fails = { status: 'failed', errorScope: 'source', errorClass: 'not_found' } as const
    const windows = partsOf([anEvent({ at: T, bytes: 300 }), anEvent({ at: T, bytes: 100, ...fails })])
    for (const [now, bytes] of [
      [T + 60, 200],
      [T + 661, undefined],
    ] as const) {
      const { metrics, text } = someMetrics({ now })
      metrics.observeOutcome({ ...emptyOutcome(), windows }, { ...nothing, windows: 2 })
      const shown = await text()
      expect(metric(shown, 'dtms_stream_bytes{src_site="SITE_A"}')).toBe(bytes)
      const link = 'source="SITE_A",destination="SITE_B"'
      expect(metric(shown, `dtms_stream_link_failed_ratio{${link}}`)).toBe(bytes === undefined ? undefined : 0.5)
    }
  })

  it('tell lines that were in the log already from new ones', async () => {
    const { metrics, text } = someMetrics()
    const windows = partsOf([anEvent({ at: T })])
    metrics.observeOutcome({ ...emptyOutcome(), windows }, { ...nothing, windows: 2 })
    metrics.observeOutcome({ ...emptyOutcome(), windows }, nothing)
    const shown = await text()
    expect(metric(shown, 'dtms_stream_windows_written_total{kind="link"}')).toBe(1)
    expect(metric(shown, 'dtms_stream_lines_repeated_total')).toBe(2)
  })

  it('have the older names only where they are wanted, with the same figures', async () => {
    expect(await someMetrics().text()).not.toContain('clusterguard_')
    const { metrics, counts, facts, text } = someMetrics({ clusterguard: true })
    counts.processed = 3
    facts.webhookErrors = 1
    metrics.observeProcessing(0.0003)
    metrics.observeOutcome({ ...emptyOutcome(), anomalies: [{}, {}] as never }, { ...nothing, anomalies: 2 })
    const shown = await text()
    expect(metric(shown, 'clusterguard_events_processed_total')).toBe(3)
    expect(metric(shown, 'clusterguard_anomalies_detected_total')).toBe(2)
    expect(metric(shown, 'clusterguard_webhook_errors_total')).toBe(1)
    expect(metric(shown, 'clusterguard_consumer_lag{topic="t",partition="3"}')).toBe(12)
    const bucket = (le: string) => metric(shown, `clusterguard_processing_duration_seconds_bucket{le="${le}"}`)
    expect([bucket('0.0002'), bucket('0.0004'), bucket('0.2048')]).toEqual([0, 1, 1])
  })
})
