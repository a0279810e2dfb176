import { crc32 } from 'node:zlib'
import type { Assignment, BusMessage } from './bus.ts'

/** What is remembered of the message before the saved offset, to know its topic again. */
export interface MessageMark {
  offset: number
  timestampMs: number
  /** CRC-32 of the value. */
  crc: number
}

/** Where a partition is: saved together with what was made of everything before. */
export interface Place {
  incarnation: string
  /** The next offset to be handled. */
  offset: number
  /** The message before it; absent when nothing has been handled yet. */
  mark?: MessageMark
}

export type Resumption =
  /** Nothing was saved: the beginning of the topic. */
  | { kind: 'fresh'; from: number }
  /** The mark is read once more and compared. */
  | { kind: 'verify'; from: number; mark: MessageMark }
  | { kind: 'continue'; from: number }
  /** Another topic of the same name: offsets mean nothing any more, repeats are told by their seqs. */
  | { kind: 'recreated'; from: number }
  /** Records were deleted before they were read. */
  | { kind: 'lost'; from: number; range: { from: number; to: number } }

/** Where to go on reading a partition, given what was saved and what is there now. */
export function resume(place: Place | undefined, assignment: Assignment): Resumption {
  const { first, next, incarnation } = assignment
  if (place === undefined) return { kind: 'fresh', from: first }
  if (place.incarnation !== incarnation || place.offset > next) return { kind: 'recreated', from: first }
  if (place.offset < first) return { kind: 'lost', from: first, range: { from: place.offset, to: first } }
  const { mark } = place
  if (mark === undefined || mark.offset < first) return { kind: 'continue', from: place.offset }
  return { kind: 'verify', from: mark.offset, mark }
}

export function markOf(message: BusMessage): MessageMark {
  return {
    offset: message.offset,
    timestampMs: message.timestampMs,
    crc: message.value === undefined ? 0 : crc32(message.value),
  }
}

export function isMarked(message: BusMessage, mark: MessageMark): boolean {
  const found = markOf(message)
  return found.offset === mark.offset && found.timestampMs === mark.timestampMs && found.crc === mark.crc
}
