import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { median } from '../bench/harness.ts'
import { aFolder } from '../support/builders.ts'
import { dtms, startUp, untilReady } from '../support/dtms.ts'

const MINUTES = Number(process.env.DTMS_LONG_MINUTES ?? 30)
const SPEED = 50
const SEED = 7
const EVERY_MS = 15_000

interface Sample {
  minute: number
  residentMiB: number
  heapMiB: number
  descriptors: number
}

test('the all-in-one at fifty times real time keeps its memory and its files', async () => {
  const data = aFolder()
  const app = await startUp(['--data', data, '--speed', String(SPEED), '--seed', String(SEED)])
  await untilReady(app.url)
  const begin = performance.now()
  const samples: Sample[] = []
  while (performance.now() - begin < MINUTES * 60_000) {
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS))
    const text = await (await fetch(`${app.url}/metrics`)).text()
    const value = (name: string): number => Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1])
    samples.push({
      minute: (performance.now() - begin) / 60_000,
      residentMiB: value('process_resident_memory_bytes') / 2 ** 20,
      heapMiB: value('dtms_heap_used_bytes') / 2 ** 20,
      descriptors: readdirSync(`/proc/${app.pid}/fd`).length,
    })
  }
  const part = (from: number, to: number): Sample[] =>
    samples.filter(({ minute }) => minute >= MINUTES * from && minute < MINUTES * to)
  const mid = (items: Sample[], key: keyof Sample): number => median(items.map((item) => item[key]))
  const [early, late] = [part(0.3, 0.5), part(0.8, 1.01)]
  const lines = samples
    .filter((_, index) => index % 8 === 7)
    .map(
      (s) =>
        `${s.minute.toFixed(1)} min: ${s.residentMiB.toFixed(0)} MiB resident, ${s.heapMiB.toFixed(0)} MiB heap, ${s.descriptors} descriptors`,
    )
  process.stdout.write(
    `${new Date().toISOString().slice(0, 10)}, seed ${SEED}, speed ${SPEED}, ${MINUTES} min\n${lines.join('\n')}\n` +
      `resident: ${mid(early, 'residentMiB').toFixed(0)} MiB early, ${mid(late, 'residentMiB').toFixed(0)} MiB late; most ${Math.max(...samples.map((s) => s.residentMiB)).toFixed(0)} MiB\n`,
  )
  expect(mid(late, 'residentMiB')).toBeLessThan(mid(early, 'residentMiB') * 1.1)
  expect(mid(late, 'residentMiB')).toBeLessThan(300)
  expect(mid(late, 'descriptors')).toBeLessThan(mid(early, 'descriptors') + 5)
  expect(await app.end('SIGINT')).toBe(0)
  expect((await dtms(['log', 'verify', '--data', data])).code).toBe(0)
})
