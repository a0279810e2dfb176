import type { ServerResponse } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createProbe, type Probe, type ProbeOptions, type ProbeResult } from '../../freshness/probe.ts'
import { systemClock } from '../../lib/clock.ts'
import { readTrust } from '../../lib/outgoing/trust.ts'
import { eventually } from '../support/builders.ts'
import { anAuthority } from '../support/certificates.ts'
import { anHttpReceiver, aSecureReceiver } from '../support/http-servers.ts'

function aProbe(changes: Partial<ProbeOptions> & Pick<ProbeOptions, 'baseUrl'>): { probe: Probe; seen: ProbeResult[] } {
  const seen: ProbeResult[] = []
  const probe = createProbe({
    everyMs: 20,
    limitMs: 300,
    clock: systemClock,
    onChange: (r) => seen.push(r),
    ...changes,
  })
  onTestFinished(() => probe.stop())
  probe.start()
  return { probe, seen }
}

describe('the probe of the API', () => {
  it('is up when /health answers 200, asked below the base address', async () => {
    const api = await anHttpReceiver((response) => response.end('{"status":"ok"}'))
    const { probe } = aProbe({ baseUrl: () => api.url })
    const result = await eventually(() => probe.last)
    expect(result.up).toBe(true)
    expect(result.seconds).toBeGreaterThan(0)
    expect(api.requests[0]).toMatchObject({ method: 'GET', path: '/health' })
  })

  const bad: [string, (response: ServerResponse) => void, string][] = [
    ['answers 500', (response) => response.writeHead(500).end(), 'status 500'],
    ['redirects', (response) => response.writeHead(302, { Location: '/login' }).end(), 'status 302'],
    ['hangs', () => {}, 'no answer within 300 ms'],
    ['hangs up', (response) => response.socket?.destroy(), 'ECONNRESET'],
  ]
  it.each(bad)('is down when the API %s', async (_name, answer, reason) => {
    const api = await anHttpReceiver(answer)
    const { probe } = aProbe({ baseUrl: () => api.url })
    expect(await eventually(() => probe.last)).toMatchObject({ up: false, reason })
  })

  it('is down when nobody listens, and reports the change when somebody does', async () => {
    const gone = await anHttpReceiver(() => {})
    await gone.close()
    const api = await anHttpReceiver((response) => response.end('{}'))
    let address = gone.url
    const { probe, seen } = aProbe({ baseUrl: () => address })
    expect(await eventually(() => probe.last)).toMatchObject({ up: false, reason: 'ECONNREFUSED' })
    address = api.url
    await eventually(() => probe.last?.up)
    expect(seen.map(({ up }) => up)).toEqual([false, true])
  })

  it('checks an API that speaks TLS against the authorities it is given at each probe', async () => {
    const authority = anAuthority()
    const api = await aSecureReceiver(authority.issue(['127.0.0.1']))
    let ca = anAuthority('another').cert
    const { probe, seen } = aProbe({ baseUrl: () => api.url, trust: async () => ({ ca }), limitMs: 10_000 })
    expect(await eventually(() => probe.last)).toMatchObject({ up: false, reason: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
    expect(api.paths).toEqual([])
    ca = authority.cert
    await eventually(() => probe.last?.up)
    expect(api.paths[0]).toBe('/health')
    expect(seen.map(({ up }) => up)).toEqual([false, true])
  })

  it('is down while the authorities cannot be read, and says which file', async () => {
    const trust = () => readTrust('/none/service-ca.crt')
    const { probe } = aProbe({ baseUrl: () => 'https://127.0.0.1:1', trust })
    const reason = 'DTMS_TLS_CA_FILE /none/service-ca.crt cannot be read (ENOENT)'
    expect(await eventually(() => probe.last)).toMatchObject({ up: false, reason })
  })

  it('knows nothing while there is no address', async () => {
    let asked = 0
    const { probe } = aProbe({
      baseUrl: () => {
        asked += 1
        return undefined
      },
    })
    await eventually(() => asked > 2)
    expect(probe.last).toBeUndefined()
  })

  it('stops at once in the middle of a request that hangs, and twice', async () => {
    const api = await anHttpReceiver(() => {})
    const { probe } = aProbe({ baseUrl: () => api.url, limitMs: 60_000 })
    await eventually(() => api.requests.length === 1)
    await Promise.all([probe.stop(), probe.stop()])
    expect(probe.last).toBeUndefined()
  })
})
