import { get as httpGet, type IncomingMessage } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { transferCodec } from '../../../lib/record/codec.ts'
import { anomaliesCodec } from '../../../lib/streams/codecs.ts'
import { anAnomaly, aSharedClock, aWriter, startApi } from '../../support/api.ts'
import { aTransfer, eventually, NOON } from '../../support/builders.ts'

interface Stream {
  text(): string
  events(): string[]
  response: IncomingMessage
  ended(): boolean
}

function listen(url: string, headers: Record<string, string> = {}): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const sent = httpGet(url, { headers, agent: false }, (response) => {
      let text = ''
      let ended = false
      response.on('data', (chunk) => {
        text += chunk.toString()
      })
      response.on('close', () => {
        ended = true
      })
      response.on('error', () => {})
      resolve({
        response,
        text: () => text,
        ended: () => ended,
        events: () => [...text.matchAll(/^event: (\S+)\ndata: (.*)$/gm)].map(([, type, data]) => `${type} ${data}`),
      })
    })
    sent.on('error', reject)
    onTestFinished(() => {
      sent.destroy()
    })
  })
}

describe('/v1/events', () => {
  test('tells of records, anomalies and faults as they come', async () => {
    const api = await startApi()
    const stream = await listen(`${api.url}/v1/events`)
    expect(stream.response.headers['content-type']).toMatch(/^text\/event-stream/)
    const transfers = await aWriter(api.volume, 'transfers', 'SITE_A', transferCodec)
    const anomalies = await aWriter(api.volume, 'anomalies', 'forest', anomaliesCodec)
    await transfers.append(aTransfer({ endedAt: NOON + 1 }))
    await eventually(() => stream.text().includes('event: transfer'))
    await anomalies.append(anAnomaly({ at: NOON + 1 }))
    await eventually(() => stream.text().includes('event: anomaly'))
    const body = { kind: 'none', scope: { platform: true }, durationSeconds: 60 }
    expect((await api.change('POST', '/v1/faults', body)).status).toBe(201)
    await eventually(() => stream.events().some((event) => /^fault .*"state":"planned"/.test(event)))
    expect(stream.text()).toMatch(/^id: \d+-\d+$/m)
  })

  test('sends the types that were asked for', async () => {
    const api = await startApi()
    const stream = await listen(`${api.url}/v1/events?types=anomaly,freshness`)
    const transfers = await aWriter(api.volume, 'transfers', 'SITE_A', transferCodec)
    const anomalies = await aWriter(api.volume, 'anomalies', 'forest', anomaliesCodec)
    await transfers.append(aTransfer({ endedAt: NOON + 1 }))
    await eventually(async () => (await api.get('/sites')).text.includes('SITE_A'))
    await anomalies.append(anAnomaly({ at: NOON + 1 }))
    await eventually(() => stream.text().includes('event: anomaly'))
    expect(stream.text()).not.toContain('event: transfer')
  })

  test.each(['types=weather', 'types=', 'types=anomaly,,freshness', 'kinds=anomaly'])(
    'answers 422 for %s',
    async (query) => {
      const { get } = await startApi()
      expect((await get(`/v1/events?${query}`)).status).toBe(422)
    },
  )

  test('goes on after the last event that a client names, and resets one that comes from elsewhere', async () => {
    const api = await startApi()
    const transfers = await aWriter(api.volume, 'transfers', 'SITE_A', transferCodec)
    const first = await listen(`${api.url}/v1/events?types=transfer`)
    await transfers.append(aTransfer({ endedAt: NOON + 1 }))
    await eventually(() => first.events().length === 1)
    const [, id = ''] = /id: (\S+)\nevent: transfer/.exec(first.text()) ?? []
    first.response.destroy()
    await transfers.append(aTransfer({ endedAt: NOON + 2 }))
    await eventually(async () => (await api.get('/v1/transfers?limit=1')).text.includes(`"endedAt":${NOON + 2}`))
    const again = await listen(`${api.url}/v1/events?types=transfer`, { 'last-event-id': id })
    await eventually(() => again.events().length === 1)
    expect(again.events()[0]).toContain(`"endedAt":${NOON + 2}`)
    const stranger = await listen(`${api.url}/v1/events`, { 'last-event-id': '1-1' })
    await eventually(() => stranger.events().length === 1)
    expect(stranger.events()).toEqual(['reset {"reason":"unknown"}'])
  })

  test('takes a hundred listeners and refuses the next one', async () => {
    const { get, url } = await startApi()
    await Promise.all(Array.from({ length: 100 }, () => listen(`${url}/v1/events`)))
    const refused = await get('/v1/events')
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '30'])
    expect((await get('/metrics')).text).toContain('\ndtms_api_event_clients 100\n')
  })

  test('says nothing about the past that is read at the start', async () => {
    const clock = aSharedClock()
    clock.advance(10)
    const api = await startApi({ clock })
    const stream = await listen(`${api.url}/v1/events`)
    const transfers = await aWriter(api.volume, 'transfers', 'SITE_A', transferCodec)
    await transfers.append(aTransfer({ endedAt: NOON - 1 }))
    await transfers.append(aTransfer({ endedAt: NOON + 1 }))
    await eventually(() => stream.text().includes('event: transfer'))
    expect(stream.text()).not.toContain(`"endedAt":${NOON - 1}`)
  })

  test('ends when the API stops', async () => {
    const api = await startApi()
    const stream = await listen(`${api.url}/v1/events`)
    await api.api.stop()
    await eventually(() => stream.ended())
  })
})
