import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { eventually } from '../support/builders.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'dtms-package-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('the packed package runs by itself', { timeout: 300_000 }, async () => {
  const packed = execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], {
    cwd: root,
    encoding: 'utf8',
  })
  const tarball = join(folder, packed.trim().split('\n').at(-1) ?? '')
  const child = spawn(
    'npx',
    [
      '--yes',
      '--ignore-scripts',
      '--package',
      tarball,
      'dtms',
      'up',
      '--port',
      '0',
      '--backfill-hours',
      '2',
      '--data',
      join(folder, 'data'),
    ],
    { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'], detached: true },
  )
  // npx ends before what it started; the pipe closes only when the last holder of it, dtms itself, has ended.
  const ended = once(child, 'close')
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += String(chunk)
  })
  try {
    const url = await eventually(() => /page\s+(http:\/\/127\.0\.0\.1:\d+)/.exec(output)?.[1], 200_000)
    await eventually(async () => (await fetch(`${url}/health/ready`)).status === 200, 60_000)
    const { sites } = (await (await fetch(`${url}/sites`)).json()) as { sites: string[] }
    expect(sites).toEqual(['SITE_A', 'SITE_B', 'SITE_C'])
    for (const page of ['/', '/docs', '/redoc']) {
      const answer = await fetch(url + page, { headers: { Accept: 'text/html' } })
      expect([page, answer.status]).toEqual([page, 200])
    }
  } finally {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM')
    await ended
  }
})
