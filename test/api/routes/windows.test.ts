import { describe, expect, it } from 'vitest'
import { windowsCodec } from '../../../lib/streams/codecs.ts'
import { createInlineVolume } from '../../../lib/volume/inline.ts'
import { aSharedClock, aWriter, startApi, type TestApi, writeTransfers } from '../../support/api.ts'
import { aFolder, aTransfer, eventually, NOON } from '../../support/builders.ts'
import { anEvent } from '../../support/stream-events.ts'
import { partsOf } from '../../support/windows.ts'

async function anApiWithWindows(minutes: number, before = 0): Promise<TestApi> {
  const volume = createInlineVolume({ root: aFolder() })
  await writeTransfers(volume, [aTransfer({ endedAt: NOON - 90, bytesTransferred: 1 })])
  const events = Array.from({ length: minutes }, (_, i) =>
    anEvent({ at: NOON - before - 60 * (minutes - i), bytes: 100 * (i + 1), firstByteSeconds: 0.25 }),
  )
  const writer = await aWriter(volume, 'windows', 'p0', windowsCodec)
  if (minutes > 0) await writer.appendAll(partsOf(events))
  return startApi({ volume, clock: aSharedClock() })
}

interface Page {
  items: { scope: string; from: number; bytes: number }[]
  nextCursor: string | null
}

describe('/v1/windows', () => {
  it('is empty before a stream has closed a window', async () => {
    const { get } = await anApiWithWindows(0)
    expect((await get('/v1/windows')).json).toEqual({ items: [], nextCursor: null })
  })

  it('lists the newest first, and what is asked for', async () => {
    const { get } = await anApiWithWindows(3)
    const { items } = (await get('/v1/windows?scope=site')).json as Page
    expect(items.map(({ from, bytes }) => [NOON - from, bytes])).toEqual([
      [60, 300],
      [120, 200],
      [180, 100],
    ])
    const some = (await get(`/v1/windows?scope=link&source=SITE_A&from=${NOON - 120}&to=${NOON - 60}`)).json as Page
    expect(some.items.map(({ bytes }) => bytes)).toEqual([200])
  })

  it('is walked in pages without repeats', async () => {
    const { get } = await anApiWithWindows(4)
    const all = ((await get('/v1/windows')).json as Page).items
    const walked: unknown[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page = (await get(`/v1/windows?limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`)).json as Page
      walked.push(...page.items)
      cursor = page.nextCursor
    }
    expect(all).toHaveLength(8)
    expect(walked).toEqual(all)
  })

  it.each(['cursor=abc', 'scope=platform', 'source=a', 'from=5&to=5', 'bogus=1'])('refuses ?%s', async (query) => {
    const { get } = await anApiWithWindows(1)
    expect((await get(`/v1/windows?${query}`)).status).toBe(422)
  })

  it('grows while the stream runs, and tells live clients', async () => {
    const volume = createInlineVolume({ root: aFolder() })
    const { get, url } = await startApi({ volume, clock: aSharedClock() })
    const live = await fetch(`${url}/v1/events?types=window`)
    const reader = live.body?.getReader()
    const writer = await aWriter(volume, 'windows', 'p0', windowsCodec)
    await writer.appendAll(partsOf([anEvent({ at: NOON + 5, bytes: 42 })]))
    await eventually(async () => ((await get('/v1/windows')).json as Page).items.length === 2)
    let text = ''
    await eventually(async () => {
      text += new TextDecoder().decode((await reader?.read())?.value)
      return text.includes('event: window') && text.includes('"bytes":42')
    })
    await reader?.cancel()
  })
})

describe('/aggregates', () => {
  it('answers from the last whole window of each source', async () => {
    const { get } = await anApiWithWindows(3)
    const expected = [{ src_site: 'SITE_A', avg_bytes: 200, avg_latency_ms: 250 }]
    expect((await get('/aggregates')).json).toEqual({ aggregates: expected })
  })

  it('answers from the records when the stream has been behind for long', async () => {
    const { get } = await anApiWithWindows(3, 1200)
    expect((await get('/aggregates')).json).toMatchObject({ aggregates: [{ src_site: 'SITE_A', avg_bytes: 1 }] })
  })
})
