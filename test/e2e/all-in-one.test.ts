import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { aFolder, eventually } from '../support/builders.ts'
import { dtms, startUp, untilReady } from '../support/dtms.ts'

interface Page<T> {
  items: T[]
  nextCursor: string | null
}

async function getJson<T>(url: string): Promise<T> {
  const answer = await fetch(url)
  expect([url, answer.status]).toEqual([url, 200])
  return (await answer.json()) as T
}

test('a newcomer sees three sites with a past, breaks a link, and is told why', async () => {
  const data = aFolder()
  const app = await startUp(['--data', data, '--backfill-hours', '6', '--speed', '60'])
  await untilReady(app.url)
  expect(await getJson(`${app.url}/sites`)).toEqual({ sites: ['SITE_A', 'SITE_B', 'SITE_C'] })

  const { items: links } = await getJson<Page<{ source: string; destination: string; transfers: number }>>(
    `${app.url}/v1/links`,
  )
  expect(links.map(({ source, destination }) => `${source}>${destination}`).sort()).toEqual([
    'SITE_A>SITE_B',
    'SITE_A>SITE_C',
    'SITE_B>SITE_A',
    'SITE_B>SITE_C',
    'SITE_C>SITE_A',
    'SITE_C>SITE_B',
  ])

  const key = readFileSync(join(data, 'api-key'), 'utf8').trim()
  expect(statSync(join(data, 'api-key')).mode & 0o777).toBe(0o600)
  const fault = {
    kind: 'link-brownout',
    scope: { source: 'SITE_A', destination: 'SITE_B' },
    durationSeconds: 3600,
    severity: 0.8,
  }
  const post = (authorization: Record<string, string>) =>
    fetch(`${app.url}/v1/faults`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...authorization },
      body: JSON.stringify(fault),
    })
  expect((await post({})).status).toBe(401)
  expect((await post({ Authorization: 'Bearer wrong' })).status).toBe(401)
  const created = await post({ Authorization: `Bearer ${key}` })
  expect(created.status).toBe(201)
  const { plannedStartAt } = (await created.json()) as { plannedStartAt: number }

  const noticed = await eventually(async () => {
    const query = `source=SITE_A&destination=SITE_B&from=${plannedStartAt}`
    const { items } = await getJson<Page<{ why: string; score: number }>>(`${app.url}/v1/anomalies?${query}`)
    return items[0]
  }, 50_000)
  expect(noticed.why).toMatch(/rtt|loss|rate|share/)
  expect(await app.end('SIGINT')).toBe(0)
})

test('kill -9 and start again: nothing is lost or doubled, and a short gap is filled', async () => {
  const data = aFolder()
  const first = await startUp(['--data', data, '--backfill-hours', '4', '--speed', '30'])
  await untilReady(first.url)
  await first.end('SIGKILL')
  const second = await startUp(['--data', data, '--backfill-hours', '4', '--speed', '30'])
  await untilReady(second.url)
  const before = (await getJson<Page<{ endedAt: number }>>(`${second.url}/v1/transfers?limit=1`)).items[0]?.endedAt ?? 0
  await eventually(async () => {
    const { items } = await getJson<Page<{ endedAt: number }>>(`${second.url}/v1/transfers?limit=1`)
    return (items[0]?.endedAt ?? 0) > before
  })
  await second.end('SIGKILL')
  for (const stream of ['transfers', 'anomalies', 'events', 'truth', 'correlations', 'windows']) {
    const { code, out, err } = await dtms(['log', 'verify', '--data', data, '--stream', stream, '--json'])
    if (code === 1 && err.includes('there is no')) continue
    const report = JSON.parse(out) as { ok: boolean; sites: { missing: number; damaged: unknown[] }[] }
    expect([stream, report.ok, code]).toEqual([stream, true, 0])
  }
})

test('a second start on the same folder is refused and names the one that runs', async () => {
  const data = aFolder()
  const first = await startUp(['--data', data, '--backfill-hours', '1'])
  await untilReady(first.url)
  const second = await dtms(['up', '--port', '0', '--data', data, '--backfill-hours', '1'])
  expect(second.code).toBe(1)
  expect(second.err + second.out).toContain(String(first.pid))
})

test('a taken port is told with the next step, and another seed names another folder', async () => {
  const data = aFolder()
  const first = await startUp(['--data', data, '--backfill-hours', '1'])
  await untilReady(first.url)
  const port = new URL(first.url).port
  const taken = await dtms(['up', '--port', port, '--data', aFolder()])
  expect([taken.code, taken.err]).toEqual([1, expect.stringContaining('DTMS_PORT')])
  await first.end('SIGTERM')
  const other = await dtms(['up', '--port', '0', '--data', data, '--seed', '8'])
  expect([other.code, other.err]).toEqual([1, expect.stringContaining(`${data}-default-8`)])
})

test('a long pause is recorded as paused and alarms nobody', async () => {
  const data = aFolder()
  // At 150 world seconds a second ten world minutes pass here, and a busy machine is not soon late by the world's clock.
  const first = await startUp(['--data', data, '--backfill-hours', '3', '--speed', '150'])
  await untilReady(first.url)
  expect(await first.end('SIGINT')).toBe(0)
  await new Promise((resolve) => setTimeout(resolve, 4200))
  const second = await startUp(['--data', data, '--backfill-hours', '3', '--speed', '150'])
  await untilReady(second.url)
  // A site may be late for a moment by the work of other processes on the machine; that alarms nobody and passes.
  await eventually(async () => {
    const { items } = await getJson<Page<{ site: string; state: string }>>(`${second.url}/v1/freshness`)
    return items.length === 3 && items.every(({ state }) => ['fresh', 'recovered', 'paused'].includes(state))
  })
  const { out } = await dtms(['log', 'cat', '--data', data, '--stream', 'events'])
  const lines = out.split('\n')
  expect(lines.filter((line) => line.includes('"paused"')).length).toBeGreaterThanOrEqual(3)
  expect(lines.filter((line) => line.includes('"silent"'))).toEqual([])
})
