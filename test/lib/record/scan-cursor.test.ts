import { describe, expect, test } from 'vitest'
import { isSiteName } from '../../../lib/names.ts'
import { Cursor, KnownPieces, KnownTexts, literal } from '../../../lib/record/scan-cursor.ts'

function aCursor(text: string): Cursor {
  const cursor = new Cursor()
  // Inside a larger memory, as lines of a chunk are.
  const memory = Buffer.from(`????${text}????`)
  cursor.open(memory.subarray(4, -4), 0, text.length)
  return cursor
}

describe('a literal', () => {
  test.each([
    ['abcd', 'abcd', true],
    ['abcde', 'abcde', true],
    ['abcdefgh', 'abcdefgh', true],
    ['abcdefghi', 'abcdefghi', true],
    ['abcde', 'abcdX', false],
    ['abcdefghi', 'abcdefghX', false],
    ['abcdefgh', 'Xbcdefgh', false],
    ['abcdefgh', 'abcdefg', false],
  ])('%s is next in %s: %s', (wanted, text, there) => {
    expect(aCursor(text).isNext(literal(wanted))).toBe(there)
  })

  test.each(Array.from({ length: 22 }, (_, i) => i + 4))(
    'of %d bytes is told from one with any bit flipped',
    (length) => {
      const text = ',"queuedAt":1696161588.25,'.slice(0, length)
      expect(aCursor(text).isNext(literal(text))).toBe(true)
      for (let bit = 0; bit < 8 * length; bit += 1) {
        const flipped = Buffer.from(text)
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        const cursor = new Cursor()
        cursor.open(Buffer.concat([flipped, Buffer.alloc(4)]), 0, length)
        expect(cursor.isNext(literal(text))).toBe(false)
      }
    },
  )

  test('is not found beyond the end of the line, even when the bytes go on', () => {
    expect(aCursor('abc').isNext(literal('abc?'))).toBe(false)
  })
})

describe('a number', () => {
  test.each([
    ['0', 0],
    ['7', 7],
    ['123456789012345', 123_456_789_012_345],
    ['1696161600.123', 1_696_161_600.123],
    ['0.000001', 0.000001],
    ['99999999.9999999', 99_999_999.999_999_9],
  ])('%s is read', (text, value) => {
    const cursor = aCursor(text)
    expect(cursor.number()).toBe(value)
    expect(cursor.closed()).toBe(true)
  })

  test.each(['', 'a', '-1', '01', '1.', '.5', '1234567890123456', '1234567890.123456', '12345678901234567890'])(
    '%j is left to JSON.parse',
    (text) => {
      const cursor = aCursor(text)
      cursor.number()
      expect(cursor.closed()).toBe(false)
    },
  )

  test('a whole number stops before the point', () => {
    const cursor = aCursor('12.5')
    expect(cursor.whole()).toBe(12)
    expect(cursor.closed()).toBe(false)
  })
})

describe('known pieces', () => {
  test('never grow, and still take in what comes later', () => {
    const pieces = new KnownPieces<number>()
    for (let i = 0; i < 10_000; i += 1) pieces.learn(`piece ${i}`, i)
    expect(pieces.entries.length).toBe(12)
    expect(pieces.entries[0]?.value).toBeGreaterThan(9000)
  })

  test('a text against the rule of its field fails the scan and is not kept', () => {
    const sites = new KnownTexts(',"site":"', isSiteName)
    const cursor = aCursor(',"site":"site_a"')
    cursor.known(sites)
    expect(cursor.closed()).toBe(false)
    expect(sites.pieces.entries).toEqual([])
  })

  test('a failed attempt can be taken back', () => {
    const cursor = aCursor('x12345678')
    cursor.mark()
    cursor.whole()
    cursor.reset()
    cursor.expect(literal('x1234567'))
    expect(cursor.whole()).toBe(8)
    expect(cursor.closed()).toBe(true)
  })
})
