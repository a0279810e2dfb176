import { describe, expect, test } from 'vitest'
import { createZScore } from '../../lib/detect/zscore.ts'
import { eventAnomaliesCodec } from '../../lib/streams/codecs.ts'
import type { BusMessage } from '../../streaming/bus.ts'
import { createEventParser, type JsonEvent, toEventAnomaly } from '../../streaming/json-event.ts'
import { NOON } from '../support/builders.ts'

const paths = { value: 'value', id: 'event_id', time: 'timestamp' }
const place = { topic: 'ops.events', partition: 3 }

function aMessage(value: string | object | undefined, changes: Partial<BusMessage> = {}): BusMessage {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return {
    ...{ offset: 12, key: 'cpu', headers: new Map(), timestampMs: NOON * 1000 },
    value: text === undefined ? undefined : Buffer.from(text),
    ...changes,
  }
}

function parse(value: string | object | undefined, changes: Partial<BusMessage> = {}, at = paths) {
  return createEventParser(at)(aMessage(value, changes), place)
}

function eventOf(value: object, changes: Partial<BusMessage> = {}, at = paths): JsonEvent {
  const parsed = parse(value, changes, at)
  if (!parsed.ok) throw new Error(parsed.reason)
  return parsed.event
}

describe('an event of any JSON topic', () => {
  test('has id, key, value and time', () => {
    expect(eventOf({ event_id: 'e-1', value: 4.5, timestamp: NOON + 1 })).toEqual({
      ...{ topic: 'ops.events', partition: 3, offset: 12 },
      ...{ eventId: 'e-1', key: 'cpu', value: 4.5, at: NOON + 1 },
    })
  })

  test('finds them deep inside and in lists', () => {
    const deep = { value: 'body.readings.1.mean', id: 'meta.id', time: 'meta.at' }
    const event = eventOf({ meta: { id: 7, at: NOON }, body: { readings: [{}, { mean: 2 }] } }, {}, deep)
    expect(event).toMatchObject({ eventId: '7', value: 2, at: NOON })
  })

  test('gets the place in the topic for an id, the time of the message and the partition when it has none', () => {
    expect(eventOf({ value: 1 }, { key: undefined })).toMatchObject({
      ...{ eventId: 'ops.events-3-12', key: 'partition-3', at: NOON },
    })
  })

  test.each([
    ['seconds', NOON + 0.5, NOON + 0.5],
    ['milliseconds', (NOON + 0.5) * 1000, NOON + 0.5],
    ['ISO 8601 in UTC', '2023-10-01T12:00:00.250Z', NOON + 0.25],
    ['ISO 8601 with an offset', '2023-10-01T14:00:00+02:00', NOON],
    ['a day ahead', NOON + 86_400, NOON + 86_400],
    ['the first instant of 2000', 946_684_800, 946_684_800],
  ])('understands its time as %s', (_, timestamp, at) => {
    expect(eventOf({ value: 1, timestamp }).at).toBe(at)
  })

  test.each([
    ['no_value', undefined],
    ['not_json', '{"value":'],
    ['not_json', ''],
    ['not_json', '\u0000\u0001'],
    ['not_json', '['.repeat(60_000)],
    ['not_object', '5'],
    ['not_object', 'null'],
    ['not_object', '"text"'],
    ['missing_field', '[]'],
    ['missing_field', { other: 1 }],
    ['missing_field', { value: null }],
    ['missing_field', '{"__proto__":{"value":1}}'],
    ['wrong_type', { value: '4.5' }],
    ['wrong_type', { value: true }],
    ['wrong_type', { value: {} }],
    ['wrong_type', '{"value":1e999}'],
    ['wrong_type', { value: 1e141 }],
    ['wrong_type', { value: 1, event_id: {} }],
    ['wrong_type', { value: 1, event_id: 1.5 }],
    ['wrong_type', { value: 1, event_id: 'x'.repeat(257) }],
    ['wrong_type', { value: 1, timestamp: 'yesterday' }],
    ['wrong_type', { value: 1, timestamp: '2023-10-01T12:00:00' }],
    ['wrong_type', { value: 1, timestamp: '2023-13-01T12:00:00Z' }],
    ['wrong_type', { value: 1, timestamp: [] }],
    ['time_range', { value: 1, timestamp: 0 }],
    ['time_range', { value: 1, timestamp: -1e300 }],
    ['time_range', { value: 1, timestamp: 946_684_799 }],
    ['time_range', { value: 1, timestamp: '2201-01-01T00:00:00Z' }],
    ['time_ahead', { value: 1, timestamp: NOON + 86_401 }],
    ['too_large', { value: 1, padding: 'x'.repeat(65_536) }],
  ])('is put aside with its reason: %s %j', (reason, value) => {
    expect(parse(value)).toMatchObject({ ok: false, reason })
  })

  test('a key that is too long is put aside', () => {
    expect(parse({ value: 1 }, { key: 'k'.repeat(256) }).ok).toBe(true)
    expect(parse({ value: 1 }, { key: 'k'.repeat(257) })).toMatchObject({ ok: false, reason: 'too_large' })
  })

  test.each(['constructor.length', '__proto__.value', 'toString', 'value.length'])(
    'nothing inherited is taken for its value: %s',
    (value) => {
      expect(parse({ value: 'text' }, {}, { ...paths, value })).toMatchObject({ ok: false, reason: 'missing_field' })
    },
  )

  test.each(['', '.', 'a..b', 'a.', Array.from({ length: 17 }, () => 'a').join('.')])(
    'a path that leads nowhere is refused at the start: %j',
    (value) => {
      expect(() => createEventParser({ ...paths, value })).toThrow(RangeError)
    },
  )

  test('makes a line of the log of its verdict, however long the names', () => {
    const detector = createZScore({ window: 40, threshold: 3, refractory: 0 })
    for (let i = 0; i < 60; i += 1) detector.observe(i % 5)
    const verdict = detector.observe(100)
    if (verdict === undefined) throw new Error('there is a verdict')
    const event = eventOf({ value: 100 })
    const line = toEventAnomaly(event, verdict)
    expect(line).toMatchObject({ id: 'zscore-ops.events-3-12', value: 100, channel: verdict.channel })
    const longest = { ...event, topic: 't'.repeat(249), offset: Number.MAX_SAFE_INTEGER, eventId: 'e'.repeat(256) }
    expect(() => eventAnomaliesCodec.serialise(toEventAnomaly(longest, verdict), 1)).not.toThrow()
  })
})
