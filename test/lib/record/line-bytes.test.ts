import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LineBytes, piece } from '../../../lib/record/line-bytes.ts'

const none = piece('')

function written(write: (line: LineBytes) => void): string {
  const target = Buffer.alloc(8192, '#')
  const line = new LineBytes()
  line.open(target, 3)
  write(line)
  expect(target.toString('utf8', 0, 3)).toBe('###')
  return target.toString('utf8', 3, line.at)
}

describe('a line put together as bytes', () => {
  test.each([0, 9, 10, 99, 999_999_999, 1_000_000_000, 1_000_000_001, 4_294_967_296, 10 ** 15, 2 ** 53 - 1])(
    'has %d as JSON has it',
    (value) => expect(written((line) => line.whole(none, value))).toBe(String(value)),
  )

  test('has every whole number as JSON has it', () => {
    fc.assert(fc.property(fc.maxSafeNat(), (value) => written((line) => line.whole(none, value)) === String(value)))
  })

  test.each([
    [0, '0'],
    [-0, '0'],
    [0.000_000_4, '0'],
    [0.000_001, '0.000001'],
    [0.1, '0.1'],
    [12.05, '12.05'],
    [0.999_999_6, '1'],
    [100_000_000, '100000000'],
  ])('has %d seconds to the microsecond as %s', (seconds, text) => {
    expect(written((line) => line.micros(none, seconds))).toBe(text)
  })

  test('has instants as JSON has them, to the millisecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 7_258_118_400_000 }), (ms) => {
        return written((line) => line.millis(none, ms / 1000)) === String(ms / 1000)
      }),
    )
  })

  test('has any text as JSON has it', () => {
    const text = fc.string({ unit: 'binary', maxLength: 300 })
    fc.assert(fc.property(text, (value) => written((line) => line.quoted(none, value)) === JSON.stringify(value)))
    for (const value of ['', 'plain', '"', '\\', '\u0000', '\u007f', 'é', '😀', '\ud800'])
      expect(written((line) => line.quoted(none, value))).toBe(JSON.stringify(value))
  })

  test('has fixed pieces and plain words as they are', () => {
    const make = (line: LineBytes) => {
      line.plain(piece(',"site":"'), 'SITE_A')
      line.piece(piece('"'))
    }
    expect(written(make)).toBe(',"site":"SITE_A"')
  })

  test.each([1, 2, 3, 4, 5, 8, 19])('has a piece of %d bytes wherever it begins', (length) => {
    const text = 'abcdefghijklmnopqrstuvw'.slice(0, length)
    const make = (line: LineBytes) => {
      for (let n = 0; n < 5; n += 1) line.whole(piece(text), n)
    }
    expect(written(make)).toBe([0, 1, 2, 3, 4].map((n) => `${text}${n}`).join(''))
  })

  test('refuses a text for which there is no room', () => {
    const line = new LineBytes()
    line.open(Buffer.alloc(4), 0)
    expect(() => line.quoted(none, 'é'.repeat(9))).toThrow(RangeError)
  })
})
