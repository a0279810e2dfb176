import { describe, expect, it } from 'vitest'
import { LineGroup } from '../../../lib/log/line-group.ts'
import { transferCodec } from '../../../lib/record/codec.ts'
import { aTransfer } from '../../support/builders.ts'
import { aNote, aNoteLine, noteCodec } from '../../support/log.ts'
import { aFullTransfer } from '../../support/records.ts'

const linesOf = (group: LineGroup) =>
  group.ends.map((end, i) => group.memory.toString('utf8', i === 0 ? 0 : group.ends[i - 1], end))

describe('a group of lines', () => {
  it('holds what the codec makes of each entry, one behind the other', () => {
    const group = new LineGroup()
    group.fill(noteCodec, [aNote(5), aNote(6)], 5)
    expect(linesOf(group)).toEqual([aNoteLine(5), aNoteLine(6)])
    group.fill(noteCodec, [], 7)
    expect(linesOf(group)).toEqual([])
  })

  it('is the same as text and as bytes', () => {
    const transfers = Array.from({ length: 500 }, (_, i) => (i % 2 === 0 ? aTransfer() : aFullTransfer()))
    const asBytes = new LineGroup()
    asBytes.fill(transferCodec, transfers, 1)
    const { serialise, parse, timeOf } = transferCodec
    const asText = new LineGroup()
    asText.fill({ serialise, parse, timeOf }, transfers, 1)
    expect(linesOf(asBytes)).toEqual(linesOf(asText))
  })

  it('counts bytes of texts that are not ASCII', () => {
    const group = new LineGroup()
    group.fill(noteCodec, [{ text: 'é'.repeat(5000), at: 1 }], 1)
    expect(linesOf(group)).toEqual([aNoteLine(1, 'é'.repeat(5000), 1)])
  })

  it('gives a large memory back', () => {
    const group = new LineGroup()
    group.fill(noteCodec, [{ text: 'x'.repeat(3_000_000), at: 1 }], 1)
    group.fill(noteCodec, [aNote(1)], 1)
    expect(group.memory.length).toBeLessThan(100_000)
  })

  it('throws what the codec throws', () => {
    expect(() => new LineGroup().fill(transferCodec, [aTransfer({ sizeBytes: -1 })], 1)).toThrow(/sizeBytes/)
  })
})
