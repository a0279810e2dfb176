import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LineCutter } from '../../../lib/log/lines.ts'
import { checksumMatches, closeLine, hasTrailer } from '../../../lib/record/crc.ts'
import { runMatches } from '../../../lib/record/crc-run.ts'
import { MAX_LINE_BYTES } from '../../../lib/record/record.ts'

/** Of a chunk as the log's reader cuts it. */
function matches(chunk: Buffer): boolean {
  const { start, ends } = new LineCutter(0).mark(chunk)
  return runMatches(chunk, start, ends)
}

function linesOf(chunk: Buffer): Buffer[] {
  return new LineCutter(0).cut(chunk).map(({ bytes }) => bytes ?? Buffer.alloc(0))
}

function chunkOf(bodies: readonly string[]): Buffer {
  return Buffer.from(bodies.map((body) => closeLine(JSON.stringify({ v: 1, body }).slice(0, -1))).join(''))
}

const eight = chunkOf(['a', 'bb', '', 'é', 'a', 'x'.repeat(300), '{}', '9'])

const oneByOne = (chunk: Buffer) => linesOf(chunk).every((line) => hasTrailer(line) && checksumMatches(line))

describe('the checksums of a run of lines', () => {
  it('match together when each of them does, whatever the lengths', () => {
    const bodies = fc.array(fc.string({ maxLength: 400 }), { minLength: 8, maxLength: 40 })
    fc.assert(
      fc.property(bodies, fc.nat(64), (texts, place) => {
        const chunk = chunkOf(texts)
        const within = Buffer.concat([Buffer.alloc(place), chunk, Buffer.alloc(3)]).subarray(
          place,
          place + chunk.length,
        )
        expect(matches(within)).toBe(true)
      }),
    )
  })

  it('match for more lengths than are remembered', () => {
    const bodies = Array.from({ length: 1500 }, (_, length) => 'x'.repeat(length))
    expect(matches(chunkOf(bodies))).toBe(true)
    expect(matches(chunkOf(bodies.reverse()))).toBe(true)
  })

  it('do not match with any single bit flipped', () => {
    const missed: string[] = []
    for (let at = 0; at < eight.length; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const flipped = Buffer.from(eight)
        flipped[at] = (flipped[at] ?? 0) ^ (1 << bit)
        if (matches(flipped)) missed.push(`${at}:${bit}`)
      }
    }
    expect(missed).toEqual([])
  })

  it('say the same as line by line when bytes are overwritten, lost or put in', () => {
    const change = fc.tuple(fc.nat(eight.length), fc.nat(12), fc.uint8Array({ maxLength: 12 }))
    fc.assert(
      fc.property(fc.array(change, { maxLength: 4 }), (changes) => {
        let chunk = eight
        for (const [at, removed, added] of changes) {
          chunk = Buffer.concat([chunk.subarray(0, at), added, chunk.subarray(at + removed)])
        }
        if (linesOf(chunk).length >= 8) expect(matches(chunk)).toBe(oneByOne(chunk))
        else expect(matches(chunk)).toBe(false)
      }),
      { numRuns: 2000 },
    )
  })

  it('are left to be looked at one by one when the run is short or has a line that is too long', () => {
    expect(matches(eight)).toBe(true)
    expect(matches(eight.subarray(eight.indexOf(10) + 1))).toBe(false)
    expect(matches(Buffer.alloc(0))).toBe(false)
    const longest = MAX_LINE_BYTES - 1 - chunkOf(['']).length + 1
    for (const [length, together] of [
      [longest, true],
      [longest + 1, false],
    ] as const) {
      const long = chunkOf(['x'.repeat(length)])
      for (const chunk of [Buffer.concat([long, eight]), Buffer.concat([eight, long])]) {
        expect(matches(chunk)).toBe(together)
      }
    }
  })
})
