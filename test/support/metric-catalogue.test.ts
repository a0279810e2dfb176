import { expect, test } from 'vitest'
import { metricCatalogue } from './metric-catalogue.ts'

test('the catalogue knows series of every service with their labels', async () => {
  const catalogue = await metricCatalogue()
  expect(catalogue.size).toBeGreaterThan(100)
  expect(catalogue.get('dtms_freshness_state')).toEqual({ type: 'gauge', labels: new Set(['site', 'state']) })
  expect(catalogue.get('dtms_log_write_seconds_bucket')?.labels).toEqual(new Set(['site', 'backend', 'le']))
  expect(catalogue.has('dtms_log_write_seconds')).toBe(false)
  expect(catalogue.has('process_start_time_seconds')).toBe(true)
})
