import { isSiteName, linkKey, type SiteName } from '../lib/names.ts'
import { type ErrorClass, type ErrorScope, errorClasses, type TransferRecord } from '../lib/record/record.ts'
import type { BusMessage, BusRecord } from './bus.ts'
import type { StreamEvent } from './event.ts'

/** A transfer as a message of the topic (docs/event-stream.md), and back. */

/** Major version of the message. Further fields are a newer minor version and do no harm; a higher number is refused. */
export const MESSAGE_VERSION = 1
export const MAX_MESSAGE_BYTES = 65_536

/** World time at which the producer handed the record on, Unix seconds. */
export const PUBLISHED_AT = 'dtms-published-at'

export const quarantineReasons = [
  'no_value',
  'too_large',
  'not_json',
  'not_object',
  'newer_version',
  'missing_field',
  'wrong_type',
  'bad_site',
  'time_range',
  'time_ahead',
] as const
export type QuarantineReason = (typeof quarantineReasons)[number]

export type ParsedMessage =
  | { ok: true; event: StreamEvent }
  /** `detail` names the field; it never repeats what the message says. */
  | { ok: false; reason: QuarantineReason; detail: string }

/** 2000-01-01 and 2200-01-01: an instant outside is a mistake of the sender, and would close every window. */
const EARLIEST = 946_684_800
const LATEST = 7_258_118_400
/** How far an event may be ahead of the moment it was published, seconds. */
const MOST_AHEAD = 86_400
/** Shorter than this is no time, seconds: bytes divided by it could be infinite, and no clock has measured it. */
const LEAST_SPAN = 1e-9

export function toMessage(
  record: TransferRecord,
  place: { partition: number; timestampMs: number; publishedAt: number },
): BusRecord {
  const { traceparent } = record
  const common = sharedHeaders(place.publishedAt)
  const headers = traceparent === undefined ? common : new Map([...common, ['traceparent', traceparent]])
  return {
    key: linkKey(record.source, record.destination),
    partition: place.partition,
    value: Buffer.from(textOf(record)),
    headers,
    timestampMs: place.timestampMs,
  }
}

/**
 * `JSON.stringify` of the fields in their order, in half the time: names need no escaping, numbers are finite by the
 * record's rules, and a test compares with `JSON.parse`.
 */
function textOf(record: TransferRecord): string {
  const { site, error, status } = record
  const outcome = status === 'ok' ? 'OK' : 'FAILED'
  const latencyMs = Math.round(record.firstByteSeconds * 1e6) / 1000
  const failure =
    error === undefined
      ? ''
      : `,"error_scope":"${error.scope}","error_phase":"${error.phase}","error_class":"${error.class}","error_message":${JSON.stringify(error.message)},"retryable":${error.retryable}`
  return `{"schema_version":${MESSAGE_VERSION},"event_type":"data_transfer","id":${JSON.stringify(record.id)},"site":"${site}","seq":${record.seq},"src_site":"${record.source}","dst_site":"${record.destination}","reporting_site":"${site}","protocol":${JSON.stringify(record.protocol)},"activity":${JSON.stringify(record.activity)},"bytes":${record.bytesTransferred},"size_bytes":${record.sizeBytes},"duration":${record.durationSeconds},"latency_ms":${latencyMs},"status":"${outcome}","outcome":"${status}","timestamp":${record.endedAt},"queued_at":${record.queuedAt},"started_at":${record.startedAt},"ended_at":${record.endedAt},"attempt":${record.attempt},"streams":${record.streams},"checksum":"${record.checksum}"${failure}}`
}

let shared: { publishedAt: number; headers: ReadonlyMap<string, string> } | undefined

/** The same map for all records that are handed on at one instant: hundreds are. */
function sharedHeaders(publishedAt: number): ReadonlyMap<string, string> {
  if (shared?.publishedAt !== publishedAt) {
    const headers = new Map([
      ['content-type', 'application/json'],
      [PUBLISHED_AT, publishedAt.toFixed(3)],
    ])
    shared = { publishedAt, headers }
  }
  return shared.headers
}

/**
 * What a message says, or why it cannot be used. Depends on the message alone and never on the clock: read again, it is
 * judged the same.
 */
export function parseMessage(message: BusMessage): ParsedMessage {
  const { value } = message
  if (value === undefined) return refuse('no_value', 'the message has no value')
  if (value.length > MAX_MESSAGE_BYTES) return refuse('too_large', `${value.length} bytes`)
  let parsed: unknown
  try {
    parsed = JSON.parse(value.toString('utf8'))
  } catch {
    return refuse('not_json', 'the value is not JSON')
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    return refuse('not_object', 'the value is not a JSON object')
  }
  return toEvent(parsed as Partial<Record<string, unknown>>, message)
}

function toEvent(fields: Partial<Record<string, unknown>>, message: BusMessage): ParsedMessage {
  const version = fields.schema_version ?? MESSAGE_VERSION
  if (version !== MESSAGE_VERSION) {
    const isNewer = typeof version === 'number' && version > MESSAGE_VERSION
    return refuse(isNewer ? 'newer_version' : 'wrong_type', 'schema_version')
  }
  const { seq, bytes, duration, timestamp, status } = fields
  const source = fields.src_site
  const destination = fields.dst_site
  const site = fields.site ?? fields.reporting_site ?? source
  const wrong =
    wrongSite('src_site', source) ??
    wrongSite('dst_site', destination) ??
    wrongSite('site', site) ??
    wrongCount('seq', seq) ??
    wrongCount('bytes', bytes) ??
    wrongSpan('duration', duration) ??
    wrongSpan('timestamp', timestamp) ??
    wrongStatus(status)
  if (wrong !== undefined) return wrong
  const at = timestamp as number
  if (at < EARLIEST || at >= LATEST) return refuse('time_range', 'timestamp')
  if (at > publishedAt(message) + MOST_AHEAD) return refuse('time_ahead', 'timestamp')
  const size = fields.size_bytes ?? bytes
  const queuedAt = fields.queued_at ?? fields.started_at ?? at
  const startedAt = fields.started_at ?? queuedAt
  const latencyMs = fields.latency_ms ?? 0
  const attempt = fields.attempt ?? 1
  const alsoWrong =
    wrongCount('size_bytes', size) ??
    wrongSpan('queued_at', queuedAt) ??
    wrongSpan('started_at', startedAt) ??
    wrongSpan('latency_ms', latencyMs) ??
    wrongCount('attempt', attempt)
  if (alsoWrong !== undefined) return alsoWrong
  const outcome = status === 'OK' ? 'ok' : fields.outcome === 'aborted' ? 'aborted' : 'failed'
  const id = fields.id
  const names = { site: site as SiteName, source: source as SiteName, destination: destination as SiteName }
  return {
    ok: true,
    event: {
      id: typeof id === 'string' && id.length > 0 && id.length <= 128 ? id : `${names.site}-${seq as number}`,
      site: names.site,
      seq: seq as number,
      source: names.source,
      destination: names.destination,
      link: linkKey(names.source, names.destination),
      at,
      status: outcome,
      errorScope: outcome === 'ok' ? undefined : scopeOf(fields.error_scope),
      errorClass: outcome === 'ok' ? undefined : classOf(fields.error_scope, fields.error_class),
      bytes: bytes as number,
      sizeBytes: size as number,
      durationSeconds: measurable(duration as number),
      queueSeconds: measurable((startedAt as number) - (queuedAt as number)),
      firstByteSeconds: (latencyMs as number) / 1000,
      attempt: attempt as number,
      traceparent: message.headers.get('traceparent'),
    },
  }
}

function measurable(seconds: number): number {
  return seconds < LEAST_SPAN ? 0 : seconds
}

function publishedAt({ headers, timestampMs }: BusMessage): number {
  const header = headers.get(PUBLISHED_AT)
  const told = header === undefined ? Number.NaN : Number(header)
  return Number.isFinite(told) ? told : timestampMs / 1000
}

type Refusal = { ok: false; reason: QuarantineReason; detail: string }

function refuse(reason: QuarantineReason, detail: string): Refusal {
  return { ok: false, reason, detail }
}

function missingOr(reason: QuarantineReason, field: string, value: unknown): Refusal {
  return refuse(value === undefined || value === null ? 'missing_field' : reason, field)
}

function wrongSite(field: string, value: unknown): Refusal | undefined {
  return isSiteName(value) ? undefined : missingOr(typeof value === 'string' ? 'bad_site' : 'wrong_type', field, value)
}

/** A whole number that a double holds exactly. */
function wrongCount(field: string, value: unknown): Refusal | undefined {
  const isCount = typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
  return isCount ? undefined : missingOr('wrong_type', field, value)
}

/** Longest number of seconds or milliseconds that makes sense; sums of many stay finite. */
const MOST_SPAN = 1e13

function wrongSpan(field: string, value: unknown): Refusal | undefined {
  // JSON has no NaN, but 1e999 is read as infinity.
  const isSpan = typeof value === 'number' && value >= 0 && value <= MOST_SPAN
  return isSpan ? undefined : missingOr('wrong_type', field, value)
}

function wrongStatus(value: unknown): Refusal | undefined {
  return value === 'OK' || value === 'FAILED' ? undefined : missingOr('wrong_type', 'status', value)
}

/** A scope or class that is not in the list is a newer minor version: the failure counts, its class is unknown. */
function scopeOf(value: unknown): ErrorScope | undefined {
  return typeof value === 'string' && Object.hasOwn(errorClasses, value) ? (value as ErrorScope) : undefined
}

function classOf(scope: unknown, value: unknown): ErrorClass | undefined {
  const known = scopeOf(scope)
  if (known === undefined) return undefined
  return (errorClasses[known] as readonly unknown[]).includes(value) ? (value as ErrorClass) : undefined
}
