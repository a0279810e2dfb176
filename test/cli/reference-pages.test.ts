import { expect, test } from 'vitest'
import { referencePages } from '../../cli/reference-pages.ts'

/** The names that existing dashboards rely on. */
const promised = [
  ['dtms_transfer_bytes_total', 'counter'],
  ['dtms_transfer_failures_total', 'counter'],
  ['dtms_transfer_duration_seconds', 'histogram'],
  ['dtms_anomaly_count', 'gauge'],
  ['dtms_anomaly_ratio', 'gauge'],
  ['dtms_anomaly_score_min', 'gauge'],
  ['dtms_data_fresh_seconds', 'gauge'],
  ['dtms_data_fresh_ok', 'gauge'],
  ['dtms_api_up', 'gauge'],
  ['dtms_api_probe_seconds', 'gauge'],
  ['dtms_corr_anomaly_throughput', 'gauge'],
]

/** The only label names there may be. */
const labels =
  'site source destination status error_class detector state result layer route stage backend reason kind topic partition severity version src_site error_type endpoint'.split(
    ' ',
  )

test('the metrics of existing dashboards are there, and no label is outside the list', async () => {
  const page = (await referencePages()).get('metrics.md') ?? ''
  const rows = [...page.matchAll(/^\| `([^`]+)` \| (\w+) \| (.*?) \| (.*) \|$/gm)]
  expect(rows.length).toBeGreaterThan(50)
  for (const [name, type] of promised) {
    expect(
      rows.some(([, found, kind]) => found === name && kind === type),
      `${name} as a ${type}`,
    ).toBe(true)
  }
  for (const [, name, , used, help] of rows) {
    for (const [, label] of (used ?? '').matchAll(/`([^`]+)`/g)) expect(labels, `label of ${name}`).toContain(label)
    expect(help?.length, `text of ${name}`).toBeGreaterThan(10)
  }
})
