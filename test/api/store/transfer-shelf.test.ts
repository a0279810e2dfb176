import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TransferShelf } from '../../../api/store/transfer-shelf.ts'
import { siteName } from '../../../lib/names.ts'
import { transferCodec } from '../../../lib/record/codec.ts'
import type { TransferRecord } from '../../../lib/record/record.ts'
import { arbitraryTransfer } from '../../support/arbitrary-transfer.ts'
import { aTransfer } from '../../support/builders.ts'

function aRecord(changes: Partial<TransferRecord> = {}): TransferRecord {
  return { ...aTransfer(), v: 1, seq: 7, id: 'SITE_A-7', ...changes }
}
const keyed = (value: TransferRecord, writer: string = value.site) => ({
  at: value.endedAt,
  writer,
  seq: value.seq,
  value,
})

describe('the shelf of transfers', () => {
  test('gives back what was put on it, whatever a record may hold', () => {
    fc.assert(
      fc.property(fc.array(arbitraryTransfer, { maxLength: 30 }), (transfers) => {
        const shelf = new TransferShelf()
        const records = transfers.map((transfer, i) => {
          const parsed = transferCodec.parse(Buffer.from(transferCodec.serialise(transfer, i + 1).trimEnd()))
          if (!parsed.ok) throw new Error(parsed.reason)
          return parsed.value
        })
        const slots = records.map((record) => shelf.put(keyed(record)))
        for (const [i, record] of records.entries()) {
          const slot = slots[i] ?? -1
          expect(shelf.get(slot)).toEqual(record)
          expect([shelf.at(slot), shelf.writer(slot), shelf.seq(slot)]).toEqual([record.endedAt, record.site, i + 1])
          expect(record).toMatchObject({ ...shelf.probe(slot) })
        }
      }),
    )
  })

  test.each<[string, TransferRecord]>([
    ['a field of a newer version', Object.assign(aRecord(), { weather: 'fair' })],
    [
      'a counter beyond 32 bits',
      aRecord({ transport: { retransmits: 2 ** 40, outOfOrder: 0, duplicates: 0, rttSeconds: 0.1 } }),
    ],
    [
      'the largest counter',
      aRecord({ transport: { retransmits: 2 ** 32 - 1, outOfOrder: 0, duplicates: 0, rttSeconds: 0.1 } }),
    ],
    [
      'an unusual transport',
      aRecord({
        transport: Object.assign({ retransmits: 1, outOfOrder: 0, duplicates: 0, rttSeconds: 0 }, { ecn: 3 }),
      }),
    ],
    ['line 0 of a source', aRecord({ origin: { kind: 'csv', line: 0 } })],
    ['the id of an earlier record', aRecord({ id: 'SITE_A-3' })],
    ['a trace', aRecord({ traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` })],
    [
      'an error',
      aRecord({
        status: 'failed',
        error: { scope: 'transfer', phase: 'transfer', class: 'timeout', message: 'late', retryable: true },
      }),
    ],
  ])('keeps %s', (_name, record) => {
    const shelf = new TransferShelf()
    const slot = shelf.put(keyed(record))
    expect(shelf.get(slot)).toEqual(record)
    expect([shelf.at(slot), shelf.seq(slot), shelf.probe(slot).status]).toEqual([record.endedAt, 7, record.status])
  })

  test('a slot that was released carries nothing over to its next record', () => {
    const shelf = new TransferShelf()
    const error = { scope: 'transfer', phase: 'transfer', class: 'timeout', message: 'late', retryable: true } as const
    const full = aRecord({
      status: 'failed',
      error,
      id: 'x',
      origin: { kind: 'csv', id: 'y', line: 9 },
      traceparent: 'z',
    })
    for (const before of [full, Object.assign(aRecord(), { weather: 'fair' })]) {
      const slot = shelf.put(keyed(before))
      shelf.release(slot)
      const plain = aRecord({ site: siteName('SITE_B'), id: 'SITE_B-7' })
      expect(shelf.put(keyed(plain))).toBe(slot)
      expect(shelf.get(slot)).toEqual(plain)
      shelf.release(slot)
    }
  })

  test('who wrote a line need not be who it is about', () => {
    const shelf = new TransferShelf()
    expect(shelf.writer(shelf.put(keyed(aRecord(), 'SITE_C')))).toBe('SITE_C')
  })

  test('more words than it has numbers for are kept all the same', () => {
    const shelf = new TransferShelf()
    const slots = Array.from({ length: 66_000 }, (_, i) => shelf.put(keyed(aRecord({ activity: `a${i}` }))))
    expect(shelf.get(slots[65_999] ?? -1).activity).toBe('a65999')
    expect(shelf.get(slots[9] ?? -1).activity).toBe('a9')
  })
})
