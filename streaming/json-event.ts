import { isScorable, type ZVerdict } from '../lib/detect/zscore.ts'
import type { Entry } from '../lib/streams/envelope.ts'
import type { EventAnomalyLine } from '../lib/streams/event-anomalies.ts'
import type { BusMessage, TopicPartition } from './bus.ts'

/** A value of a topic that does not carry transfers. */
export interface JsonEvent {
  topic: string
  partition: number
  offset: number
  eventId: string
  /** What the value belongs to: the key of the message, or the partition when it has none. */
  key: string
  value: number
  /** Unix seconds. */
  at: number
}

/** Words of the list of reasons for quarantine (message.ts) that can be said of any JSON. */
export type EventProblem =
  | 'no_value'
  | 'too_large'
  | 'not_json'
  | 'not_object'
  | 'missing_field'
  | 'wrong_type'
  | 'time_range'
  | 'time_ahead'

export type ParsedEvent = { ok: true; event: JsonEvent } | { ok: false; reason: EventProblem; detail: string }

export interface EventPaths {
  /** Names separated by dots; a number is a place in a list. */
  value: string
  id: string
  time: string
}

const MAX_BYTES = 65_536
const MAX_DEPTH = 16
const MAX_TEXT = 256
/** 2000-01-01 and 2200-01-01. */
const EARLIEST = 946_684_800
const LATEST = 7_258_118_400
const MOST_AHEAD_SECONDS = 86_400
/** Seconds would be in the year 5138, milliseconds are in 1973: whoever writes that means milliseconds. */
const FIRST_MILLISECONDS = 1e11
/** A date, and a time with its zone: without one every reader would understand another instant. */
const ISO_INSTANT = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})$/

/** @throws RangeError for a path that leads nowhere or too deep */
export function createEventParser(paths: EventPaths): (message: BusMessage, place: TopicPartition) => ParsedEvent {
  const [valuePath, idPath, timePath] = [namesOf(paths.value), namesOf(paths.id), namesOf(paths.time)]
  return (message, { topic, partition }) => {
    const parsed = objectOf(message.value)
    if (!parsed.ok) return parsed
    const value = find(parsed.value, valuePath)
    if (value === undefined || value === null) return refused('missing_field', paths.value)
    if (typeof value !== 'number' || !isScorable(value)) return refused('wrong_type', `${paths.value} is no number`)
    const id = idOf(find(parsed.value, idPath), `${topic}-${partition}-${message.offset}`)
    if (id === undefined) return refused('wrong_type', `${paths.id} is no id of at most ${MAX_TEXT} characters`)
    const key = message.key ?? `partition-${partition}`
    if (key.length > MAX_TEXT) return refused('too_large', `key of ${key.length} characters`)
    const at = instantOf(find(parsed.value, timePath), message.timestampMs)
    if (at === undefined) return refused('wrong_type', `${paths.time} is no time`)
    if (!(at >= EARLIEST && at <= LATEST)) return refused('time_range', `${paths.time} ${at}`)
    if (at > message.timestampMs / 1000 + MOST_AHEAD_SECONDS) return refused('time_ahead', `${paths.time} ${at}`)
    return { ok: true, event: { topic, partition, offset: message.offset, eventId: id, key, value, at } }
  }
}

export function toEventAnomaly(event: JsonEvent, verdict: ZVerdict): Entry<EventAnomalyLine> {
  const { topic, partition, offset, eventId, key, value, at } = event
  return {
    at,
    type: 'event-anomaly',
    id: `zscore-${topic}-${partition}-${offset}`,
    ...{ topic, partition, offset, eventId, key, value },
    zScore: Number(verdict.z.toPrecision(6)),
    channel: verdict.channel,
    score: verdict.score,
    threshold: verdict.threshold,
  }
}

function namesOf(path: string): string[] {
  const names = path.split('.')
  if (names.length > MAX_DEPTH || names.some((name) => name === ''))
    throw new RangeError(`not a path of 1 to ${MAX_DEPTH} names separated by dots: ${path}`)
  return names
}

function refused(reason: EventProblem, detail: string): ParsedEvent & { ok: false } {
  return { ok: false, reason, detail }
}

function objectOf(value: Buffer | undefined): { ok: true; value: object } | (ParsedEvent & { ok: false }) {
  if (value === undefined) return refused('no_value', 'a message without a value')
  if (value.length > MAX_BYTES) return refused('too_large', `${value.length} bytes`)
  let parsed: unknown
  try {
    parsed = JSON.parse(value.toString('utf8'))
  } catch {
    return refused('not_json', `${value.length} bytes that are no JSON`)
  }
  if (typeof parsed !== 'object' || parsed === null) return refused('not_object', typeof parsed)
  return { ok: true, value: parsed }
}

/** Only what the message itself says: never a property that every object or list inherits. */
function find(root: object, names: readonly string[]): unknown {
  let value: unknown = root
  for (const name of names) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as Record<string, unknown>)[name]
  }
  return value
}

function idOf(found: unknown, standIn: string): string | undefined {
  if (found === undefined || found === null || found === '') return standIn
  if (typeof found !== 'string' && !Number.isSafeInteger(found)) return undefined
  const id = String(found)
  return id.length <= MAX_TEXT ? id : undefined
}

function instantOf(found: unknown, timestampMs: number): number | undefined {
  if (found === undefined || found === null) return timestampMs / 1000
  if (typeof found === 'number') return Math.abs(found) >= FIRST_MILLISECONDS ? found / 1000 : found
  if (typeof found !== 'string' || !ISO_INSTANT.test(found)) return undefined
  const milliseconds = Date.parse(found)
  return Number.isNaN(milliseconds) ? undefined : milliseconds / 1000
}
