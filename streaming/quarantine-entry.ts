import type { Entry } from '../lib/streams/envelope.ts'
import { QUARANTINE_TEXT_BYTES, type QuarantineLine } from '../lib/streams/quarantine.ts'
import type { BusMessage } from './bus.ts'

export type QuarantineEntry = Entry<QuarantineLine>

/** A message that cannot be used, kept with its place and its beginning. `at`: record time of the last good one. */
export function toQuarantine(
  message: Pick<BusMessage, 'offset' | 'value'>,
  found: { at: number; origin: string; reason: string; detail: string },
): QuarantineEntry {
  const { value } = message
  return {
    at: found.at,
    type: 'quarantined',
    reason: found.reason,
    origin: found.origin,
    offset: message.offset,
    bytes: value?.length ?? 0,
    text: value?.subarray(0, QUARANTINE_TEXT_BYTES).toString('utf8') ?? '',
    detail: found.detail.slice(0, 256),
  }
}

/** Offsets that were gone before they were read. */
export function toLostEntry(
  range: { from: number; to: number },
  found: { at: number; origin: string },
): QuarantineEntry {
  return {
    at: found.at,
    type: 'quarantined',
    reason: 'lost',
    origin: found.origin,
    offset: range.from,
    bytes: 0,
    text: '',
    detail: `offsets ${range.from} to ${range.to - 1} were deleted before they were read`,
  }
}

/** What makes two entries the same: a replay meets the same message at the same place. */
export function quarantineId({ origin, offset, reason }: QuarantineEntry): string {
  return `${origin}@${offset}:${reason}`
}
