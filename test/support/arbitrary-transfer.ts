import fc from 'fast-check'
import { siteName } from '../../lib/names.ts'
import {
  checksums,
  errorClasses,
  errorPhases,
  errorScopes,
  type Transfer,
  type TransferError,
} from '../../lib/record/record.ts'
import { MAX_DURATION_SECONDS, MAX_INSTANT } from '../../lib/record/validate.ts'

const required = [
  'site',
  'source',
  'destination',
  'protocol',
  'activity',
  'queuedAt',
  'startedAt',
  'endedAt',
  'sizeBytes',
  'bytesTransferred',
  'durationSeconds',
  'firstByteSeconds',
  'attempt',
  'streams',
  'checksum',
  'outcome',
  'origin',
] as const

/** Any transfer that the format allows, instants already in milliseconds and durations in microseconds. */
export const arbitraryTransfer: fc.Arbitrary<Transfer> = fc
  .record(
    {
      site: name(),
      source: name(),
      destination: name(),
      protocol: shortText(32),
      activity: shortText(64),
      queuedAt: instant(),
      startedAt: instant(),
      endedAt: instant(),
      sizeBytes: fc.maxSafeNat(),
      bytesTransferred: fc.maxSafeNat(),
      durationSeconds: duration(),
      firstByteSeconds: duration(),
      attempt: fc.integer({ min: 1, max: 65_535 }),
      streams: fc.integer({ min: 0, max: 65_535 }),
      checksum: fc.constantFrom(...checksums),
      outcome: outcome(),
      transport: fc.record({
        retransmits: fc.maxSafeNat(),
        outOfOrder: fc.maxSafeNat(),
        duplicates: fc.maxSafeNat(),
        rttSeconds: duration(),
      }),
      traceparent: fc.tuple(hex(2), hex(32), hex(16), hex(2)).map((parts) => parts.join('-')),
      origin: fc.record(
        { kind: shortText(32), id: shortText(256), line: fc.maxSafeNat().map((n) => Math.max(1, n)) },
        { requiredKeys: ['kind'] },
      ),
      id: shortText(128),
    },
    { noNullPrototype: true, requiredKeys: [...required] },
  )
  .map(({ outcome: result, ...fields }) => ({ ...fields, ...result }) as Transfer)

function name() {
  return fc.stringMatching(/^[A-Z0-9][A-Z0-9_]{0,31}$/).map(siteName)
}

function instant() {
  return fc.integer({ min: 0, max: MAX_INSTANT * 1000 }).map((ms) => ms / 1000)
}

function duration() {
  return fc.oneof(
    fc.integer({ min: 0, max: MAX_DURATION_SECONDS * 1_000_000 }).map((us) => us / 1_000_000),
    fc.integer({ min: 0, max: 100_000 }).map((ms) => ms / 1000),
  )
}

function hex(length: number) {
  return fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })
}

/** Of any script, emoji and lone surrogates included, without control characters. */
function shortText(maxLength: number) {
  return fc
    .string({ unit: fc.oneof(fc.constantFrom('"', '\\', 'é', '😀', '\ud800', '/', ' '), asciiUnit()), maxLength })
    .map((text) => text.slice(0, maxLength) || 'x')
}

function asciiUnit() {
  return fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code))
}

function outcome(): fc.Arbitrary<{ status: 'ok' } | { status: 'failed' | 'aborted'; error: TransferError }> {
  const error = fc.constantFrom(...errorScopes).chain((scope) =>
    fc.record({
      scope: fc.constant(scope),
      phase: fc.constantFrom(...errorPhases),
      class: fc.constantFrom(...errorClasses[scope]),
      message: fc.string({ unit: 'binary', maxLength: 200 }).map((text) => text.slice(0, 1024)),
      retryable: fc.boolean(),
    }),
  )
  return fc.oneof(
    fc.constant({ status: 'ok' as const }),
    fc.record({ status: fc.constantFrom('failed' as const, 'aborted' as const), error }),
  )
}
