import { describe, expect, test } from 'vitest'
import { createTailer } from '../../../lib/log/tailer.ts'
import { eventsCodec } from '../../../lib/streams/codecs.ts'
import { createInlineVolume } from '../../../lib/volume/inline.ts'
import { aHistory, startApi, type TestApi, writeTransfers } from '../../support/api.ts'
import { aFolder, NOON } from '../../support/builders.ts'
import { ask } from '../../support/http.ts'

async function anApi(): Promise<TestApi> {
  const volume = createInlineVolume({ root: aFolder() })
  await writeTransfers(volume, aHistory(3))
  return startApi({ volume })
}
const window = { scope: { site: 'SITE_B' }, startsAt: NOON + 60, endsAt: '2023-10-01T13:00:00Z', note: 'new disks' }

describe('announcing maintenance', () => {
  test('writes an event that freshness and detectors obey', async () => {
    const api = await anApi()
    const answer = await api.change('POST', '/v1/maintenance', window)
    const shown = {
      id: 'm-api-1',
      scope: { site: 'SITE_B' },
      startsAt: NOON + 60,
      endsAt: NOON + 3600,
      note: 'new disks',
    }
    expect([answer.status, answer.json]).toEqual([201, { ...shown, state: 'planned' }])
    const { entries } = await createTailer({ volume: api.volume, stream: 'events', codec: eventsCodec }).poll()
    expect(entries).toMatchObject([{ writer: 'api', value: { type: 'maintenance', at: NOON, startsAt: NOON + 60 } }])
    api.clock.advance(60)
    expect((await api.get('/v1/maintenance?state=active')).json).toMatchObject({ items: [shown] })
    const { json } = await api.get('/v1/freshness')
    expect(json).toMatchObject({ items: [{ site: 'SITE_A' }, { site: 'SITE_B', state: 'maintenance' }, {}] })
  })

  test.each([
    ['an end before its start', { endsAt: NOON + 60 }, 'endsAt'],
    ['an end in the past', { startsAt: NOON - 120, endsAt: NOON }, 'endsAt'],
    ['more than two weeks', { endsAt: NOON + 60 + 14 * 86_400 + 1 }, 'endsAt'],
    ['an instant without a zone', { startsAt: '2023-10-01T12:30:00' }, 'startsAt'],
    ['an unknown site', { scope: { site: 'SITE_Z' } }, 'scope'],
    ['too long a note', { note: 'x'.repeat(1025) }, 'note'],
  ])('with %s is 422', async (_name, changes, place) => {
    const api = await anApi()
    const { status, json } = await api.change('POST', '/v1/maintenance', { ...window, ...changes })
    expect(status).toBe(422)
    expect((json as { detail: { loc: string[] }[] }).detail[0]?.loc[1]).toBe(place)
    expect((await api.get('/v1/maintenance')).json).toMatchObject({ items: [] })
  })

  test('may last two weeks to the second', async () => {
    const { change } = await anApi()
    const answer = await change('POST', '/v1/maintenance', { ...window, endsAt: NOON + 60 + 14 * 86_400 })
    expect(answer.status).toBe(201)
  })

  test('needs the key', async () => {
    const { url } = await anApi()
    expect((await ask(`${url}/v1/maintenance`, { method: 'POST', body: window })).status).toBe(401)
  })
})
