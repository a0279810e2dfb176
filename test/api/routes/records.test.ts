import { describe, expect, test } from 'vitest'
import { siteName } from '../../../lib/names.ts'
import { transferCodec } from '../../../lib/record/codec.ts'
import { createInlineVolume } from '../../../lib/volume/inline.ts'
import {
  aHistory,
  anAnomaly,
  aWriter,
  startApi,
  type TestApi,
  writeAnomalies,
  writeTransfers,
} from '../../support/api.ts'
import { aFolder, aTransfer, eventually, NOON } from '../../support/builders.ts'

interface Page {
  items: { id: string; endedAt: number; at: number; site: string; throughputBytesPerSecond: number }[]
  nextCursor: string | null
}

async function page(api: TestApi, path: string): Promise<Page> {
  const answer = await api.get(path)
  expect([answer.status, answer.text.slice(0, 200)]).toEqual([200, expect.any(String)])
  return answer.json as Page
}

async function walk(api: TestApi, path: string): Promise<string[]> {
  const ids: string[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { items, nextCursor }: Page = await page(api, `${path}${cursor === '' ? '' : `&cursor=${cursor}`}`)
    ids.push(...items.map(({ id }) => id))
    cursor = nextCursor
  }
  return ids
}

async function anApiOver(transfers: ReturnType<typeof aHistory>, env: Record<string, string> = {}): Promise<TestApi> {
  const volume = createInlineVolume({ root: aFolder() })
  await writeTransfers(volume, transfers)
  return startApi({ volume, env })
}

describe('/v1/transfers', () => {
  test('gives records as they are in the log, with their throughput, newest first', async () => {
    const api = await anApiOver([aTransfer({ endedAt: NOON - 60 }), aTransfer({ endedAt: NOON })])
    const { items, nextCursor } = await page(api, '/v1/transfers')
    expect(items[0]).toEqual({ ...aTransfer(), v: 1, seq: 2, id: 'SITE_A-2', throughputBytesPerSecond: 100_000_000 })
    expect([items[1]?.id, nextCursor]).toEqual(['SITE_A-1', null])
  })

  test.each([
    ['site=SITE_A', 20],
    ['source=SITE_A&destination=SITE_B', 10],
    ['destination=SITE_C', 20],
    ['status=failed', 0],
    ['status=ok', 60],
    [`from=${NOON - 120}`, 14],
    [`from=${NOON - 120}&to=${NOON - 60}`, 6],
    [`to=${NOON - 60}&site=SITE_A`, 16],
    ['from=2023-10-01T12:00:00Z', 2],
    ['from=2023-10-01T14:00:00%2B02:00', 2],
    ['to=2023-10-01', 0],
  ])('filters by %s', async (query, count) => {
    const api = await anApiOver(aHistory(10))
    expect((await page(api, `/v1/transfers?limit=1000&${query}`)).items).toHaveLength(count)
  })

  test('is walked in pages, from memory and then from the segments, every record once', async () => {
    const api = await anApiOver(aHistory(60), { DTMS_API_RECORDS: '100' })
    const ids = await walk(api, '/v1/transfers?limit=37')
    expect(ids).toHaveLength(360)
    expect(new Set(ids).size).toBe(360)
    expect(await walk(api, '/v1/transfers?limit=1000')).toEqual(ids)
    expect((await walk(api, '/v1/transfers?limit=11&site=SITE_B')).every((id) => id.startsWith('SITE_B'))).toBe(true)
  })

  test('stays exact while records arrive', async () => {
    const api = await anApiOver(aHistory(30), { DTMS_API_RECORDS: '100' })
    const writer = await aWriter(api.volume, 'transfers', 'SITE_A', transferCodec)
    const ids: string[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { items, nextCursor }: Page = await page(
        api,
        `/v1/transfers?limit=20${cursor === '' ? '' : `&cursor=${cursor}`}`,
      )
      ids.push(...items.map(({ id }) => id))
      cursor = nextCursor
      const seq = await writer.appendAll(Array.from({ length: 10 }, () => aTransfer({ endedAt: NOON + ids.length })))
      await eventually(async () => (await page(api, `/v1/transfers?limit=1`)).items[0]?.id === `SITE_A-${seq}`)
    }
    expect(new Set(ids).size).toBe(180)
    expect(ids).toHaveLength(180)
  })

  test('links to the first and the next page', async () => {
    const api = await anApiOver(aHistory(10))
    const first = await api.get('/v1/transfers?limit=5&site=SITE_A')
    const { nextCursor } = first.json as Page
    expect(first.headers.link).toBe(
      `</v1/transfers?limit=5&site=SITE_A>; rel="first", </v1/transfers?limit=5&site=SITE_A&cursor=${nextCursor}>; rel="next"`,
    )
    const all = await api.get('/v1/transfers?limit=1000')
    expect(all.headers.link).toBe('</v1/transfers?limit=1000>; rel="first"')
  })

  test('is 304 for who has the page, until something arrives', async () => {
    const api = await anApiOver(aHistory(10))
    const etag = (await api.get('/v1/transfers')).headers.etag ?? ''
    const ask = () => api.get('/v1/transfers', { headers: { 'if-none-match': etag } })
    expect((await ask()).status).toBe(304)
    const writer = await aWriter(api.volume, 'transfers', 'SITE_A', transferCodec)
    await writer.append(aTransfer({ endedAt: NOON + 1 }))
    await eventually(async () => (await ask()).status === 200)
  })

  test.each([
    ['limit=0', 'limit'],
    ['limit=1001', 'limit'],
    ['limit=ten', 'limit'],
    ['limit=1&limit=2', 'limit'],
    ['limit=', 'limit'],
    ['status=good', 'status'],
    ['site=site_a', 'site'],
    ['site=../etc', 'site'],
    ['site=SITE_Z', 'site'],
    ['source=SITE_Z', 'source'],
    ['from=yesterday', 'from'],
    ['from=2023-10-01T12:00:00', 'from'],
    ['from=1e9', 'from'],
    ['from=NaN', 'from'],
    ['from=-1', 'from'],
    ['from=5&to=5', 'to'],
    ['cursor=AAAA', 'cursor'],
    ['cursor=%00', 'cursor'],
    ['sort=asc', 'sort'],
    ['__proto__=1', '__proto__'],
  ])('answers 422 for %s and names the place', async (query, place) => {
    const api = await anApiOver(aHistory(2))
    const answer = await api.get(`/v1/transfers?${query}`)
    expect(answer.status).toBe(422)
    expect(answer.json).toMatchObject({ detail: [{ loc: ['query', place] }] })
  })

  test('an endpoint that memory does not know is looked for when the log is longer than memory', async () => {
    const api = await anApiOver(aHistory(60), { DTMS_API_RECORDS: '100' })
    expect(await page(api, '/v1/transfers?source=SITE_Z')).toEqual({ items: [], nextCursor: null })
    expect((await api.get('/v1/transfers?site=SITE_Z')).status).toBe(422)
  })
})

describe('/v1/anomalies', () => {
  async function anApiWithAnomalies(): Promise<TestApi> {
    const volume = createInlineVolume({ root: aFolder() })
    await writeTransfers(volume, aHistory(3))
    const site = siteName('SITE_B')
    await writeAnomalies(volume, [
      anAnomaly({ at: NOON - 60, score: 0.65, severity: 'minor' }),
      anAnomaly({ at: NOON - 30, score: 0.9, severity: 'critical', transferId: 'SITE_A-2' }),
      anAnomaly({ at: NOON - 20, site, source: site, destination: siteName('SITE_C'), transferId: 'SITE_B-1' }),
      anAnomaly({ at: NOON - 10, level: 'link', detector: 'failure-share', id: 'failure-share-SITE_A-3' }),
    ])
    return startApi({ volume })
  }

  test('gives verdicts with their reasons, newest first', async () => {
    const api = await anApiWithAnomalies()
    const { items } = await page(api, '/v1/anomalies')
    expect(items.map(({ at }) => at - NOON)).toEqual([-10, -20, -30, -60])
    expect(items[3]).toMatchObject({ why: expect.stringContaining('usually 19-24'), reasons: [{ feature: 'rate' }] })
  })

  test.each([
    ['site=SITE_B', 1],
    ['detector=failure-share', 1],
    ['detector=none', 0],
    ['level=transfer', 3],
    ['severity=critical', 1],
    ['minScore=0.9', 1],
    ['minScore=0.91', 0],
    ['minScore=0', 4],
    [`from=${NOON - 30}&to=${NOON - 10}`, 2],
    ['source=SITE_A&level=transfer&minScore=.7', 1],
  ])('filters by %s', async (query, count) => {
    expect((await page(await anApiWithAnomalies(), `/v1/anomalies?${query}`)).items).toHaveLength(count)
  })

  test.each(['minScore=1.1', 'minScore=-0', 'minScore=x', 'level=site', 'detector=A', 'severity=huge', 'status=ok'])(
    'answers 422 for %s',
    async (query) => {
      expect((await (await anApiWithAnomalies()).get(`/v1/anomalies?${query}`)).status).toBe(422)
    },
  )

  test('a cursor of the other list is refused', async () => {
    const api = await anApiWithAnomalies()
    const { nextCursor } = await page(api, '/v1/transfers?limit=1')
    expect((await api.get(`/v1/anomalies?cursor=${nextCursor}`)).status).toBe(422)
  })
})
