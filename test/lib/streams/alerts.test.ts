import { describe, expect, test } from 'vitest'
import {
  alertSchema,
  LONGEST_ANNOTATION,
  LONGEST_LABEL,
  LONGEST_NAME,
  MOST_LABELS,
} from '../../../lib/streams/alerts.ts'
import { alertsCodec } from '../../../lib/streams/codecs.ts'
import { aFiringLine, aResolvedLine } from '../../support/alerts.ts'
import { takes } from '../../support/schema.ts'

const labels = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`l${i}`, 'x']))

test.each([
  ['the most labels', true, { labels: labels(MOST_LABELS) }],
  ['one label more', false, { labels: labels(MOST_LABELS + 1) }],
  ['the longest label', true, { labels: { a: 'x'.repeat(LONGEST_LABEL) } }],
  ['a longer label', false, { labels: { a: 'x'.repeat(LONGEST_LABEL + 1) } }],
  ['the longest annotation', true, { annotations: { a: 'x'.repeat(LONGEST_ANNOTATION) } }],
  ['a longer annotation', false, { annotations: { a: 'x'.repeat(LONGEST_ANNOTATION + 1) } }],
  ['the longest name', true, { labels: { ['x'.repeat(LONGEST_NAME)]: 'x' } }],
  ['a longer name', false, { labels: { ['x'.repeat(LONGEST_NAME + 1)]: 'x' } }],
  ['a name of every object', false, { labels: JSON.parse('{"constructor": "x"}') }],
  ['a label that is no text', false, { labels: { a: 1 } }],
  ['no fingerprint', false, { fingerprint: '' }],
  ['a field of a later version', true, { later: true }],
])('a firing line with %s is taken: %s', (_name, taken, changes) => {
  expect(takes(alertSchema, aFiringLine(), changes)).toBe(taken)
})

test('a label that would replace a prototype is left out', () => {
  const line = aFiringLine({ labels: JSON.parse('{"__proto__": {"x": "y"}, "alertname": "A"}') })
  const { labels } = alertSchema.parse(line)
  expect([Object.keys(labels), Object.getPrototypeOf(labels).x]).toEqual([['alertname'], undefined])
})

test.each([
  ['no end', false, { endsAt: undefined }],
  ['an unknown resolution', false, { resolution: 'forgotten' }],
  ['a known resolution', true, { resolution: 'expired' }],
  ['no firing line', true, { firing: undefined }],
  ['a firing line before the first', false, { firing: 0 }],
])('a resolved line with %s is taken: %s', (_name, taken, changes) => {
  expect(takes(alertSchema, aResolvedLine(), changes)).toBe(taken)
})

describe('a line of the alerts stream', () => {
  test.each([aFiringLine(), aResolvedLine()])('is read as it was written: $type', ({ v: _v, seq, ...entry }) => {
    const line = alertsCodec.serialise(entry, seq)
    const parsed = alertsCodec.parse(Buffer.from(line.trimEnd()))
    expect(parsed).toMatchObject({ ok: true, seq, value: { ...entry, v: 1, seq } })
  })
})
