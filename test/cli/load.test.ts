import { expect, test } from 'vitest'
import { createTailer } from '../../lib/log/tailer.ts'
import { transferCodec } from '../../lib/record/codec.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import { aFolder } from '../support/builders.ts'
import { runHere } from '../support/cli.ts'
import { readAll } from '../support/log.ts'

const load = ['load', '--rate', '2000', '--seconds', '0.1', '--to', 'log']

test('a load on a log says what was sent and acknowledged, and it is there', async () => {
  const root = aFolder()
  const { code, out } = await runHere([...load, '--data', root, '--json'])
  expect(code).toBe(0)
  const report = JSON.parse(out.join(''))
  expect(report).toMatchObject({ to: 'log', rate: 2000, sent: 200, acknowledged: 200, refused: 0 })
  expect(report.p99Ms).toBeGreaterThan(0)
  const volume = createInlineVolume({ root })
  const { entries } = await readAll(createTailer({ volume, stream: 'transfers', codec: transferCodec }))
  expect(entries).toHaveLength(200)
  expect(entries.every(({ writer }) => writer.startsWith('LOAD_'))).toBe(true)
})

test('without --json it is a few lines for people', async () => {
  const { out } = await runHere([...load, '--data', aFolder()])
  expect(out.join('\n')).toMatch(/sent\s+200\n\s+acknowledged\s+200 .*\n\s+P50 /)
})

test.each([
  [['load', '--rate', '10', '--seconds', '1', '--to', 'log'], '--data'],
  [['load', '--rate', '0', '--seconds', '1', '--to', 'log'], 'above 0'],
  [['load', '--rate', '1', '--seconds', '1', '--to', 'redis'], 'kafka, log'],
  [['load', '--rate', '1', '--seconds', '1'], '--to'],
])('%j is refused with exit code 2 and the reason', async (args, reason) => {
  const { code, err } = await runHere(args)
  expect([code, err.join('\n')]).toEqual([2, expect.stringContaining(reason)])
})
