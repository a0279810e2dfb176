import { describe, expect, test } from 'vitest'
import { createTailer } from '../../../lib/log/tailer.ts'
import { controlCodec, eventsCodec } from '../../../lib/streams/codecs.ts'
import { createInlineVolume } from '../../../lib/volume/inline.ts'
import { faultCatalogue, MAX_OPEN_FAULTS } from '../../../simulator/faults/catalogue.ts'
import {
  aHistory,
  aSharedClock,
  startApi,
  type TestApi,
  type TestApiOptions,
  writeTransfers,
} from '../../support/api.ts'
import { aFolder, NOON } from '../../support/builders.ts'
import { ask } from '../../support/http.ts'

async function anApi(options: TestApiOptions = {}): Promise<TestApi> {
  const volume = createInlineVolume({ root: aFolder() })
  await writeTransfers(volume, aHistory(3))
  return startApi({ volume, ...options })
}
const wish = { kind: 'link-brownout', scope: { source: 'SITE_A', destination: 'SITE_B' }, durationSeconds: 600 }

/** Lines of the metric that says which faults hold. */
async function activeFaults({ get }: TestApi): Promise<string[]> {
  return (await get('/metrics')).text.split('\n').filter((line) => line.startsWith('dtms_faults_active'))
}

describe('the metric of active faults', () => {
  test('has a series for each fault while it holds, with the scope that it is about', async () => {
    const api = await anApi()
    await api.change('POST', '/v1/faults', wish)
    await api.change('POST', '/v1/faults', { ...wish, kind: 'silent-site', scope: { site: 'SITE_C' } })
    expect(await activeFaults(api)).toEqual([])
    api.clock.advance(5)
    expect(await activeFaults(api)).toEqual([
      'dtms_faults_active{kind="silent-site",site="SITE_C"} 1',
      'dtms_faults_active{kind="link-brownout",source="SITE_A",destination="SITE_B"} 1',
    ])
    api.clock.advance(600)
    expect(await activeFaults(api)).toEqual([])
  })

  test('never shows a hidden one', async () => {
    const api = await anApi()
    await api.change('POST', '/v1/faults', { ...wish, hidden: true })
    api.clock.advance(10)
    expect((await api.change('GET', '/v1/faults/f-1')).json).toMatchObject({ state: 'active', hidden: true })
    expect(await activeFaults(api)).toEqual([])
  })
})

describe('the catalogue', () => {
  test('describes every kind of fault', async () => {
    const { get } = await anApi()
    expect((await get('/v1/faults/catalogue')).json).toEqual({ items: faultCatalogue, nextCursor: null })
  })
})

describe('asking for a fault', () => {
  test('writes it to the control log, to begin five wall seconds ahead', async () => {
    const api = await anApi({ clock: aSharedClock({ speed: 20 }) })
    const answer = await api.change('POST', '/v1/faults', { ...wish, startsInSeconds: 30 })
    const fault = {
      id: 'f-1',
      kind: 'link-brownout',
      scope: wish.scope,
      severity: 0.8,
      state: 'planned',
      hidden: false,
      plannedStartAt: NOON + 130,
      plannedEndAt: NOON + 730,
    }
    expect([answer.status, answer.json, answer.headers.location]).toEqual([201, fault, '/v1/faults/f-1'])
    expect((await api.get('/v1/faults/f-1')).json).toEqual(fault)
    expect((await api.get('/v1/faults')).json).toEqual({ items: [fault], nextCursor: null })
    const { entries } = await createTailer({ volume: api.volume, stream: 'control', codec: controlCodec }).poll()
    expect(entries.map(({ writer, value }) => [writer, value])).toMatchObject([
      ['api', { type: 'fault', seq: 1, at: NOON, effectiveAt: NOON + 130, durationSeconds: 600, hidden: false }],
    ])
  })

  test('moves through its states as the world goes on', async () => {
    const api = await anApi()
    await api.change('POST', '/v1/faults', wish)
    const states: unknown[] = []
    for (const seconds of [0, 5, 599, 1]) {
      api.clock.advance(seconds)
      states.push(((await api.get('/v1/faults/f-1')).json as { state: string }).state)
    }
    expect(states).toEqual(['planned', 'active', 'active', 'ended'])
    expect((await api.get('/v1/faults?state=ended')).json).toMatchObject({ items: [{ id: 'f-1' }] })
    expect((await api.get('/v1/faults?state=active')).json).toMatchObject({ items: [] })
  })

  test('is still known after a restart', async () => {
    const api = await anApi()
    await api.change('POST', '/v1/faults', wish)
    await api.api.stop()
    const again = await startApi({ volume: api.volume })
    expect((await again.get('/v1/faults')).json).toMatchObject({ items: [{ id: 'f-1', state: 'planned' }] })
    expect((await again.change('POST', '/v1/faults', wish)).json).toMatchObject({ id: 'f-2' })
  })

  test.each([
    ['no body', undefined, ['body']],
    ['an unknown kind', { ...wish, kind: 'gremlins' }, ['body', 'kind']],
    ['a scope that the kind does not take', { ...wish, kind: 'silent-site' }, ['body', 'scope']],
    [
      'an unknown site',
      { ...wish, scope: { source: 'SITE_A', destination: 'SITE_Z' } },
      ['body', 'scope', 'destination'],
    ],
    ['half a scope', { ...wish, scope: { source: 'SITE_A' } }, ['body', 'scope']],
    ['no severity at all', { ...wish, severity: 0 }, ['body', 'severity']],
    ['too much severity', { ...wish, severity: 1.01 }, ['body', 'severity']],
    ['no time', { ...wish, durationSeconds: 0 }, ['body', 'durationSeconds']],
    ['more time than is allowed', { ...wish, durationSeconds: 86_401 }, ['body', 'durationSeconds']],
    ['a start in the past', { ...wish, startsInSeconds: -1 }, ['body', 'startsInSeconds']],
    ['a field too many', { ...wish, force: true }, ['body', 'force']],
    [
      'hidden maintenance',
      { kind: 'maintenance', scope: { site: 'SITE_A' }, durationSeconds: 60, hidden: true },
      ['body', 'hidden'],
    ],
  ])('with %s is 422 and writes nothing', async (_name, body, loc) => {
    const api = await anApi()
    const answer = await api.change('POST', '/v1/faults', body)
    expect(answer.status).toBe(422)
    expect(answer.json).toMatchObject({ detail: expect.arrayContaining([expect.objectContaining({ loc })]) })
    expect((await api.get('/v1/faults')).json).toMatchObject({ items: [] })
  })

  test('of an unknown kind names the known ones', async () => {
    const { change } = await anApi()
    const { text } = await change('POST', '/v1/faults', { ...wish, kind: 'gremlins' })
    for (const { kind } of faultCatalogue) expect(text).toContain(kind)
  })

  test('needs the key, and a wrong one is none', async () => {
    const { url, get } = await anApi()
    for (const headers of [{}, { authorization: 'Bearer nope' }]) {
      const answer = await ask(`${url}/v1/faults`, { method: 'POST', headers, body: wish })
      expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, 'Bearer realm="dtms"'])
    }
    expect((await get('/v1/faults')).json).toMatchObject({ items: [] })
  })

  test('is 409 when too many are open already', async () => {
    const { change } = await anApi()
    for (let i = 0; i < MAX_OPEN_FAULTS; i += 1) expect((await change('POST', '/v1/faults', wish)).status).toBe(201)
    expect((await change('POST', '/v1/faults', wish)).status).toBe(409)
    await change('DELETE', '/v1/faults/f-1')
    expect((await change('POST', '/v1/faults', wish)).status).toBe(201)
  })

  test('is 409 on an imported log', async () => {
    const { change } = await anApi({ clock: aSharedClock({ mode: 'data', world: undefined, speed: 0 }) })
    expect((await change('POST', '/v1/faults', wish)).status).toBe(409)
  })

  test('of maintenance announces it at least a minute ahead', async () => {
    const api = await anApi()
    const body = { kind: 'maintenance', scope: { site: 'SITE_A' }, durationSeconds: 300 }
    expect((await api.change('POST', '/v1/faults', body)).json).toMatchObject({ plannedStartAt: NOON + 60 })
    const { entries } = await createTailer({ volume: api.volume, stream: 'events', codec: eventsCodec }).poll()
    expect(entries.map(({ value }) => value)).toMatchObject([
      { type: 'maintenance', scope: { site: 'SITE_A' }, startsAt: NOON + 60, endsAt: NOON + 360 },
    ])
  })
})

describe('cancelling a fault', () => {
  test('answers alike however often it is asked for, and writes one line', async () => {
    const api = await anApi()
    await api.change('POST', '/v1/faults', wish)
    api.clock.advance(10)
    const first = await api.change('DELETE', '/v1/faults/f-1')
    expect([first.status, first.json]).toMatchObject([200, { id: 'f-1', state: 'cancelled', cancelledAt: NOON + 15 }])
    api.clock.advance(10)
    expect((await api.change('DELETE', '/v1/faults/f-1')).json).toEqual(first.json)
    const { entries } = await createTailer({ volume: api.volume, stream: 'control', codec: controlCodec }).poll()
    expect(entries.map(({ value }) => value.type)).toEqual(['fault', 'fault-cancel'])
  })

  test('is 404 for one that nobody asked for and 409 for one that has ended', async () => {
    const api = await anApi()
    await api.change('POST', '/v1/faults', wish)
    expect((await api.change('DELETE', '/v1/faults/f-2')).status).toBe(404)
    api.clock.advance(605)
    expect((await api.change('DELETE', '/v1/faults/f-1')).status).toBe(409)
    expect((await ask(`${api.url}/v1/faults/f-1`, { method: 'DELETE' })).status).toBe(401)
  })
})

describe('a hidden fault', () => {
  test('is shown to callers with the key and to nobody else', async () => {
    const api = await anApi()
    const { json } = await api.change('POST', '/v1/faults', { ...wish, kind: 'slow-drift', hidden: true })
    expect(json).toMatchObject({ id: 'f-1', hidden: true })
    expect((await api.change('GET', '/v1/faults')).json).toMatchObject({ items: [{ id: 'f-1' }] })
    expect((await api.change('GET', '/v1/faults/f-1')).status).toBe(200)
    for (const headers of [{}, { authorization: 'Bearer nope' }]) {
      expect((await api.get('/v1/faults', { headers })).json).toEqual({ items: [], nextCursor: null })
      expect((await api.get('/v1/faults/f-1', { headers })).status).toBe(404)
    }
    const open = ['/metrics', '/v1/scenario', '/health/ready', '/v1/maintenance', '/v1/anomalies']
    for (const path of open) expect((await api.get(path)).text).not.toContain('slow-drift')
  })
})
