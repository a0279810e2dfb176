import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { siteName } from '../../../lib/names.ts'
import * as codecs from '../../../lib/streams/codecs.ts'
import {
  anomaliesCodec,
  controlCodec,
  correlationsCodec,
  envelopeCodec,
  eventsCodec,
  quarantineCodec,
  truthCodec,
} from '../../../lib/streams/codecs.ts'
import { NOON } from '../../support/builders.ts'
import { aSignedLine } from '../../support/records.ts'

const site = siteName('SITE_A')
const scope = { source: site, destination: siteName('SITE_B') }

const entries = {
  paused: { at: NOON, type: 'paused', from: NOON - 60, to: NOON },
  maintenance: { at: NOON, type: 'maintenance', scope: { site }, startsAt: NOON, endsAt: NOON + 60, note: 'disks' },
  fault: {
    at: NOON,
    type: 'fault',
    kind: 'link-brownout',
    scope,
    severity: 0.8,
    durationSeconds: 600,
    effectiveAt: NOON + 5,
    hidden: false,
  },
  cancel: { at: NOON, type: 'fault-cancel', fault: 1, effectiveAt: NOON },
  speed: { at: NOON, type: 'speed', effectiveAt: NOON, speed: 50 },
  truth: {
    at: NOON,
    type: 'fault-witness',
    fault: 'f-1',
    kind: 'link-brownout',
    scope,
    severity: 0.8,
    plannedStartAt: NOON,
    plannedEndAt: NOON + 600,
    anomalous: true,
    witness: { measure: 'throughput', unit: 'B/s', with: 1, without: 2, records: 3, tookEffect: true },
  },
  anomaly: {
    at: NOON,
    type: 'anomaly',
    id: 'forest-SITE_A-1',
    detector: 'forest',
    level: 'transfer',
    transferId: 'SITE_A-1',
    site,
    source: site,
    destination: siteName('SITE_B'),
    score: 0.9,
    threshold: 0.6,
    confidence: 0.99,
    severity: 'major',
    why: 'far too slow',
    reasons: [
      { feature: 'rate', value: 1, unit: 'B/s', usualLow: 5, usualHigh: 9, direction: 'low', z: -8, share: 0.7 },
    ],
    sizeBytes: 1,
    bytesTransferred: 1,
    durationSeconds: 1,
    status: 'ok',
  },
  correlation: {
    at: NOON,
    type: 'correlation',
    from: 0,
    to: NOON,
    newRecords: 1,
    newAnomalies: 0,
    items: [
      {
        scope: { platform: true },
        coefficient: null,
        pairs: 0,
        pValue: null,
        bestLagMinutes: null,
        bestCoefficient: null,
        bestPValue: null,
        significant: false,
        lags: [{ lagMinutes: 0, coefficient: null, pairs: 0 }],
      },
    ],
  },
  quarantined: { at: 0, type: 'quarantined', reason: 'columns', origin: 'log.csv', line: 2, bytes: 3, text: 'a,b' },
} as const

describe('every type of every stream', () => {
  test.each([
    ['events: paused', eventsCodec.serialise(entries.paused, 3), eventsCodec, entries.paused],
    ['events: maintenance', eventsCodec.serialise(entries.maintenance, 3), eventsCodec, entries.maintenance],
    ['control: fault', controlCodec.serialise(entries.fault, 3), controlCodec, entries.fault],
    ['control: fault-cancel', controlCodec.serialise(entries.cancel, 3), controlCodec, entries.cancel],
    ['control: speed', controlCodec.serialise(entries.speed, 3), controlCodec, entries.speed],
    ['truth', truthCodec.serialise(entries.truth, 3), truthCodec, entries.truth],
    [
      'anomalies',
      anomaliesCodec.serialise({ ...entries.anomaly, reasons: [...entries.anomaly.reasons] }, 3),
      anomaliesCodec,
      entries.anomaly,
    ],
    [
      'correlations',
      correlationsCodec.serialise(structuredClone(entries.correlation) as never, 3),
      correlationsCodec,
      entries.correlation,
    ],
    ['quarantine', quarantineCodec.serialise(entries.quarantined, 3), quarantineCodec, entries.quarantined],
  ])('%s reads back the same', (_, line, codec, entry) => {
    expect(line).toMatch(/^\{"v":1,"seq":3,"at":[0-9.]+,"type":"[a-z-]+",.*,"crc":"[0-9a-f]{8}"\}\n$/)
    expect(codec.parse(Buffer.from(line.slice(0, -1)))).toEqual({
      ok: true,
      seq: 3,
      at: entry.at,
      value: { v: 1, seq: 3, ...entry },
    })
  })

  test('fields come in the order of the schema, whatever the order of the author', () => {
    const { to, from, ...head } = entries.paused
    expect(eventsCodec.serialise({ to, from, ...head }, 1)).toBe(eventsCodec.serialise(entries.paused, 1))
  })

  test('the instant is rounded to milliseconds in the line and in record time alike', () => {
    const entry = { ...entries.paused, at: NOON + 0.123_456 }
    expect(eventsCodec.serialise(entry, 1)).toContain(`"at":${NOON}.123,`)
    expect(eventsCodec.timeOf(entry)).toBe(NOON + 0.123)
  })
})

describe('what may not be written', () => {
  test.each([
    ['a broken rule', { ...entries.paused, to: Number.NaN }],
    ['a missing field', { at: NOON, type: 'paused', from: 1 }],
  ])('%s is refused', (_, entry) => {
    expect(() => eventsCodec.serialise(entry as never, 1)).toThrow(expect.objectContaining({ code: 'record.invalid' }))
  })

  test('a line of 64 KiB passes and one byte more is refused', () => {
    const room = 65_536 - quarantineCodec.serialise({ ...entries.quarantined, text: '' }, 1).length
    const line = quarantineCodec.serialise({ ...entries.quarantined, text: 'x'.repeat(room) }, 1)
    expect(quarantineCodec.parse(Buffer.from(line.slice(0, -1)))).toMatchObject({ ok: true })
    const longer = { ...entries.quarantined, text: 'x'.repeat(room + 1) }
    expect(() => quarantineCodec.serialise(longer, 1)).toThrow(/longer than 65536 bytes/)
  })
})

describe('what readers do with lines that they do not know', () => {
  test.each([
    ['a type of a newer minor version', '{"v":1,"seq":4,"at":1,"type":"moved"}', { reason: 'unknown', seq: 4 }],
    ['a newer major version', '{"v":2,"seq":4,"at":1,"type":"paused"}', { reason: 'version', seq: 4 }],
    ['a broken rule', '{"v":1,"seq":4,"at":1,"type":"paused"}', { reason: 'schema', seq: 4 }],
    ['no type', '{"v":1,"seq":4,"at":1}', { reason: 'schema', seq: 4 }],
    ['a forbidden key', '{"v":1,"seq":4,"at":1,"type":"paused","from":1,"to":2,"__proto__":{}}', { reason: 'schema' }],
    ['no seq', '{"v":1,"at":1,"type":"paused","from":1,"to":2}', { reason: 'schema' }],
  ])('%s', (_, json, answer) => {
    expect(eventsCodec.parse(aSignedLine(json))).toMatchObject({ ok: false, ...answer })
  })

  test('unknown fields are kept', () => {
    const line = aSignedLine('{"v":1,"seq":4,"at":1,"type":"paused","from":1,"to":2,"colour":"blue"}')
    expect(eventsCodec.parse(line)).toMatchObject({ ok: true, value: { colour: 'blue' } })
  })

  test('a line without a good trailer is torn', () => {
    expect(eventsCodec.parse(Buffer.from('{"v":1,"seq":4,"at":1,"type":"paused"'))).toEqual({
      ok: false,
      reason: 'torn',
    })
  })
})

test('a schema without a type cannot be a stream', () => {
  const schema = z.looseObject({ v: z.number(), seq: z.number(), at: z.number(), type: z.string() })
  expect(() => envelopeCodec(schema)).toThrow(/literal or enumerated type/)
})

test('every stream of envelopes can be looked into by its name', () => {
  const made = Object.entries(codecs).filter(([name]) => name.endsWith('Codec') && name !== 'envelopeCodec')
  const known = new Set<unknown>(codecs.streamCodecs.values())
  expect(made.length).toBeGreaterThan(5)
  expect(made.filter(([, codec]) => !known.has(codec)).map(([name]) => name)).toEqual([])
})
