import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseTransferPlainly, transferCodec } from '../../../lib/record/codec.ts'
import { scanTransfer } from '../../../lib/record/scan.ts'
import { arbitraryTransfer } from '../../support/arbitrary-transfer.ts'
import { aTransfer } from '../../support/builders.ts'
import { aFullTransfer, aLine, aSignedLine } from '../../support/records.ts'

const seqs = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })

describe('the scanner', () => {
  test.each([
    ['a plain transfer', aTransfer()],
    ['every optional field', aFullTransfer()],
    ['a small duration', aTransfer({ durationSeconds: 0.000001, firstByteSeconds: 0.1 })],
  ])('reads %s itself', (_, transfer) => {
    expect(scanTransfer(aLine(transfer))).toEqual({ v: 1, seq: 1, id: 'SITE_A-1', ...transfer })
  })

  test.each([
    ['another order', '"seq":1,"id":"SITE_A-1"', '"id":"SITE_A-1","seq":1'],
    ['an escape', '"davs"', '"d\\u0061vs"'],
    ['a byte outside ASCII', '"davs"', '"dävs"'],
    ['a space', '"seq":1', '"seq": 1'],
    ['an exponent', '"attempt":1', '"attempt":1e0'],
    ['a leading zero', '"attempt":1', '"attempt":01'],
    ['a point without digits', '"attempt":1', '"attempt":1.'],
    ['a minus', '"attempt":1', '"attempt":-1'],
    ['16 digits', '"sizeBytes":1000000000', '"sizeBytes":1000000000000000'],
    ['an id that only looks usual', '"SITE_A-1"', '"SITE_A-01"'],
    ['an id with a fraction', '"SITE_A-1"', '"SITE_A-1.0"'],
    ['a name that is not allowed', '"SITE_B"', '"site_b"'],
    ['an unknown field', '"attempt"', '"extra":1,"attempt"'],
    ['a second brace', '"simulator"}', '"simulator"}}'],
    ['nothing', /.*/, ''],
  ])('gives what JSON.parse gives for %s', (_, from, to) => {
    const body = aLine().toString().slice(0, -18)
    const changed = body.replace(from, to)
    expect(changed).not.toBe(body)
    const line = aSignedLine(`${changed}}`)
    expect(transferCodec.parse(line)).toEqual(parseTransferPlainly(line))
  })

  test('gives exactly what JSON.parse gives for any line that was written', () => {
    fc.assert(
      fc.property(arbitraryTransfer, seqs, (transfer, seq) => {
        const line = aLine(transfer, seq)
        expect(transferCodec.parse(line)).toEqual(parseTransferPlainly(line))
      }),
      { numRuns: 1000 },
    )
  })

  test('gives exactly what JSON.parse gives for a line that was changed and signed again', () => {
    const pieces = fc.oneof(
      fc.constantFrom(
        '"',
        '\\',
        '{',
        '}',
        ',',
        ':',
        '0',
        '00',
        '.',
        '-',
        'e9',
        'null',
        '"seq":2,',
        '\ud800',
        'é',
        '\t',
      ),
      fc.string({ maxLength: 3 }),
    )
    fc.assert(
      fc.property(
        arbitraryTransfer,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(3),
        pieces,
        (transfer, place, cut, piece) => {
          const body = aLine(transfer, 1).toString().slice(0, -18)
          const at = Math.floor(place * body.length)
          const line = aSignedLine(`${body.slice(0, at)}${piece}${body.slice(at + cut)}}`)
          expect(transferCodec.parse(line)).toEqual(parseTransferPlainly(line))
        },
      ),
      { numRuns: 3000 },
    )
  })

  test('gives exactly what JSON.parse gives for any number', () => {
    const numbers = fc.oneof(
      fc.double().map(String),
      fc.stringMatching(/^[0-9]{1,17}(\.[0-9]{0,17})?$/),
      fc.integer({ min: 0, max: 2 ** 40 }).map((n) => String(n / 1000)),
    )
    const [before, after] = aLine().toString().slice(0, -18).split('"durationSeconds":10,') as [string, string]
    fc.assert(
      fc.property(numbers, (number) => {
        const line = aSignedLine(`${before}"durationSeconds":${number},${after}}`)
        expect(transferCodec.parse(line)).toEqual(parseTransferPlainly(line))
      }),
      { numRuns: 3000 },
    )
  })

  test('keeps no state of one line for the next, however many names there are', () => {
    for (let i = 0; i < 500; i += 1) {
      const destination = `D${i % 90}` as never
      const line = aLine(aTransfer({ destination, activity: `a${i % 70}`, streams: i % 80 }), i + 1)
      expect(transferCodec.parse(line)).toEqual(parseTransferPlainly(line))
    }
  })
})
