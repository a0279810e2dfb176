import { describe, expect, test } from 'vitest'
import { LinkContext } from '../../anomaly/link-context.ts'
import { at, FEATURES, featureNames, hasFiniteNumbers, measure, toHuman } from '../../anomaly/measurement.ts'
import type { Transfer, TransferRecord } from '../../lib/record/record.ts'
import { aTransfer, NOON } from '../support/builders.ts'
import { failedRecord } from '../support/transfer-stream.ts'

function aRecord(changes: Partial<Transfer> = {}): TransferRecord {
  return { ...aTransfer(changes), v: 1, seq: 1, id: 'SITE_A-1' }
}

function measured(record: TransferRecord, context = new LinkContext()): Float64Array {
  const row = new Float64Array(FEATURES)
  measure(record, context, row)
  return row
}

const transport = { retransmits: 3, outOfOrder: 1, duplicates: 0, rttSeconds: 0.03 }

describe('the ten numbers of a transfer', () => {
  test('come back in the units that people read', () => {
    const context = new LinkContext()
    context.observeLoss(20, 1e6)
    const row = measured(aRecord({ queuedAt: NOON - 25, attempt: 4, transport }), context)
    const human = (feature: number): number => toHuman(feature, row[feature] as number, context.lossRatio)
    expect(human(at.size)).toBeCloseTo(1000, 6)
    expect(human(at.rate)).toBeCloseTo(100, 6)
    expect(human(at.queue)).toBeCloseTo(15, 6)
    expect(human(at.firstByte)).toBeCloseTo(0.5, 6)
    expect(human(at.retries)).toBeCloseTo(3, 6)
    expect(human(at.rtt)).toBeCloseTo(30, 6)
    expect(human(at.failures)).toBe(0)
    expect(human(at.concurrency)).toBe(0)
    // Four of 690,608 packets, with one added on both sides.
    expect(human(at.loss)).toBeCloseTo((100 * 5 * 2e-5) / (690_608 * 2e-5 + 1), 6)
  })

  test.each([
    ['failed', failedRecord(aRecord({ transport }))],
    ['was aborted', aRecord({ status: 'aborted', bytesTransferred: 10, transport })],
    ['moved nothing', aRecord({ sizeBytes: 0, bytesTransferred: 0, transport })],
    ['took no time', aRecord({ durationSeconds: 0, transport })],
  ])('leave rate, times and packets out for a transfer that %s', (_what, record) => {
    const row = measured(record)
    for (const feature of [at.rate, at.firstByte, at.loss, at.rtt]) expect(row[feature]).toBeNaN()
    for (const feature of [at.size, at.queue, at.failures]) expect(row[feature]).not.toBeNaN()
  })

  test('leave out what the record does not carry, and loss until some was counted', () => {
    expect(measured(aRecord())[at.rtt]).toBeNaN()
    expect(measured(aRecord({ transport }))[at.loss]).toBeNaN()
    expect(measured(aRecord({ transport: { ...transport, rttSeconds: 0 } }))[at.rtt]).toBeNaN()
  })

  test.each([
    [1, 0],
    [2, 0],
    [3, Math.log(2)],
  ])('attempt %i is %d retries on their scale: the first is part of everyday life', (attempt, expected) => {
    expect(measured(aRecord({ attempt }))[at.retries]).toBeCloseTo(expected, 12)
  })

  test('a clock that puts the start before the queue makes no negative wait', () => {
    expect(measured(aRecord({ queuedAt: NOON }))[at.queue]).toBe(0)
  })

  test('have names that are told apart and fit one bit each', () => {
    expect(new Set(featureNames).size).toBe(FEATURES)
    expect(FEATURES).toBeGreaterThanOrEqual(6)
    expect(FEATURES).toBeLessThanOrEqual(10)
  })
})

describe('a record with a number that is none', () => {
  const full = aRecord({ transport })

  test('is told from one without', () => {
    expect(hasFiniteNumbers(full)).toBe(true)
    expect(hasFiniteNumbers(aRecord())).toBe(true)
  })

  test.each([
    'queuedAt',
    'startedAt',
    'endedAt',
    'sizeBytes',
    'bytesTransferred',
    'durationSeconds',
    'firstByteSeconds',
    'attempt',
  ])('is found in %s', (field) => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
      expect(hasFiniteNumbers({ ...full, [field]: value })).toBe(false)
  })

  test.each(['retransmits', 'outOfOrder', 'rttSeconds'])('is found in %s of the transport', (field) => {
    expect(hasFiniteNumbers({ ...full, transport: { ...transport, [field]: Number.NaN } })).toBe(false)
  })
})
