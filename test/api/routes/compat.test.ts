import { expect, test } from 'vitest'
import { siteName } from '../../../lib/names.ts'
import { createInlineVolume } from '../../../lib/volume/inline.ts'
import { anAnomaly, aSharedClock, startApi, writeAnomalies, writeTransfers } from '../../support/api.ts'
import { aFolder, aTransfer, NOON } from '../../support/builders.ts'

async function aSmallLog() {
  const volume = createInlineVolume({ root: aFolder() })
  await writeTransfers(volume, [
    aTransfer({ endedAt: NOON - 86_400 - 60 }),
    aTransfer({ endedAt: NOON - 30, bytesTransferred: 100, firstByteSeconds: 0.25 }),
    aTransfer({ endedAt: NOON - 21, bytesTransferred: 300, firstByteSeconds: 0.75 }),
    aTransfer({ endedAt: NOON - 25, bytesTransferred: 500, firstByteSeconds: 1, destination: siteName('SITE_C') }),
    aTransfer({
      site: siteName('SITE_B'),
      source: siteName('SITE_B'),
      endedAt: NOON - 0.25,
      destination: siteName('SITE_A'),
    }),
  ])
  return volume
}

test('everything but a browser gets the map of endpoints at /', async () => {
  const { get } = await startApi()
  const answer = await get('/')
  expect(answer.json).toMatchObject({ service: 'dtms-api', endpoints: { sites: '/sites', docs: '/docs' } })
  expect(answer.headers.vary).toContain('Accept')
})

test('a browser gets the page at /', async () => {
  const { get } = await startApi()
  const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
  const answer = await get('/', { headers: { accept } })
  expect(answer.headers['content-type']).toMatch(/^text\/html/)
  expect(answer.headers['content-security-policy']).not.toContain('unsafe')
})

test('/health says ok and which service it is', async () => {
  const { get } = await startApi()
  expect((await get('/health')).json).toEqual({ status: 'ok', service: 'dtms-api' })
})

test('/sites lists the recorders, also one that has not recorded anything', async () => {
  const volume = await aSmallLog()
  await writeTransfers(volume, [])
  const { get } = await startApi({ volume })
  expect((await get('/sites')).json).toEqual({ sites: ['SITE_A', 'SITE_B'] })
})

test('/aggregates averages the last closed minute that has records, over the links of each source', async () => {
  const { get } = await startApi({ volume: await aSmallLog() })
  expect((await get('/aggregates')).json).toEqual({
    aggregates: [
      { src_site: 'SITE_A', avg_bytes: 300, avg_latency_ms: 666.667 },
      { src_site: 'SITE_B', avg_bytes: 1_000_000_000, avg_latency_ms: 500 },
    ],
  })
})

test('/aggregates answers with an empty list before the first record', async () => {
  const { get } = await startApi()
  expect((await get('/aggregates')).json).toEqual({ aggregates: [] })
})

test('/anomalies counts flagged transfers of the last 24 h and turns the sign of the score', async () => {
  const volume = await aSmallLog()
  await writeAnomalies(volume, [
    anAnomaly({ at: NOON - 86_400 - 60, score: 0.99, transferId: 'SITE_A-1' }),
    anAnomaly({ at: NOON - 30, score: 0.7, transferId: 'SITE_A-2' }),
    anAnomaly({ at: NOON - 21, score: 0.8, transferId: 'SITE_A-3' }),
    anAnomaly({ at: NOON - 21, score: 0.9, transferId: 'SITE_A-3', level: 'link', detector: 'failure-share' }),
  ])
  const { get } = await startApi({ volume })
  expect((await get('/anomalies')).json).toEqual({
    anomalies: [
      { site: 'SITE_A', anomaly_count: 2, anomaly_ratio: 2 / 3, anomaly_score_min: -0.3 },
      { site: 'SITE_B', anomaly_count: 0, anomaly_ratio: 0, anomaly_score_min: null },
    ],
  })
})

test('/freshness gives the newest record and its age to three decimals', async () => {
  const clock = aSharedClock()
  clock.advance(5.0004)
  const { get } = await startApi({ volume: await aSmallLog(), clock })
  expect((await get('/freshness')).json).toEqual({
    sites: [
      { site: 'SITE_A', latest_timestamp: NOON - 21, age_seconds: 26 },
      { site: 'SITE_B', latest_timestamp: NOON - 0.25, age_seconds: 5.25 },
    ],
  })
})

test('health routes and metrics are there', async () => {
  const { get } = await startApi({ volume: await aSmallLog() })
  expect((await get('/health/live')).status).toBe(200)
  expect((await get('/health/ready')).json).toMatchObject({ status: 'ready' })
  expect((await get('/metrics')).text).toContain('dtms_api_memory_records 5')
})
