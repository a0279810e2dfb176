import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TransferRecord } from '../../lib/record/record.ts'
import { MAX_MESSAGE_BYTES, parseMessage, quarantineReasons, toMessage } from '../../streaming/message.ts'
import { arbitraryTransfer } from '../support/arbitrary-transfer.ts'
import { NOON } from '../support/builders.ts'
import { aMessage, asMessage, plainTransfer } from '../support/bus-messages.ts'
import { aFailedTransfer } from '../support/records.ts'

const place = { partition: 1, timestampMs: 1_700_000_000_000, publishedAt: 1_700_000_000 }

function aRecord(fields: Partial<TransferRecord> = {}): TransferRecord {
  const record = parseMessage(aMessage(plainTransfer()))
  if (!record.ok) throw new Error(record.reason)
  const { site, source, destination } = record.event
  return {
    ...{ v: 1, seq: 12, id: 'SITE_A-12', site, source, destination, protocol: 'https', activity: 'production' },
    ...{ queuedAt: 1_699_999_990, startedAt: 1_699_999_995.5, endedAt: 1_700_000_000.25, sizeBytes: 2048 },
    ...{ bytesTransferred: 1024, durationSeconds: 4.75, firstByteSeconds: 0.125, status: 'failed', attempt: 2 },
    error: {
      ...{ scope: 'destination', phase: 'transfer', class: 'no_space', message: 'disk full', retryable: false },
    },
    ...{ streams: 4, checksum: 'none', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
    origin: { kind: 'simulator' },
    ...fields,
  } as TransferRecord
}

describe('a message', () => {
  it('has every field of docs/event-stream.md', () => {
    const message = toMessage(aRecord(), place)
    expect(message.key).toBe('SITE_A>SITE_B')
    expect([...message.headers]).toEqual([
      ['content-type', 'application/json'],
      ['dtms-published-at', '1700000000.000'],
      ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
    ])
    expect(JSON.parse(message.value.toString())).toEqual({
      ...{ schema_version: 1, event_type: 'data_transfer', id: 'SITE_A-12', site: 'SITE_A', seq: 12 },
      ...{
        src_site: 'SITE_A',
        dst_site: 'SITE_B',
        reporting_site: 'SITE_A',
        protocol: 'https',
        activity: 'production',
      },
      ...{ bytes: 1024, size_bytes: 2048, duration: 4.75, latency_ms: 125, status: 'FAILED', outcome: 'failed' },
      ...{ timestamp: 1_700_000_000.25, queued_at: 1_699_999_990, started_at: 1_699_999_995.5 },
      ...{ ended_at: 1_700_000_000.25, attempt: 2, streams: 4, checksum: 'none' },
      ...{ error_scope: 'destination', error_phase: 'transfer', error_class: 'no_space' },
      ...{ error_message: 'disk full', retryable: false },
    })
  })

  it('is read as the transfer that it was made of', () => {
    expect(parseMessage(asMessage(toMessage(aRecord(), place)))).toEqual({
      ok: true,
      event: {
        ...{ id: 'SITE_A-12', site: 'SITE_A', seq: 12, source: 'SITE_A', destination: 'SITE_B' },
        ...{ link: 'SITE_A>SITE_B', at: 1_700_000_000.25, status: 'failed', errorScope: 'destination' },
        ...{ errorClass: 'no_space', bytes: 1024, sizeBytes: 2048, durationSeconds: 4.75, queueSeconds: 5.5 },
        ...{ firstByteSeconds: 0.125, attempt: 2 },
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      },
    })
  })

  it('is understood with the fields of the older platform alone', () => {
    const { site: _site, ...older } = plainTransfer({ reporting_site: 'SITE_C' })
    expect(parseMessage(aMessage(older))).toMatchObject({
      ok: true,
      event: { site: 'SITE_C', id: 'SITE_C-5', queueSeconds: 0, attempt: 1, firstByteSeconds: 0.25 },
    })
  })

  it.each([
    [1e-9, 1e-9],
    [9.9e-10, 0],
    [5e-324, 0],
    [0, 0],
  ])('with a duration and a wait of %d s says %d s: less than a nanosecond is no time', (seconds, said) => {
    const fields = { duration: seconds, queued_at: 0, started_at: seconds }
    expect(parseMessage(aMessage(plainTransfer(fields)))).toMatchObject({
      ok: true,
      event: { durationSeconds: said, queueSeconds: said },
    })
  })

  it('of a failure whose class is not known yet counts as a failure', () => {
    const fields = { status: 'FAILED', error_scope: 'network', error_class: 'constructor' }
    expect(parseMessage(aMessage(plainTransfer(fields)))).toMatchObject({
      ok: true,
      event: { status: 'failed', errorScope: undefined, errorClass: undefined },
    })
  })
})

describe('version 1', () => {
  const fixture = readFileSync(new URL('../fixtures/message-v1.json', import.meta.url), 'utf8').trimEnd()

  it('is written as the fixture and docs/event-stream.md show it, byte for byte', () => {
    const record = { ...aFailedTransfer(), v: 1, seq: 17, id: 'SITE_A-17' }
    expect(toMessage(record, { ...place, publishedAt: NOON }).value.toString()).toBe(fixture)
    const page = readFileSync(new URL('../../docs/event-stream.md', import.meta.url), 'utf8')
    const shown = /```json\n([^`]*)```/.exec(page)?.[1] ?? ''
    expect(JSON.stringify(JSON.parse(shown))).toBe(fixture)
  })

  it('stays readable', () => {
    const headers = new Map([['dtms-published-at', String(NOON)]])
    expect(parseMessage(aMessage(fixture, { headers }))).toMatchObject({
      ok: true,
      event: { id: 'SITE_A-17', seq: 17, at: NOON, status: 'failed', errorClass: 'no_space', queueSeconds: 2 },
    })
  })

  it('has each of its fields explained in docs/event-stream.md', () => {
    const page = readFileSync(new URL('../../docs/event-stream.md', import.meta.url), 'utf8')
    const explained = [...page.matchAll(/^\| ((?:`[a-z_]+`(?:, )?)+) \|/gm)].flatMap(([, names = '']) =>
      [...names.matchAll(/`([a-z_]+)`/g)].map(([, name]) => name),
    )
    expect(Object.keys(JSON.parse(fixture)).filter((name) => !explained.includes(name))).toEqual([])
  })
})

describe('what cannot be used is refused with its reason', () => {
  it.each([
    [undefined, 'no_value'],
    ['{', 'not_json'],
    ['', 'not_json'],
    ['7', 'not_object'],
    ['null', 'not_object'],
    ['[]', 'not_object'],
    [`"${'x'.repeat(MAX_MESSAGE_BYTES)}"`, 'too_large'],
    [plainTransfer({ schema_version: 2 }), 'newer_version'],
    [plainTransfer({ schema_version: 'one' }), 'wrong_type'],
    [plainTransfer({ bytes: undefined }), 'missing_field'],
    [plainTransfer({ seq: null }), 'missing_field'],
    [plainTransfer({ bytes: '12' }), 'wrong_type'],
    [plainTransfer({ bytes: 2 ** 53 }), 'wrong_type'],
    [plainTransfer({ duration: -1 }), 'wrong_type'],
    [
      '{"src_site":"A","dst_site":"B","seq":1,"bytes":1,"duration":1e999,"timestamp":1700000000,"status":"OK"}',
      'wrong_type',
    ],
    [plainTransfer({ status: 'ok' }), 'wrong_type'],
    [plainTransfer({ src_site: '../etc' }), 'bad_site'],
    [plainTransfer({ dst_site: '__proto__' }), 'bad_site'],
    [plainTransfer({ dst_site: 7 }), 'wrong_type'],
    [plainTransfer({ timestamp: 0 }), 'time_range'],
    [plainTransfer({ timestamp: 946_684_799.999 }), 'time_range'],
    [plainTransfer({ timestamp: 7_258_118_400 }), 'time_range'],
    [plainTransfer({ timestamp: 4_102_444_800 }), 'time_ahead'],
    [plainTransfer({ timestamp: 1_700_086_400.001 }), 'time_ahead'],
  ])('%j: %s', (value, reason) => {
    expect(parseMessage(aMessage(value))).toMatchObject({ ok: false, reason })
    expect(quarantineReasons).toContain(reason)
  })

  it('an event a day ahead passes, and the producer says what time it is when the world is not on the wall clock', () => {
    expect(parseMessage(aMessage(plainTransfer({ timestamp: 1_700_086_400 }))).ok).toBe(true)
    const headers = new Map([['dtms-published-at', '1800000000']])
    expect(parseMessage(aMessage(plainTransfer({ timestamp: 1_800_000_001 }), { headers })).ok).toBe(true)
  })
})

describe('over any input', () => {
  it('every transfer that the log can hold is read as it was sent, or refused for its time', () => {
    fc.assert(
      fc.property(arbitraryTransfer, fc.integer({ min: 1, max: 2 ** 53 - 1 }), (transfer, seq) => {
        const record = { ...transfer, v: 1, seq, id: transfer.id ?? `${transfer.site}-${seq}` } as TransferRecord
        const message = toMessage(record, { ...place, publishedAt: record.endedAt })
        const text = message.value.toString()
        const { protocol, activity, size_bytes, error_message } = JSON.parse(text)
        // Lone surrogates do not survive UTF-8.
        expect(JSON.stringify(JSON.parse(text))).toBe(text)
        expect([protocol, activity].map(wellFormed)).toEqual([record.protocol, record.activity].map(wellFormed))
        expect([size_bytes, error_message && wellFormed(error_message)]).toEqual([
          record.sizeBytes,
          record.error && wellFormed(record.error.message),
        ])
        const parsed = parseMessage(asMessage(message))
        if (!parsed.ok) {
          expect(parsed.reason).toBe('time_range')
          return
        }
        expect(parsed.event).toMatchObject({ site: record.site, seq, at: record.endedAt, status: record.status })
        expect(parsed.event.bytes).toBe(record.bytesTransferred)
      }),
      { numRuns: 200 },
    )
  })

  it('no value makes it throw', () => {
    const hostile = fc.oneof(
      fc.json(),
      fc.string(),
      fc.record({ ...asArbitraries(plainTransfer()), extra: fc.anything() }, { requiredKeys: [] }),
    )
    fc.assert(
      fc.property(hostile, (value) => {
        const { ok } = parseMessage(aMessage(value))
        expect(typeof ok).toBe('boolean')
      }),
      { numRuns: 500 },
    )
  })
})

function wellFormed(text: string): string {
  return Buffer.from(text).toString()
}

function asArbitraries(fields: Record<string, unknown>): Record<string, fc.Arbitrary<unknown>> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, good]) => [
      name,
      fc.oneof(fc.constant(good), fc.jsonValue(), fc.double(), fc.constantFrom('__proto__', 'constructor')),
    ]),
  )
}
