import { describe, expect, test } from 'vitest'
import { createTailer } from '../../../lib/log/tailer.ts'
import { alertsCodec } from '../../../lib/streams/codecs.ts'
import { createInlineVolume } from '../../../lib/volume/inline.ts'
import { aNotification, aPostedAlert } from '../../support/alerts.ts'
import { startApi, type TestApi } from '../../support/api.ts'
import { aFolder, NOON } from '../../support/builders.ts'
import { ask } from '../../support/http.ts'

const many = (count: number, changes: object = {}) =>
  Array.from({ length: count }, (_, i) => aPostedAlert({ fingerprint: `f${i}`, ...changes }))
const ids = async (api: TestApi, query = '') =>
  ((await api.get(`/v1/alerts${query}`)).json as { items: { id: string }[] }).items.map(({ id }) => id)
const figure = async (api: TestApi, series: string) =>
  Number(
    (await api.get('/metrics')).text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.split(' ')[1],
  )

describe('a notification', () => {
  test('becomes lines of the log, items of the list and figures', async () => {
    const api = await startApi()
    const answer = await api.change('POST', '/v1/alerts', aNotification([aPostedAlert()]))
    expect([answer.status, answer.json]).toEqual([200, { accepted: 1, repeated: 0, truncated: 0 }])
    const shown = {
      ...{ id: 'a-1', state: 'firing', severity: 'critical', name: 'SiteSilent', layer: 'freshness' },
      ...{ summary: 'SITE_B is silent', firedAt: NOON, resolvedAt: null, startsAt: NOON + 0.123, endsAt: null },
      ...{ fingerprint: 'f1', labels: { site: 'SITE_B' }, generatorUrl: 'http://prometheus:9090/graph?g0.expr=up' },
    }
    expect((await api.get('/v1/alerts')).json).toMatchObject({ items: [shown], nextCursor: null })
    const { entries } = await createTailer({ volume: api.volume, stream: 'alerts', codec: alertsCodec }).poll()
    expect(entries).toMatchObject([{ writer: 'api', seq: 1, value: { type: 'firing', fingerprint: 'f1', at: NOON } }])
    expect(await figure(api, 'dtms_alerts_firing{severity="critical"}')).toBe(1)
    expect(await figure(api, 'dtms_alerts_firing{severity="warning"}')).toBe(0)
    expect(await figure(api, 'dtms_alerts_received_total{result="accepted"}')).toBe(1)
  })

  test('that comes again changes nothing but a figure', async () => {
    const api = await startApi()
    await api.change('POST', '/v1/alerts', aNotification([aPostedAlert()]))
    const again = await api.change('POST', '/v1/alerts', aNotification([aPostedAlert()]))
    expect(again.json).toEqual({ accepted: 0, repeated: 1, truncated: 0 })
    const { entries } = await createTailer({ volume: api.volume, stream: 'alerts', codec: alertsCodec }).poll()
    expect(entries).toHaveLength(1)
    expect(await figure(api, 'dtms_alerts_received_total{result="repeated"}')).toBe(1)
  })

  test('of the end ends the alert', async () => {
    const api = await startApi()
    await api.change('POST', '/v1/alerts', aNotification([aPostedAlert()]))
    const end = { status: 'resolved', endsAt: '2023-10-01T12:10:00Z' }
    await api.change('POST', '/v1/alerts', aNotification([aPostedAlert(end)], { status: 'resolved' }))
    const over = { id: 'a-1', state: 'resolved', resolution: 'told', endsAt: NOON + 600, firedAt: NOON }
    expect((await api.get('/v1/alerts')).json).toMatchObject({ items: [over] })
    expect(await figure(api, 'dtms_alerts_firing{severity="critical"}')).toBe(0)
  })

  test('is known after a restart', async () => {
    const root = aFolder()
    const first = await startApi({ volume: createInlineVolume({ root }) })
    await first.change('POST', '/v1/alerts', aNotification(many(2)))
    const before = (await first.get('/v1/alerts')).json
    await first.api.stop()
    const second = await startApi({ volume: createInlineVolume({ root }) })
    expect((await second.get('/v1/alerts')).json).toEqual(before)
    const again = await second.change('POST', '/v1/alerts', aNotification(many(3)))
    expect(again.json).toEqual({ accepted: 1, repeated: 2, truncated: 0 })
  })

  test('with something left out says how much, and counts it', async () => {
    const api = await startApi()
    const answer = await api.change('POST', '/v1/alerts', aNotification(many(1), { truncatedAlerts: 7 }))
    expect(answer.json).toEqual({ accepted: 1, repeated: 0, truncated: 7 })
    expect(await figure(api, 'dtms_alerts_received_total{result="truncated"}')).toBe(7)
  })

  test('is told to listeners', async () => {
    const api = await startApi()
    const stop = new AbortController()
    const stream = await fetch(`${api.url}/v1/events?types=alert`, { signal: stop.signal })
    await api.change('POST', '/v1/alerts', aNotification([aPostedAlert()]))
    let seen = ''
    const decoder = new TextDecoder()
    for await (const chunk of stream.body ?? []) {
      seen += decoder.decode(chunk as Uint8Array, { stream: true })
      if (seen.includes('event: alert')) break
    }
    stop.abort()
    expect(seen).toContain('"id":"a-1"')
  })

  test('without the key is refused, and counted', async () => {
    const api = await startApi()
    const { status } = await ask(`${api.url}/v1/alerts`, { method: 'POST', body: aNotification(many(1)) })
    expect(status).toBe(401)
    expect(await figure(api, 'dtms_alerts_received_total{result="refused"}')).toBe(1)
  })

  test.each([
    ['another version', 'version', { version: '5' }],
    ['an unknown status', 'status', { status: 'pending' }],
    ['a fraction left out', 'truncatedAlerts', { truncatedAlerts: 0.5 }],
    ['no alerts', 'alerts', { alerts: undefined }],
    ['an alert without labels', 'alerts', { alerts: [aPostedAlert({ labels: undefined })] }],
    ['an alert without a fingerprint', 'alerts', { alerts: [aPostedAlert({ fingerprint: undefined })] }],
    ['a begin that is no instant', 'alerts', { alerts: [aPostedAlert({ startsAt: 'yesterday' })] }],
    ['a begin after the year 2200', 'alerts', { alerts: [aPostedAlert({ startsAt: '2200-01-01T00:00:01Z' })] }],
    ['a label of every object', 'alerts', { alerts: [aPostedAlert({ labels: JSON.parse('{"__proto__": "x"}') })] }],
  ])('with %s is 422 and names %s', async (_name, place, changes) => {
    const api = await startApi()
    const { status, json } = await api.change('POST', '/v1/alerts', aNotification(many(1), changes))
    expect(status).toBe(422)
    expect((json as { detail: { loc: string[] }[] }).detail[0]?.loc.slice(0, 2)).toEqual(['body', place])
    expect(await ids(api)).toEqual([])
  })

  test.each([
    ['one alert of 32 KiB', 200, 0],
    ['a byte more', 422, 1],
  ])('with %s is %d', async (_name, status, more) => {
    const api = await startApi()
    const sizeOf = (alert: object) => Buffer.byteLength(JSON.stringify(alert))
    const filler = Object.fromEntries(Array.from({ length: 7 }, (_, i) => [`a${i}`, 'x'.repeat(4096)]))
    // As it is kept: instants as numbers, the end of a firing alert as 0.
    const kept = { ...aPostedAlert({ annotations: { ...filler, z: '' } }), startsAt: NOON + 0.123, endsAt: 0 }
    const annotations = { ...filler, z: 'x'.repeat(32_768 - sizeOf(kept) + more) }
    const answer = await api.change('POST', '/v1/alerts', aNotification([aPostedAlert({ annotations })]))
    expect(answer.status).toBe(status)
  })

  test('of more than 64 KiB is refused before it is read', async () => {
    const api = await startApi()
    const big = aNotification(many(40, { annotations: { summary: 'x'.repeat(2000) } }))
    expect((await api.change('POST', '/v1/alerts', big)).status).toBe(413)
  })

  test('may have fields of a later release', async () => {
    const api = await startApi()
    const later = aNotification([aPostedAlert({ notificationReason: 'first' })], { routeLabels: {} })
    expect((await api.change('POST', '/v1/alerts', later)).status).toBe(200)
    expect(JSON.stringify((await api.get('/v1/alerts')).json)).not.toContain('notificationReason')
  })
})

describe('the list of alerts', () => {
  test('goes through all of them by its cursors, whatever comes meanwhile', async () => {
    const api = await startApi()
    await api.change('POST', '/v1/alerts', aNotification(many(5)))
    const first = (await api.get('/v1/alerts?limit=2')).json as { items: { id: string }[]; nextCursor: string }
    expect(first.items.map(({ id }) => id)).toEqual(['a-5', 'a-4'])
    await api.change('POST', '/v1/alerts', aNotification([aPostedAlert({ fingerprint: 'new' })]))
    const second = (await api.get(`/v1/alerts?limit=3&cursor=${first.nextCursor}`)).json
    expect(second).toMatchObject({ items: [{ id: 'a-3' }, { id: 'a-2' }, { id: 'a-1' }], nextCursor: null })
  })

  test.each([
    ['?state=firing', ['a-2', 'a-1']],
    ['?state=resolved', []],
    ['?severity=warning', ['a-2']],
    ['?severity=critical&state=firing', ['a-1']],
  ])('%s holds %j', async (query, expected) => {
    const api = await startApi()
    const other = aPostedAlert({ fingerprint: 'f2', labels: { alertname: 'Other', severity: 'warning' } })
    await api.change('POST', '/v1/alerts', aNotification([aPostedAlert(), other]))
    expect(await ids(api, query)).toEqual(expected)
  })

  test.each(['?state=pending', '?severity=page', '?limit=0', '?cursor=abc', '?site=SITE_A'])(
    '%s is 422',
    async (query) => {
      const api = await startApi()
      expect((await api.get(`/v1/alerts${query}`)).status).toBe(422)
    },
  )
})
