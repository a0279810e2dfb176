import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readSegment, type SegmentSource } from '../../../lib/log/segment-reader.ts'
import { NOON } from '../../support/builders.ts'
import { aNote, aNoteLine, aVolume, aWriter, type Note, noteCodec } from '../../support/log.ts'

async function contents(source: Omit<SegmentSource<Note>, 'stream' | 'writer' | 'codec'>) {
  const seqs: number[] = []
  const reasons: string[] = []
  let chunks = 0
  for await (const chunk of readSegment({ stream: 'notes', writer: 'W', codec: noteCodec, ...source })) {
    chunks += 1
    seqs.push(...chunk.entries.map(({ seq }) => seq))
    reasons.push(...chunk.damaged.map(({ offset, reason }) => `${offset} ${reason}`))
  }
  return { seqs, reasons, chunks }
}

describe('reading one segment', () => {
  const segment = '000001-000001.ndjson'

  it('gives its entries a chunk at a time, up to its end in the index', async () => {
    const { volume, root } = aVolume()
    const writer = await aWriter(volume)
    await writer.appendAll(Array.from({ length: 10_000 }, (_, i) => aNote(i, NOON)))
    await writer.close()
    appendFileSync(join(root, 'notes/W', segment), aNoteLine(10_001))
    const { seqs, chunks } = await contents({ volume, segment })
    expect(seqs).toEqual(Array.from({ length: 10_000 }, (_, i) => i + 1))
    expect(chunks).toBeGreaterThan(1)
    expect((await contents({ volume, segment, end: 1000 })).seqs.length).toBeLessThan(20)
  })

  it('names the places of damage and goes on', async () => {
    const { volume } = aVolume()
    const text = `${aNoteLine(1)}bad\n${'x'.repeat(70_000)}\n${aNoteLine(2)}`
    await volume.createExclusive(`notes/W/${segment}`, Buffer.from(text))
    const first = aNoteLine(1).length
    expect(await contents({ volume, segment })).toMatchObject({
      seqs: [1, 2],
      reasons: [`${first} foreign`, `${first + 4} oversized`],
    })
  })

  it('gives nothing for a segment that is gone', async () => {
    expect(await contents({ volume: aVolume().volume, segment })).toEqual({ seqs: [], reasons: [], chunks: 0 })
  })
})
