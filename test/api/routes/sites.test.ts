import { describe, expect, test } from 'vitest'
import { createInlineVolume } from '../../../lib/volume/inline.ts'
import { aHistory, anAnomaly, aSharedClock, startApi, writeAnomalies, writeTransfers } from '../../support/api.ts'
import { aFolder, NOON } from '../../support/builders.ts'

async function aLog() {
  const volume = createInlineVolume({ root: aFolder() })
  await writeTransfers(volume, aHistory(120))
  await writeAnomalies(volume, [anAnomaly({ at: NOON - 30, transferId: 'SITE_A-239' })])
  return volume
}

describe('/v1/sites', () => {
  test('gives every site its state and its counts', async () => {
    const { get } = await startApi({ volume: await aLog() })
    const { json } = await get('/v1/sites')
    expect(json).toMatchObject({
      items: [
        { site: 'SITE_A', state: 'fresh', newestEndedAt: NOON, ageSeconds: 0, records: 240, failures: 0, anomalies: 1 },
        { site: 'SITE_B', records: 240, anomalies: 0 },
        { site: 'SITE_C', records: 240, anomalies: 0 },
      ],
      nextCursor: null,
    })
  })
})

describe('/v1/links', () => {
  test.each([
    ['15m', 900, 15],
    ['900', 900, 15],
    ['61', 120, 2],
    ['1h', 3600, 60],
    ['24h', 86_400, 120],
  ])('over %s sums %d seconds', async (window, windowSeconds, count) => {
    const clock = aSharedClock()
    clock.advance(1)
    const { get } = await startApi({ volume: await aLog(), clock })
    const { json } = await get(`/v1/links?window=${window}&source=SITE_A&destination=SITE_B`)
    expect(json).toMatchObject({ windowSeconds, to: NOON + 60, from: NOON + 60 - windowSeconds })
    expect(json).toMatchObject({ items: [{ source: 'SITE_A', destination: 'SITE_B', count, anomalies: 1 }] })
  })

  test.each(['59', '59s', '0', '25h', '86401', '1d', '', '-5', '1e3', 'ten'])(
    'refuses a window of %j',
    async (window) => {
      const { get } = await startApi()
      const { status, json } = await get(`/v1/links?window=${window}`)
      expect(status).toBe(422)
      expect(json).toMatchObject({ detail: [{ loc: ['query', 'window'], input: window }] })
    },
  )

  test('names the known sites when one is not', async () => {
    const { get } = await startApi({ volume: await aLog() })
    const { status, json } = await get('/v1/links?source=SITE_Z')
    expect(status).toBe(422)
    expect(json).toMatchObject({
      detail: [{ type: 'unknown_site', msg: 'unknown site; known: SITE_A, SITE_B, SITE_C', input: 'SITE_Z' }],
    })
  })

  test('is 304 for who has it, until a minute has passed', async () => {
    const clock = aSharedClock()
    const { get } = await startApi({ volume: await aLog(), clock })
    const etag = (await get('/v1/links')).headers.etag ?? ''
    expect((await get('/v1/links', { headers: { 'if-none-match': etag } })).status).toBe(304)
    clock.advance(60)
    expect((await get('/v1/links', { headers: { 'if-none-match': etag } })).status).toBe(200)
  })
})

describe('/v1/freshness', () => {
  test('grows older while nothing happens', async () => {
    const clock = aSharedClock()
    const { get } = await startApi({ volume: await aLog(), clock })
    clock.advance(7200)
    expect((await get('/v1/freshness')).json).toMatchObject({
      at: NOON + 7200,
      items: [{ site: 'SITE_A', state: 'silent', ageSeconds: 7200 }, { site: 'SITE_B' }, { site: 'SITE_C' }],
    })
  })

  test('refuses parameters that it does not have', async () => {
    const { get } = await startApi()
    const { status, json } = await get('/v1/freshness?site=SITE_A')
    expect(status).toBe(422)
    expect(json).toMatchObject({ detail: [{ type: 'extra_forbidden', loc: ['query', 'site'] }] })
  })
})
