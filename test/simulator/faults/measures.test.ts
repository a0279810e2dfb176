import { describe, expect, it } from 'vitest'
import type { Transfer } from '../../../lib/record/record.ts'
import type { EmittedRecord } from '../../../simulator/faults/fault.ts'
import { failureShare, medianThroughput, startedCount, writtenCount } from '../../../simulator/faults/measures.ts'
import { aTransfer } from '../../support/builders.ts'

const window = { from: 100, to: 200, until: 800 }
const full = { scope: 'destination', class: 'no_space', phase: 'preparation', message: '', retryable: false } as const

function emitted(at: number, changes: Partial<Transfer> = {}): EmittedRecord {
  return { at, transfer: aTransfer({ endedAt: at, startedAt: at - 10, ...changes }) }
}

describe('measures of a witness', () => {
  it('take the median throughput in MB/s of successful records inside the time', () => {
    const records = [
      emitted(99, { bytesTransferred: 9e9 }),
      emitted(100, { bytesTransferred: 1e9 }),
      emitted(150, { bytesTransferred: 3e9 }),
      emitted(160, { bytesTransferred: 0, status: 'failed', error: full }),
      emitted(200, { bytesTransferred: 9e9 }),
    ]
    expect(medianThroughput(records, 100, 200)).toEqual({ value: 200, records: 2 })
    expect(medianThroughput(records, 100, 150.1)).toEqual({ value: 200, records: 2 })
    expect(medianThroughput(records, 0, 300)).toEqual({ value: 600, records: 4 })
    expect(medianThroughput([], 0, 300)).toEqual({ value: 0, records: 0 })
  })

  it('count attempts by their start: from the first instant to before the last', () => {
    const starts = [99.9, 100, 199.9, 200].map((startedAt) => emitted(300, { startedAt }))
    expect(startedCount(starts, window)).toEqual({ value: 2, records: 2 })
    const expired = { ...full, scope: 'scheduler', class: 'expired' } as const
    expect(startedCount([emitted(150, { startedAt: 150, error: expired })], window).value).toBe(0)
  })

  it('take the share of attempts that failed in one way', () => {
    const records = [
      emitted(150),
      emitted(150, { error: full }),
      emitted(150, { error: { ...full, class: 'exists' } }),
      emitted(300, { error: full }),
    ]
    expect(failureShare(records, window, full)).toEqual({ value: 1 / 3, records: 3 })
    expect(failureShare([], window, full)).toEqual({ value: 0, records: 0 })
  })

  it('count records by when they could be written, not at the very ends', () => {
    expect(
      writtenCount(
        [100, 101, 199, 200].map((at) => emitted(at)),
        window,
      ),
    ).toEqual({ value: 2, records: 2 })
  })
})
