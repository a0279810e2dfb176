import { describe, expect, test } from 'vitest'
import { createTailer } from '../../../lib/log/tailer.ts'
import { controlCodec } from '../../../lib/streams/codecs.ts'
import { aSharedClock, startApi } from '../../support/api.ts'
import { NOON } from '../../support/builders.ts'
import { ask } from '../../support/http.ts'

describe('/v1/scenario', () => {
  test('tells scenario, seed, time and speed', async () => {
    const { get } = await startApi({ clock: aSharedClock({ speed: 20 }) })
    expect((await get('/v1/scenario')).json).toMatchObject({
      mode: 'auto',
      now: NOON,
      speed: 20,
      world: { scenario: 'default', seed: 7, backfillUntil: NOON },
    })
  })

  test('says that there is no world when there is none', async () => {
    const { get } = await startApi({ clock: aSharedClock({ mode: 'data', world: undefined, speed: 0 }) })
    expect((await get('/v1/scenario')).json).toEqual({ mode: 'data', now: NOON, speed: 0, world: null })
  })
})

describe('a new speed', () => {
  test('is a line of the control log that holds from five seconds ahead', async () => {
    const api = await startApi({ clock: aSharedClock({ speed: 20 }) })
    const answer = await api.change('PUT', '/v1/scenario/speed', { speed: 50 })
    expect([answer.status, answer.json]).toEqual([202, { speed: 50, effectiveAt: NOON + 100 }])
    const tailer = createTailer({ volume: api.volume, stream: 'control', codec: controlCodec })
    const { entries } = await tailer.poll()
    expect(entries.map(({ value }) => value)).toMatchObject([
      { type: 'speed', speed: 50, effectiveAt: NOON + 100, seq: 1 },
    ])
  })

  test.each([[0], [-1], [10_001], ['fast'], [null]])('of %j is 422', async (speed) => {
    const { change } = await startApi()
    expect((await change('PUT', '/v1/scenario/speed', { speed })).status).toBe(422)
  })

  test('needs the key', async () => {
    const { url } = await startApi()
    expect((await ask(`${url}/v1/scenario/speed`, { method: 'PUT', body: { speed: 2 } })).status).toBe(401)
  })

  test('is 409 where no world runs', async () => {
    for (const clock of [aSharedClock({ world: undefined }), aSharedClock({ speed: 0 })]) {
      const { change } = await startApi({ clock })
      const answer = await change('PUT', '/v1/scenario/speed', { speed: 2 })
      expect([answer.status, answer.json]).toMatchObject([409, { hint: expect.stringContaining('simulator') }])
    }
  })
})
