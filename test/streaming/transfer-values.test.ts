import { describe, expect, test } from 'vitest'
import { TransferValues } from '../../streaming/transfer-values.ts'
import { toStreamEvent } from '../support/streamed-records.ts'
import { failedRecord, isOnLink, slowedRecord, transferStream } from '../support/transfer-stream.ts'

const zscore = { window: 1000, threshold: 3, refractory: 100 }

function watch(records: ReturnType<typeof transferStream>, values = TransferValues.restore(zscore, undefined)) {
  return records.map((record) => values.observe(toStreamEvent(record)))
}

describe('the rates of links', () => {
  test('hardly ever raise anything on a quiet stream', () => {
    const lines = watch(transferStream({ records: 10_000 })).filter((finding) => finding?.line !== undefined)
    expect(lines.length).toBeLessThanOrEqual(0.005 * 10_000)
  })

  test('are compared with files of the same size on the same link: a slow transfer is found, another link is not blamed', () => {
    const records = transferStream({
      records: 4000,
      change: (record, n) => (n > 3000 && isOnLink(record, 'SITE_A', 'SITE_B') ? slowedRecord(record, 20) : record),
    })
    const lines = watch(records).flatMap((finding) => finding?.line ?? [])
    const later = lines.filter(({ transferId }) => records.findIndex(({ id }) => id === transferId) > 3000)
    expect(later[0]).toMatchObject({ source: 'SITE_A', destination: 'SITE_B', level: 'transfer', detector: 'zscore' })
    expect(later[0]?.why).toMatch(/rate/)
    expect(later.filter(({ source }) => source !== 'SITE_A').length).toBeLessThan(5)
  })

  test('that are faster than usual are no trouble', () => {
    const records = transferStream({
      records: 3200,
      change: (record, n) => (n > 3000 ? slowedRecord(record, 1 / 50) : record),
    })
    const late = watch(records).slice(3001, 3040)
    expect(late.filter((finding) => finding?.line?.reasons[0]?.feature === 'rate')).toEqual([])
  })

  test.each([
    ['failed', failedRecord],
    ['of an empty file', (record: ReturnType<typeof transferStream>[number]) => ({ ...record, bytesTransferred: 0 })],
    ['without a duration', (record: ReturnType<typeof transferStream>[number]) => ({ ...record, durationSeconds: 0 })],
  ])('a transfer %s has none', (_, change) => {
    const records = transferStream({ records: 500, failureShare: 0 })
    const values = TransferValues.restore(zscore, undefined)
    watch(records, values)
    expect(values.observe(toStreamEvent(change(records[0] as (typeof records)[number])))).toBeUndefined()
  })

  test('go on after saving as if nothing had happened', () => {
    const records = transferStream({ records: 3000, failureShare: 0.1 })
    const whole = TransferValues.restore(zscore, undefined)
    const all = watch(records, whole)
    const first = TransferValues.restore(zscore, undefined)
    const before = watch(records.slice(0, 1700), first)
    const restored = TransferValues.restore(zscore, first.save())
    expect([...before, ...watch(records.slice(1700), restored)]).toEqual(all)
    expect(Buffer.from(restored.save()).equals(whole.save())).toBe(true)
  })

  test('take at most 5 KiB of a checkpoint for each link with the usual window', () => {
    const values = TransferValues.restore(zscore, undefined)
    watch(transferStream({ records: 8000 }), values)
    expect(values.save().length / values.size).toBeLessThan(5 * 1024 + 200)
  })

  test('of more links than fit are not judged, and counted', () => {
    const values = TransferValues.restore({ ...zscore, window: 100_000 }, undefined)
    const [record] = transferStream({ records: 1, failureShare: 0 })
    if (record === undefined) throw new Error('there is a record')
    const event = toStreamEvent(record)
    for (let i = 0; i < 40; i += 1) values.observe({ ...event, link: `${event.link}${i}` as typeof event.link })
    expect([values.size, values.refused]).toEqual([32, 8])
  })

  test('a state that is cut is refused', () => {
    const values = TransferValues.restore(zscore, undefined)
    watch(transferStream({ records: 500 }), values)
    expect(() => TransferValues.restore(zscore, values.save().subarray(0, -1))).toThrow(/cut/)
  })
})
