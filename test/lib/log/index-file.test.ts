import { describe, expect, it } from 'vitest'
import {
  addLine,
  emptySummary,
  parseIndex,
  readIndex,
  type SegmentIndex,
  serialiseIndex,
  summarise,
  writeIndex,
} from '../../../lib/log/index-file.ts'
import { NOON } from '../../support/builders.ts'
import { aNoteLine, aVolume, noteCodec } from '../../support/log.ts'

function anIndex(): SegmentIndex {
  const index: SegmentIndex = new Map()
  for (const n of [2, 1, 3]) {
    const summary = { ...emptySummary(`000001-00000${n}.ndjson`), bytes: n * 100 }
    addLine(summary, n, NOON + 10 - n)
    index.set(summary.segment, summary)
  }
  return index
}

describe('the index of a folder', () => {
  it('comes back as it was written, in the order of segments', async () => {
    const { volume } = aVolume()
    await writeIndex(volume, 'notes/W', anIndex())
    const read = await readIndex(volume, 'notes/W')
    expect([...read.keys()]).toEqual(['000001-000001.ndjson', '000001-000002.ndjson', '000001-000003.ndjson'])
    expect(read).toEqual(new Map([...anIndex()].sort()))
    expect(await readIndex(volume, 'notes/NONE')).toEqual(new Map())
  })

  it('loses a damaged line only, whichever bit it is', () => {
    const bytes = serialiseIndex(anIndex())
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const flipped = Buffer.from(bytes)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const index = parseIndex(flipped)
      for (const [segment, summary] of index) expect(summary).toEqual(anIndex().get(segment))
      // A damaged newline joins two lines.
      expect(index.size).toBeGreaterThanOrEqual(1)
    }
  })

  it('takes no line that is not one of an index', () => {
    expect(parseIndex(Buffer.from(`x\n\n{}\n${aNoteLine(1)}`))).toEqual(new Map())
  })

  it('says of a segment what its lines say, whatever their order', async () => {
    const { volume } = aVolume()
    const text = `${aNoteLine(4, 'd', NOON + 1)}${aNoteLine(5, 'e', NOON - 1)}broken\n${aNoteLine(6, 'f', NOON)}{"half`
    await volume.createExclusive('notes/W/000001-000001.ndjson', Buffer.from(text))
    expect(await summarise(volume, 'notes/W', '000001-000001.ndjson', noteCodec)).toEqual({
      segment: '000001-000001.ndjson',
      lines: 3,
      bytes: text.length,
      firstSeq: 4,
      lastSeq: 6,
      minAt: NOON - 1,
      maxAt: NOON + 1,
    })
    expect(await summarise(volume, 'notes/W', '000001-000002.ndjson', noteCodec)).toBeUndefined()
  })
})
