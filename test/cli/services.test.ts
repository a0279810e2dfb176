import { expect, test } from 'vitest'
import { services } from '../../cli/services.ts'

test.each([
  ['exporter', 8000],
  ['anomaly', 8001],
  ['api', 8003],
  ['freshness', 8004],
  ['producer', 8006],
])('%s listens on port %d unless it is told otherwise', async (name, port) => {
  const entry = await services.get(name)?.open()
  expect(entry?.load({ SITE_NAME: 'SITE_A' }).config.port).toBe(port)
  expect(entry?.load({ SITE_NAME: 'SITE_A', DTMS_PORT: '1234' }).config.port).toBe(1234)
})

test('freshness keeps its older names of settings', async () => {
  const freshness = await services.get('freshness')?.open()
  const config = freshness?.load({ PORT: '81', POLL_INTERVAL_SECONDS: '5' }).config
  expect(config?.port).toBe(81)
  expect(() => freshness?.load({ POLL_INTERVAL_SECONDS: 'soon' })).toThrow('POLL_INTERVAL_SECONDS')
  expect(() => freshness?.load({ FRESHNESS_THRESHOLD_SECONDS: 'long' })).toThrow('FRESHNESS_THRESHOLD')
})
