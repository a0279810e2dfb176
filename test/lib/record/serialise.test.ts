import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { siteName } from '../../../lib/names.ts'
import { transferCodec } from '../../../lib/record/codec.ts'
import { errorClasses } from '../../../lib/record/record.ts'
import { serialiseTransfer } from '../../../lib/record/serialise.ts'
import { arbitraryTransfer } from '../../support/arbitrary-transfer.ts'
import { aTransfer, NOON } from '../../support/builders.ts'
import { aFailedTransfer, anError } from '../../support/records.ts'

describe('the text of a transfer', () => {
  test('is the example of the format page', () => {
    const page = readFileSync(new URL('../../../docs/record-format.md', import.meta.url), 'utf8')
    const second = aFailedTransfer({
      destination: siteName('SITE_C'),
      activity: 'small',
      queuedAt: NOON - 1.75,
      startedAt: NOON + 0.125,
      endedAt: NOON + 1.5,
      sizeBytes: 28_000_000,
      durationSeconds: 1.375,
      firstByteSeconds: 0,
      transport: { retransmits: 0, outOfOrder: 0, duplicates: 0, rttSeconds: 0.0125 },
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    })
    expect(page).toContain(serialiseTransfer(aTransfer(), 1))
    expect(page).toContain(serialiseTransfer(second, 2))
  })

  test('reads back the same, whatever the transfer', () => {
    fc.assert(
      fc.property(arbitraryTransfer, fc.integer({ min: 1, max: 2 ** 53 - 1 }), (transfer, seq) => {
        const line = serialiseTransfer(transfer, seq)
        expect(line.endsWith('\n')).toBe(true)
        expect(line.indexOf('\n')).toBe(line.length - 1)
        expect(transferCodec.parse(Buffer.from(line.slice(0, -1)))).toEqual({
          ok: true,
          seq,
          at: transfer.endedAt,
          value: { ...transfer, v: 1, seq, id: transfer.id ?? `${transfer.site}-${seq}` },
        })
      }),
      { numRuns: 1000 },
    )
  })

  test.each([
    ['endedAt', NOON + 0.1234, '1696161600.123'],
    ['endedAt', NOON + 0.1236, '1696161600.124'],
    ['endedAt', NOON + 0.9996, '1696161601'],
    ['endedAt', NOON + 0.05, '1696161600.05'],
    ['queuedAt', -0, '0'],
    ['durationSeconds', 0.000_000_4, '0'],
    ['durationSeconds', 0.000_000_6, '0.000001'],
    ['durationSeconds', 12.345_678_9, '12.345679'],
    ['durationSeconds', 1.000_5, '1.0005'],
    ['durationSeconds', 0.1 + 0.2, '0.3'],
    ['sizeBytes', 2 ** 53 - 1, '9007199254740991'],
  ])('%s of %d is written as %s', (name, value, text) => {
    expect(serialiseTransfer(aTransfer({ [name]: value }), 1)).toContain(`"${name}":${text},`)
  })
})

describe('what may not be written', () => {
  test.each([
    ['site', 'SITE A'],
    ['source', 'site_a'],
    ['destination', 'A'.repeat(33)],
    ['protocol', ''],
    ['protocol', 'p'.repeat(33)],
    ['activity', 'a\nb'],
    ['queuedAt', Number.NaN],
    ['startedAt', -0.001],
    ['endedAt', 7_258_118_400.001],
    ['endedAt', Number.POSITIVE_INFINITY],
    ['sizeBytes', 0.5],
    ['sizeBytes', -1],
    ['bytesTransferred', 2 ** 53],
    ['durationSeconds', 100_000_001],
    ['firstByteSeconds', Number.NaN],
    ['attempt', 0],
    ['attempt', 65_536],
    ['streams', 1.5],
    ['status', 'done'],
    ['checksum', 'maybe'],
    ['traceparent', '00-XYZ-1-01'],
    ['id', 'i'.repeat(129)],
    ['origin', { kind: '' }],
    ['origin', { kind: 'csv', line: 0 }],
    ['origin', { kind: 'csv', id: 'x'.repeat(257) }],
    ['transport', { retransmits: -1, outOfOrder: 0, duplicates: 0, rttSeconds: 0 }],
    ['error', anError()],
  ])('%s = %j is refused by name', (name, value) => {
    const broken = { ...aTransfer(), [name]: value }
    const refused = expect(() => serialiseTransfer(broken, 1))
    refused.toThrow(expect.objectContaining({ code: 'record.invalid', message: expect.stringContaining(name) }))
  })

  test.each([
    ['protocol', 'p'.repeat(32)],
    ['activity', 'a'.repeat(64)],
    ['endedAt', 7_258_118_400],
    ['durationSeconds', 100_000_000],
    ['attempt', 65_535],
    ['id', 'i'.repeat(128)],
    ['origin', { kind: 'k', id: 'x'.repeat(256), line: 1 }],
    ['error', undefined],
  ])('%s = %j is the last that passes', (name, value) => {
    expect(serialiseTransfer({ ...aTransfer(), [name]: value }, 1)).toContain('"crc"')
  })

  test.each([
    ['without an error', undefined],
    ['with a class of another scope', anError({ scope: 'source', class: 'no_space' })],
    ['with a message of 1,025 characters', anError({ message: 'x'.repeat(1025) })],
  ])('a failed transfer %s', (_, error) => {
    expect(() => serialiseTransfer({ ...aFailedTransfer(), error } as never, 1)).toThrow(/error/)
  })

  test.each([0, -1, 1.5, 2 ** 53])('seq %d', (seq) => {
    expect(() => serialiseTransfer(aTransfer(), seq)).toThrow(/seq/)
  })
})

test('the format page has a row for every error class', () => {
  const page = readFileSync(new URL('../../../docs/record-format.md', import.meta.url), 'utf8')
  for (const [scope, classes] of Object.entries(errorClasses))
    for (const name of classes) expect(page).toContain(`| ${scope} | \`${name}\` |`)
})
