import { describe, expect, it } from 'vitest'
import { CHUNK_BYTES, LineCutter, type RawLine, readLines } from '../../../lib/log/lines.ts'
import { createRandom } from '../../../lib/random.ts'
import { MAX_LINE_BYTES } from '../../../lib/record/record.ts'
import { aVolume } from '../../support/log.ts'

const shown = ({ offset, bytes }: RawLine) => `${offset}:${bytes?.toString() ?? 'oversized'}`

async function linesOf(content: string | Buffer, range: { from?: number; end?: number } = {}) {
  const { volume } = aVolume()
  await volume.createExclusive('s', Buffer.from(content))
  const chunks = readLines(volume, 's', range)
  const lines: RawLine[] = []
  for (;;) {
    const step = await chunks.next()
    if (step.done === true) return { lines, end: step.value }
    lines.push(...step.value)
  }
}

describe('cutting lines', () => {
  it.each([
    { text: '', lines: [], end: { size: 0, torn: 0 } },
    { text: 'ab\n\ncd\n', lines: ['0:ab', '3:', '4:cd'], end: { size: 7, torn: 0 } },
    { text: 'ab\ncd', lines: ['0:ab'], end: { size: 5, torn: 2 } },
    { text: 'ab', lines: [], end: { size: 2, torn: 2 } },
  ])('gives $lines of $text', async ({ text, lines, end }) => {
    const found = await linesOf(text)
    expect(found.lines.map(shown)).toEqual(lines)
    expect(found.end).toEqual(end)
  })

  it('begins and ends where it is told', async () => {
    const { lines, end } = await linesOf('ab\ncd\nef\ngh\n', { from: 3, end: 8 })
    expect(lines.map(shown)).toEqual(['3:cd'])
    expect(end).toEqual({ size: 8, torn: 2 })
  })

  it('knows an absent file', async () => {
    expect(await readLines(aVolume().volume, 's').next()).toEqual({ done: true, value: undefined })
  })

  it.each([
    { length: MAX_LINE_BYTES - 1, held: true },
    { length: MAX_LINE_BYTES, held: false },
    { length: CHUNK_BYTES - 1, held: false },
    { length: CHUNK_BYTES, held: false },
    { length: 10 * CHUNK_BYTES + 17, held: false },
  ])('holds a line of $length bytes: $held', async ({ length, held }) => {
    const { lines } = await linesOf(`a\n${'x'.repeat(length)}\nb\n`)
    expect(lines.map(({ offset, bytes }) => [offset, bytes?.length])).toEqual([
      [0, 1],
      [2, held ? length : undefined],
      [3 + length, 1],
    ])
  })

  it('gives the same lines however the bytes come', () => {
    const random = createRandom(1, 'chunks')
    const text = Array.from({ length: 300 }, (_, i) => 'x'.repeat(random.int(i % 50 === 0 ? 200_000 : 300))).join('\n')
    const bytes = Buffer.from(`${text}\n`)
    const whole = new LineCutter(0).cut(bytes).map(({ offset, bytes: line }) => [offset, line?.length])
    for (let round = 0; round < 20; round += 1) {
      const cutter = new LineCutter(0)
      const lines: (number | undefined)[][] = []
      while (cutter.lineStart < bytes.length) {
        const chunk = bytes.subarray(cutter.next, cutter.next + MAX_LINE_BYTES + random.int(100_000))
        for (const line of cutter.cut(chunk)) lines.push([line.offset, line.bytes?.length])
      }
      expect(lines).toEqual(whole)
    }
  })
})
