import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checksumMatches, closeLine, hasTrailer } from '../../../lib/record/crc.ts'
import { runMatches } from '../../../lib/record/crc-run.ts'

/** The lines of a chunk as the log's reader cuts them. */
function linesOf(chunk: Buffer): { bytes: Buffer }[] {
  const lines: { bytes: Buffer }[] = []
  for (let start = 0, end = chunk.indexOf(10); end >= 0; start = end + 1, end = chunk.indexOf(10, start)) {
    lines.push({ bytes: chunk.subarray(start, end) })
  }
  return lines
}

function chunkOf(bodies: readonly string[]): Buffer {
  return Buffer.from(bodies.map((body) => closeLine(JSON.stringify({ v: 1, body }).slice(0, -1))).join(''))
}

const eight = chunkOf(['a', 'bb', '', 'é', 'a', 'x'.repeat(300), '{}', '9'])

const oneByOne = (chunk: Buffer) => linesOf(chunk).every(({ bytes }) => hasTrailer(bytes) && checksumMatches(bytes))

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
        expect(runMatches(linesOf(within))).toBe(true)
      }),
    )
  })

  it('match for more lengths than are remembered', () => {
    const bodies = Array.from({ length: 1500 }, (_, length) => 'x'.repeat(length))
    expect(runMatches(linesOf(chunkOf(bodies)))).toBe(true)
    expect(runMatches(linesOf(chunkOf(bodies.reverse())))).toBe(true)
  })

  it('do not match with any single bit flipped', () => {
    const missed: string[] = []
    for (let at = 0; at < eight.length; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const flipped = Buffer.from(eight)
        flipped[at] = (flipped[at] ?? 0) ^ (1 << bit)
        if (runMatches(linesOf(flipped))) missed.push(`${at}:${bit}`)
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
        const lines = linesOf(chunk)
        if (lines.length >= 8) expect(runMatches(lines)).toBe(oneByOne(chunk))
        else expect(runMatches(lines)).toBe(false)
      }),
      { numRuns: 2000 },
    )
  })

  it('are left to be looked at one by one when the run is short or has a line that is not held', () => {
    const lines: { bytes: Buffer | undefined }[] = linesOf(eight)
    expect(runMatches(lines)).toBe(true)
    expect(runMatches(lines.slice(1))).toBe(false)
    expect(runMatches([])).toBe(false)
    for (const place of [0, 4, 7]) expect(runMatches(lines.with(place, { bytes: undefined }))).toBe(false)
  })
})
