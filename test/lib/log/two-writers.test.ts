import { hostname } from 'node:os'
import { describe, expect, it } from 'vitest'
import { createTailer } from '../../../lib/log/tailer.ts'
import { verifyStream } from '../../../lib/log/verify.ts'
import { transferCodec } from '../../../lib/record/codec.ts'
import { createInlineVolume } from '../../../lib/volume/inline.ts'
import { aFolder } from '../../support/builders.ts'
import { readAll } from '../../support/log.ts'
import { startWriter, type WriterProcess } from '../../support/writer-process.ts'

const quick = { beatMs: 300, watchMs: 2500, trustMs: 1500, lookMs: 50 }
/** With this the test would time out if anybody had to watch. */
const endless = { ...quick, watchMs: 600_000 }

const writes = (child: WriterProcess, count: number) =>
  child.said(({ id }) => id !== undefined && Number(id.split('-')[1]) >= count)

/** Everything acknowledged by any of the processes is read once, under its seq, and nothing else is missing. */
async function expectNothingLost(root: string, children: WriterProcess[]): Promise<void> {
  const volume = createInlineVolume({ root })
  const batch = await readAll(createTailer({ volume, stream: 'transfers', codec: transferCodec }))
  const ids = batch.entries.map(({ value }) => value.origin.id)
  expect(new Set(ids).size).toBe(ids.length)
  const bySeq = new Map(batch.entries.map(({ seq, value }) => [seq, value.origin.id]))
  for (const { seq, id } of children.flatMap((child) => child.messages())) {
    if (seq !== undefined) expect(bySeq.get(seq)).toBe(id)
  }
  expect(batch).toMatchObject({ gaps: [], damaged: [] })
  expect(await verifyStream({ volume, stream: 'transfers', codec: transferCodec })).toMatchObject({ ok: true })
}

describe('a second writer', () => {
  it('gives way to a living one, and names it', async () => {
    const root = aFolder()
    const first = startWriter(root, 'first', quick)
    await writes(first, 3)
    const second = startWriter(root, 'second', quick)
    const refusal = await second.said(({ error }) => error !== undefined)
    expect(refusal.error).toBe('log.writer_busy')
    expect(refusal.message).toContain(`process ${first.pid} on ${hostname()}`)
    expect(refusal.hint).toBeDefined()
    expect(await second.ended).toBe(1)
    const before = first.messages().length
    await first.said(() => first.messages().length > before)
    first.kill('SIGTERM')
    expect(await first.ended).toBe(0)
    await expectNothingLost(root, [first, second])
  })

  it('replaces a killed one at once', async () => {
    const root = aFolder()
    const first = startWriter(root, 'first', endless)
    await writes(first, 20)
    first.kill('SIGKILL')
    await first.ended
    const second = startWriter(root, 'second', endless)
    expect(await second.said(({ epoch }) => epoch !== undefined)).toMatchObject({ epoch: 2 })
    await writes(second, 5)
    second.kill('SIGTERM')
    expect(await second.ended).toBe(0)
    await expectNothingLost(root, [first, second])
  })

  it('follows one that has ended at once', async () => {
    const root = aFolder()
    for (const name of ['first', 'second', 'third']) {
      const child = startWriter(root, name, endless)
      await writes(child, 3)
      child.kill('SIGTERM')
      expect(await child.ended).toBe(0)
    }
    await expectNothingLost(root, [])
  })

  it('replaces a stopped one after it was silent for long enough, and that one cannot come back', async () => {
    const root = aFolder()
    const first = startWriter(root, 'first', quick)
    await writes(first, 10)
    first.kill('SIGSTOP')
    const second = startWriter(root, 'second', quick)
    expect(await second.said(({ epoch }) => epoch !== undefined)).toMatchObject({ epoch: 2 })
    await writes(second, 10)
    first.kill('SIGCONT')
    expect(await first.said(({ fenced }) => fenced !== undefined)).toEqual({ fenced: 'log.fenced' })
    expect(await first.ended).toBe(1)
    const before = second.messages().length
    await second.said(() => second.messages().length > before + 10)
    second.kill('SIGTERM')
    expect(await second.ended).toBe(0)
    await expectNothingLost(root, [first, second])
  })
})
