import { expect, test } from 'vitest'
import { correlationsCodec } from '../../../lib/streams/codecs.ts'
import { createInlineVolume } from '../../../lib/volume/inline.ts'
import { aSharedClock, aWriter, startApi, type TestApi } from '../../support/api.ts'
import { aFolder, NOON } from '../../support/builders.ts'
import { aCorrelationRun } from '../../support/correlations.ts'

async function anApiWithRuns(runs: number): Promise<TestApi> {
  const volume = createInlineVolume({ root: aFolder() })
  const writer = await aWriter(volume, 'correlations', 'batch', correlationsCodec)
  for (let i = runs; i > 0; i -= 1) await writer.append(aCorrelationRun(0, NOON - (i - 1) * 600))
  return startApi({ volume, clock: aSharedClock() })
}

test('before the first run there is none, and no metric', async () => {
  const { get } = await anApiWithRuns(0)
  expect((await get('/v1/correlations')).json).toEqual({ run: null, items: [], nextCursor: null })
  expect((await get('/metrics')).text).not.toMatch(/^dtms_corr_/m)
})

test.each([
  ['', 3],
  ['?scope=platform', 1],
  ['?scope=link', 1],
  ['?site=SITE_A', 1],
  ['?source=SITE_A&destination=SITE_B', 1],
  ['?source=SITE_B', 0],
])('the newest run%s has %d items', async (query, count) => {
  const { get } = await anApiWithRuns(2)
  const { json } = await get(`/v1/correlations${query}`)
  expect(json).toMatchObject({ run: { seq: 2, at: NOON, ageSeconds: 0 } })
  expect((json as { items: unknown[] }).items).toHaveLength(count)
})

test('earlier runs are walked in pages', async () => {
  const { get } = await anApiWithRuns(5)
  const seqs: number[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const path: string = `/v1/correlations/history?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`
    const page = (await get(path)).json as { items: { seq: number }[]; nextCursor: string | null }
    seqs.push(...page.items.map(({ seq }) => seq))
    cursor = page.nextCursor
  }
  expect(seqs).toEqual([5, 4, 3, 2, 1])
  expect((await get('/v1/correlations/history?cursor=AAAA')).status).toBe(422)
})

test('the old gauge is there for 30 minutes of world time after a run and then gone', async () => {
  const { get, clock } = await anApiWithRuns(1)
  clock.advance(1800)
  const fresh = (await get('/metrics')).text
  expect(fresh).toContain('\ndtms_corr_anomaly_throughput -0.4\n')
  expect(fresh).toContain('\ndtms_corr_age_seconds 1800\n')
  clock.advance(1)
  expect((await get('/metrics')).text).not.toMatch(/^dtms_corr_/m)
})

test('what the newest run says is told in metrics: of everything, and link by link', async () => {
  const { get } = await anApiWithRuns(2)
  const { text } = await get('/metrics')
  expect(text.split('\n').filter((line) => /^dtms_corr_(pairs|p_value|link_)/.test(line))).toEqual([
    'dtms_corr_p_value 0.01',
    'dtms_corr_pairs 60',
    'dtms_corr_link_coefficient{source="SITE_A",destination="SITE_B"} -0.4',
    'dtms_corr_link_lag_seconds{source="SITE_A",destination="SITE_B"} 120',
  ])
})
