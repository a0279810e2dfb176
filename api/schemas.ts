import { z } from 'zod'
import { isSiteName, type Scope, type SiteName } from '../lib/names.ts'
import { checksums, statuses } from '../lib/record/record.ts'
import { freshnessStates } from '../lib/staleness/states.ts'
import { reasonSchema, severities } from '../lib/streams/anomalies.ts'
import { faultStates } from './faults.ts'
import { maintenanceStates } from './maintenance.ts'

/** Schemas of requests and answers. Requests are validated with them; the OpenAPI document is made from all of them. */

export const site = z
  .custom<SiteName>(isSiteName, { error: 'must be a site name: 1 to 32 characters of A-Z, 0-9 and _' })
  .meta({ type: 'string', pattern: '^[A-Z0-9][A-Z0-9_]{0,31}$', example: 'SITE_A' })

const SCOPE_ERROR = 'must be {"site": NAME}, {"source": NAME, "destination": NAME} or {"platform": true}'

export const scope: z.ZodType<Scope> = z
  .union(
    [
      z.strictObject({ site }),
      z.strictObject({ source: site, destination: site }),
      z.strictObject({ platform: z.literal(true) }),
    ],
    { error: SCOPE_ERROR },
  )
  .meta({ id: 'Scope', description: 'A site (with every link that touches it), one link, or everything' })

export const instant = z.number().meta({ description: 'Unix seconds of world time', example: 1_696_161_600.25 })

/** Text of a query -> whole number within a range. */
export function wholeNumber(range: { min: number; max: number; fallback: number; description: string }) {
  const { min, max, fallback, description } = range
  return z
    .string()
    .transform((text, context) => {
      const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
      if (value >= min && value <= max) return value
      context.addIssue({ code: 'custom', message: `must be a whole number from ${min} to ${max}` })
      return z.NEVER
    })
    .optional()
    .transform((value) => value ?? fallback)
    .meta({ type: 'integer', minimum: min, maximum: max, default: fallback, description })
}

export const limit = wholeNumber({ min: 1, max: 1000, fallback: 100, description: 'Most items of one page' })

const INSTANT_TEXT = /^(\d{1,10}(\.\d{1,6})?|\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2}))?)$/

/** Unix seconds, an ISO date, or an ISO instant with its zone. */
export const instantText = z
  .string()
  .transform((text, context) => {
    const value = INSTANT_TEXT.test(text)
      ? /^\d+(\.\d+)?$/.test(text)
        ? Number(text)
        : Date.parse(text) / 1000
      : Number.NaN
    if (Number.isFinite(value)) return value
    context.addIssue({
      code: 'custom',
      message: 'must be Unix seconds, or a date or instant such as 2026-01-05T12:00:00Z',
    })
    return z.NEVER
  })
  .meta({
    type: 'string',
    pattern: INSTANT_TEXT.source,
    description: 'Unix seconds, or an ISO date or instant with its zone',
    example: '2026-01-05T12:00:00Z',
  })

const WINDOW_TEXT = /^(\d{1,5})([smh]?)$/
const secondsPerUnit: Record<string, number> = { s: 1, m: 60, h: 3600, '': 1 }

export const windowText = z
  .string()
  .transform((text, context) => {
    const parts = WINDOW_TEXT.exec(text)
    const seconds = Number(parts?.[1]) * (secondsPerUnit[parts?.[2] ?? ''] ?? 1)
    if (seconds >= 60 && seconds <= 86_400) return seconds
    context.addIssue({ code: 'custom', message: 'must be 60 s to 24 h, for example 900, 15m or 1h' })
    return z.NEVER
  })
  .optional()
  .transform((value) => value ?? 3600)
  .meta({
    type: 'string',
    pattern: '^[0-9]{1,5}[smh]?$',
    default: '1h',
    example: '15m',
    description:
      'Length of the stretch that ends now: seconds, or with s, m or h; 60 s to 24 h, counted in whole minutes',
  })

export function listOf<T extends z.ZodType>(id: string, item: T) {
  return z
    .object({
      items: z.array(item),
      nextCursor: z
        .string()
        .nullable()
        .meta({ description: 'Pass it as `cursor` for the next page; null on the last one' }),
    })
    .meta({ id })
}

const transferError = z.object({
  scope: z.string(),
  phase: z.string(),
  class: z.string(),
  message: z.string(),
  retryable: z.boolean(),
})

export const transfer = z
  .object({
    v: z.number().int(),
    seq: z.number().int(),
    id: z.string(),
    site,
    source: site,
    destination: site,
    protocol: z.string(),
    activity: z.string(),
    queuedAt: instant,
    startedAt: instant,
    endedAt: instant,
    sizeBytes: z.number().int(),
    bytesTransferred: z.number().int(),
    durationSeconds: z.number(),
    firstByteSeconds: z.number(),
    status: z.enum(statuses),
    error: transferError.optional(),
    attempt: z.number().int(),
    streams: z.number().int(),
    transport: z.object({}).loose().optional(),
    checksum: z.enum(checksums),
    traceparent: z.string().optional(),
    origin: z.object({ kind: z.string(), id: z.string().optional(), line: z.number().int().optional() }),
    throughputBytesPerSecond: z
      .number()
      .meta({ description: 'bytesTransferred / durationSeconds; derived, not in the log' }),
  })
  .loose()
  .meta({ id: 'Transfer', description: 'One line of the log (docs/record-format.md)' })

export const anomaly = z
  .object({
    v: z.number().int(),
    seq: z.number().int(),
    at: instant,
    type: z.literal('anomaly'),
    id: z.string(),
    detector: z.string(),
    level: z.enum(['transfer', 'link']),
    transferId: z.string(),
    site,
    source: site,
    destination: site,
    score: z.number().meta({ description: '0 to 1, high is anomalous' }),
    threshold: z.number(),
    confidence: z.number(),
    severity: z.enum(severities),
    why: z.string(),
    reasons: z.array(reasonSchema),
    sizeBytes: z.number(),
    bytesTransferred: z.number(),
    durationSeconds: z.number(),
    status: z.enum(statuses),
  })
  .loose()
  .meta({ id: 'Anomaly' })

export const siteView = z
  .object({
    site,
    state: z.enum(freshnessStates),
    newestEndedAt: instant.nullable(),
    ageSeconds: z.number().nullable(),
    records: z.number().int().meta({ description: 'In the last 24 h of record time, as the other counts' }),
    failures: z.number().int(),
    bytesTransferred: z.number(),
    anomalies: z.number().int(),
  })
  .meta({ id: 'Site' })

export const freshnessView = z
  .object({
    site,
    state: z.enum(freshnessStates),
    newestEndedAt: instant.nullable(),
    ageSeconds: z.number().nullable(),
    expectedSeconds: z.number().meta({ description: 'Age up to which the site counts as fresh' }),
    since: instant.nullable().meta({ description: 'World instant since which it is in this state, where known' }),
  })
  .meta({ id: 'Freshness' })

export const linkView = z
  .object({
    source: site,
    destination: site,
    count: z.number().int(),
    failures: z.number().int(),
    bytesTransferred: z.number(),
    meanRateBytesPerSecond: z.number().nullable(),
    anomalies: z.number().int(),
    newestEndedAt: instant.nullable(),
  })
  .meta({ id: 'Link' })

export const faultView = z
  .object({
    id: z.string().meta({ example: 'f-1' }),
    kind: z.string().meta({ example: 'link-brownout' }),
    scope,
    severity: z.number(),
    state: z.enum(faultStates),
    hidden: z.boolean(),
    plannedStartAt: instant,
    plannedEndAt: instant,
    cancelledAt: instant.optional(),
  })
  .meta({ id: 'Fault' })

export const maintenanceView = z
  .object({
    id: z.string().meta({ example: 'm-api-1' }),
    scope,
    startsAt: instant,
    endsAt: instant,
    state: z.enum(maintenanceStates),
    note: z.string().optional(),
  })
  .meta({ id: 'Maintenance' })

const issueView = z.object({
  type: z.string(),
  loc: z.array(z.union([z.string(), z.number()])),
  msg: z.string(),
  input: z.unknown(),
})

export const errorBody = z
  .object({
    detail: z.union([z.string(), z.array(issueView)]),
    hint: z.string().optional(),
    requestId: z.string(),
    traceId: z.string(),
  })
  .meta({ id: 'Error' })

export const problemBody = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    errors: z.array(issueView).optional(),
    hint: z.string().optional(),
    requestId: z.string(),
    traceId: z.string(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457, when the Accept header names application/problem+json' })
