import type { PartitionRange } from '../bus.ts'

/** Records from..to-1 are not there any more. */
export interface LostRange {
  from: number
  to: number
}

/** Where reading begins when `wanted` is asked for: there, or at the oldest record when nothing is kept at that place. */
export function startOf(wanted: number, { first, next }: PartitionRange): { offset: number; lost?: LostRange } {
  if (wanted >= first && wanted <= next) return { offset: wanted }
  return { offset: first, lost: { from: wanted, to: first } }
}

export type Judgement =
  /** As expected, or over a hole that the log itself has (compaction, markers of transactions). */
  | { kind: 'take' }
  /** The oldest records were removed before they were read. */
  | { kind: 'lost'; lost: LostRange }
  /** A late answer to an older request: read again from the place expected. */
  | { kind: 'stale' }
  /** The topic ends before the place expected: it was made anew, or records were taken back. */
  | { kind: 'recreated' }

/**
 * A batch began at `first` although `expected` was next. The client library answers an offset out of range by going to
 * the oldest record without a word; this finds out what happened from what the partition holds.
 */
export function judge(expected: number, first: number, range: PartitionRange): Judgement {
  if (expected > range.next) return { kind: 'recreated' }
  if (first < expected) return { kind: 'stale' }
  if (range.first > expected) return { kind: 'lost', lost: { from: expected, to: Math.min(range.first, first) } }
  return { kind: 'take' }
}
