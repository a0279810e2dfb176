import { type ErrorClass, type ErrorScope, throughputOf } from '../../lib/record/record.ts'
import type { EmittedRecord, WitnessWindow } from './fault.ts'

type Measured = { value: number; records: number }

/** Median of the successful records that ended between two instants, MB/s. */
export function medianThroughput(records: readonly EmittedRecord[], from: number, to: number): Measured {
  const rates: number[] = []
  for (const { transfer } of records) {
    if (transfer.status === 'ok' && transfer.endedAt >= from && transfer.endedAt < to)
      rates.push(throughputOf(transfer) / 1e6)
  }
  rates.sort((a, b) => a - b)
  const middle = rates.length >> 1
  const median = rates.length % 2 === 1 ? rates[middle] : ((rates[middle - 1] ?? 0) + (rates[middle] ?? 0)) / 2
  return { value: median ?? 0, records: rates.length }
}

/** Share of the attempts started within the fault that failed in this way, 0...1. */
export function failureShare(
  records: readonly EmittedRecord[],
  window: WitnessWindow,
  cause: { scope: ErrorScope; class: ErrorClass },
): Measured {
  let attempts = 0
  let failed = 0
  for (const { transfer } of records) {
    if (transfer.startedAt < window.from || transfer.startedAt >= window.to) continue
    attempts += 1
    if (transfer.error?.scope === cause.scope && transfer.error.class === cause.class) failed += 1
  }
  return { value: attempts === 0 ? 0 : failed / attempts, records: attempts }
}

/** Number of attempts that started within the fault; what expired in the queue never did. */
export function startedCount(records: readonly EmittedRecord[], window: WitnessWindow): Measured {
  let count = 0
  for (const { transfer } of records) {
    if (transfer.error?.scope === 'scheduler') continue
    if (transfer.startedAt >= window.from && transfer.startedAt < window.to) count += 1
  }
  return { value: count, records: count }
}

/** Number of records that could be written within the fault. */
export function writtenCount(records: readonly EmittedRecord[], window: WitnessWindow): Measured {
  let count = 0
  for (const { at } of records) if (at > window.from && at < window.to) count += 1
  return { value: count, records: count }
}
