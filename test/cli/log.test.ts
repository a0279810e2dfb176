import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { aFolder } from '../support/builders.ts'
import { runHere } from '../support/cli.ts'

async function aTree(): Promise<string> {
  const folder = aFolder()
  await runHere(['simulate', '--days', '0.02', '--out', folder])
  return folder
}

test('a good log verifies, one with a changed byte does not and says where', async () => {
  const data = await aTree()
  const good = await runHere(['log', 'verify', '--data', data, '--json'])
  expect(good.code).toBe(0)
  expect(JSON.parse(good.out[0] ?? '')).toMatchObject({
    ok: true,
    sites: [{ site: 'SITE_A', missing: 0, damaged: [] }, {}, {}],
  })

  const segment = join(data, 'transfers/SITE_B', readdirSync(join(data, 'transfers/SITE_B'))[0] ?? '')
  const bytes = readFileSync(segment)
  bytes[40] = (bytes[40] ?? 0) ^ 1
  writeFileSync(segment, bytes)
  const bad = await runHere(['log', 'verify', '--data', data])
  expect(bad.code).toBe(1)
  expect(bad.out.join('\n')).toMatch(/transfers\/SITE_B\/000001-000001.ndjson at byte 0: crc/)
})

test('stat counts what every writer has written', async () => {
  const data = await aTree()
  const { out } = await runHere(['log', 'stat', '--data', data, '--stream', 'transfers', '--json'])
  const { writers } = JSON.parse(out[0] ?? '') as { writers: { writer: string; records: number; lastSeq: number }[] }
  expect(writers.map(({ writer }) => writer)).toEqual(['SITE_A', 'SITE_B', 'SITE_C'])
  for (const { records, lastSeq } of writers) expect(records).toBe(lastSeq)
  expect((await runHere(['log', 'stat', '--data', data])).out.join('\n')).toContain('transfers/SITE_A')
})

test('cat prints entries within the window and the limit, as JSON and as the earlier CSV', async () => {
  const data = await aTree()
  const start = 1_704_067_200
  const window = ['--from', String(start + 300), '--to', String(start + 900)]
  const { out } = await runHere(['log', 'cat', '--data', data, '--writer', 'SITE_A', ...window])
  const times = out.map((line) => (JSON.parse(line) as { endedAt: number }).endedAt)
  expect(times.length).toBeGreaterThan(5)
  expect(Math.min(...times)).toBeGreaterThanOrEqual(start + 300)
  expect(Math.max(...times)).toBeLessThan(start + 900)
  expect((await runHere(['log', 'cat', '--data', data, '--limit', '3'])).out).toHaveLength(3)
  const csv = await runHere(['log', 'cat', '--data', data, '--format', 'csv', '--limit', '1'])
  expect(csv.out[0]).toBe('timestamp_iso,timestamp_unix,bytes,duration,throughput_bytes_per_sec,status,site')
  expect(csv.out[1]).toMatch(/^2024-01-01T.*Z,1704\d+(\.\d+)?,\d+,[\d.]+,[\d.]+,(ok|failed|aborted),SITE_A$/)
})

test('looking into a folder that is not there does not make it', async () => {
  const gone = join(aFolder(), 'gone')
  for (const command of ['verify', 'stat', 'cat']) {
    expect((await runHere(['log', command, '--data', gone])).code).toBe(1)
    expect(existsSync(gone)).toBe(false)
  }
})

test.each([
  { args: ['verify', '--data', '/does/not/exist'], code: 1, hint: '--data' },
  { args: ['cat', '--stream', 'gossip'], code: 1, hint: '--data' },
  { args: ['verify', '--stream', 'gossip'], code: 2, hint: 'transfers' },
])('log $args is told with the next step', async ({ args, code, hint }) => {
  const answer = await runHere(['log', ...args], { DTMS_DATA_DIR: await aTree() })
  expect([answer.code, answer.err.join('\n')]).toEqual([code, expect.stringContaining(hint)])
})
