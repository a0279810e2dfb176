import { Agent, request } from 'node:http'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import { aHistory, anAnomaly, startApi, writeAnomalies, writeTransfers } from '../support/api.ts'
import { aFolder, NOON } from '../support/builders.ts'
import { TEST_KEY } from '../support/http.ts'

interface Sent {
  method: string
  path: string
  headers: Record<string, string>
  body: string | undefined
}

const REQUESTS = 12_000
const AT_ONCE = 16

const word = fc.oneof(
  fc.constantFrom(
    'SITE_A',
    'SITE_B',
    'SITE_Z',
    'ok',
    'failed',
    'forest',
    'link',
    'transfer',
    '1h',
    '15m',
    '0',
    '1',
    '10',
    '-1',
  ),
  fc.constantFrom(
    `${NOON}`,
    '2023-10-01',
    '2023-10-01T12:00:00Z',
    '1e400',
    'NaN',
    '__proto__',
    'f-1',
    'm-api-1',
    '%00',
    '..',
    '😀',
  ),
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 8 }),
)
const scope = fc.oneof(
  fc.record({ site: word }),
  fc.record({ source: word, destination: word }),
  fc.record({ platform: fc.boolean() }),
  fc.anything({ maxDepth: 2 }),
)
const number = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(0, 1, 60, 0.5, NOON, 2 ** 53, -0))
const body = fc.oneof(
  fc
    .record(
      {
        kind: fc.oneof(fc.constantFrom('link-brownout', 'silent-site', 'maintenance', 'none'), word),
        scope,
        durationSeconds: number,
        severity: number,
        startsInSeconds: number,
        hidden: fc.boolean(),
        startsAt: fc.oneof(number, word),
        endsAt: fc.oneof(number, word),
        note: word,
        speed: number,
      },
      { requiredKeys: [] },
    )
    .map((value) => JSON.stringify(value)),
  fc.json({ maxDepth: 6 }),
  fc.string({ maxLength: 200 }),
)

function requestTo(paths: readonly string[]): fc.Arbitrary<Sent> {
  const names = [
    'limit',
    'cursor',
    'from',
    'to',
    'site',
    'source',
    'destination',
    'status',
    'window',
    'types',
    'state',
    'minScore',
    'scope',
    'detector',
  ]
  return fc.record({
    method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'),
    path: fc
      .tuple(
        fc.constantFrom(...paths),
        word,
        fc.array(fc.tuple(fc.oneof(fc.constantFrom(...names), word), word), { maxLength: 4 }),
      )
      .map(([path, part, query]) => {
        const filled = path.replace(/\{\w+\}/g, encode(part))
        const text = query.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&')
        return text === '' ? filled : `${filled}?${text}`
      }),
    headers: fc
      .record(
        {
          authorization: fc.constantFrom(`Bearer ${TEST_KEY}`, 'Bearer x', 'Basic eA=='),
          accept: fc.constantFrom('*/*', 'text/html', 'application/problem+json', 'application/json;q=0.1', 'nonsense'),
          'content-type': fc.constantFrom('application/json', 'text/plain', 'application/json; charset=latin1', ''),
          'content-encoding': fc.constantFrom('gzip', 'identity'),
          'if-none-match': fc.constantFrom('*', 'W/"x"'),
          'last-event-id': fc.constantFrom('1-1', 'x'),
          'x-request-id': fc.string({ maxLength: 10 }).map(encode),
        },
        { requiredKeys: [] },
      )
      .map((headers) => headers as Record<string, string>),
    body: fc.option(body, { nil: undefined }),
  })
}

function encode(text: string): string {
  try {
    return encodeURIComponent(text)
  } catch {
    return '%ED%A0%80'
  }
}

test(`${REQUESTS} requests that nobody should send are answered, none with a 5xx`, async () => {
  const volume = createInlineVolume({ root: aFolder() })
  await writeTransfers(volume, aHistory(100))
  await writeAnomalies(volume, [anAnomaly()])
  const { api, url } = await startApi({ volume, env: { DTMS_API_RECORDS: '200' } })
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })
  onTestFinished(() => agent.destroy())
  const send = (sent: Sent): Promise<number> =>
    new Promise((resolve, reject) => {
      const { method, path, headers } = sent
      const outgoing = request(url + path, { method, headers, agent }, (response) => {
        resolve(response.statusCode ?? 0)
        // The live stream has no end of its own.
        if (response.headers['content-type']?.startsWith('text/event-stream')) response.destroy()
        else response.resume()
      })
      outgoing.on('error', reject)
      outgoing.end(sent.body)
    })

  const paths = [...api.routes.map(({ path }) => path), '/assets/{name}', '/{anything}']
  const samples = fc.sample(requestTo(paths), { numRuns: REQUESTS, seed: 20_260_105 })
  const bad: unknown[] = []
  const counts = new Map<number, number>()
  for (let i = 0; i < samples.length; i += AT_ONCE) {
    const batch = samples.slice(i, i + AT_ONCE)
    const statuses = await Promise.all(batch.map(send))
    for (const [j, status] of statuses.entries()) {
      counts.set(status, (counts.get(status) ?? 0) + 1)
      if (status >= 500) bad.push([status, batch[j]])
    }
  }
  expect(bad).toEqual([])
  for (const status of [200, 401, 404, 405, 422])
    expect([status, (counts.get(status) ?? 0) > 100]).toEqual([status, true])
  expect(await send({ method: 'GET', path: '/health/ready', headers: {}, body: undefined })).toBe(200)
}, 300_000)
