import { z } from 'zod'
import { defineRoute, type Route } from '../../lib/http/route.ts'
import { annotationsSchema, fingerprintSchema, labelsSchema, resolutions } from '../../lib/streams/alerts.ts'
import type { ToldAlert } from '../alert-inbox.ts'
import { alertSeverities, alertStates } from '../alerts.ts'
import type { ApiContext } from '../context.ts'
import { instant, limit, listOf } from '../schemas.ts'
import { toCursor } from '../store/pages.ts'
import { linksOf } from './links.ts'
import { cursor, placeOf } from './paging.ts'

/** A line of the log holds 64 KiB; an alert becomes one. */
const MOST_ALERT_BYTES = 32_768
/** Far more than 64 KiB hold. */
const MOST_ALERTS = 1000

const severityName = z.enum([...alertSeverities, '_other'])
const wallInstant = z.number().meta({ description: 'Unix seconds of the wall clock', example: 1_767_614_400 })

/** Go writes nanoseconds, and the year 1 for "not yet". */
const time = z.iso
  .datetime({ offset: true, error: 'must be an instant such as 2026-01-05T12:00:00Z' })
  .transform((text) => Math.max(0, Date.parse(text) / 1000))
  .refine((seconds) => seconds <= 7_258_118_400, 'must be before the year 2200')
  .meta({ type: 'string', format: 'date-time' })

const told = z
  .object({
    status: z.enum(alertStates),
    labels: labelsSchema,
    annotations: annotationsSchema.default({}),
    startsAt: time,
    endsAt: time.optional(),
    generatorURL: z.string().max(8192).default(''),
    fingerprint: fingerprintSchema,
  })
  .refine((alert) => Buffer.byteLength(JSON.stringify(alert)) <= MOST_ALERT_BYTES, 'at most 32 KiB an alert')

/** Other fields, which later releases of Alertmanager may send, are left out. */
const notification = z
  .object({
    version: z.literal('4'),
    groupKey: z.string().max(4096).optional(),
    truncatedAlerts: z.number().int().min(0).max(1_000_000).default(0),
    status: z.enum(alertStates),
    receiver: z.string().max(256).optional(),
    alerts: z.array(told).max(MOST_ALERTS),
  })
  .meta({ id: 'AlertNotification', description: "Alertmanager's webhook, version 4" })

const alertView = z
  .object({
    id: z.string().meta({ example: 'a-1' }),
    state: z.enum(alertStates),
    severity: severityName,
    name: z.string().meta({ description: 'Label alertname' }),
    layer: z.string().nullable(),
    summary: z.string().nullable(),
    firedAt: instant
      .nullable()
      .meta({ description: 'World instant at which the API was told; null when it never was' }),
    resolvedAt: instant.nullable(),
    resolution: z.enum(resolutions).nullable().meta({
      description: 'told: Alertmanager said so; expired: it was not repeated any more; superseded: it began anew',
    }),
    startsAt: wallInstant,
    endsAt: wallInstant.nullable(),
    fingerprint: z.string(),
    labels: z.record(z.string(), z.string()),
    annotations: z.record(z.string(), z.string()),
    generatorUrl: z.string().nullable(),
  })
  .meta({ id: 'Alert' })

const bodyExample = {
  version: '4',
  groupKey: '{}:{alertname="DtmsSiteSilent", layer="freshness"}',
  truncatedAlerts: 0,
  status: 'firing',
  receiver: 'dtms-api',
  groupLabels: { alertname: 'DtmsSiteSilent', layer: 'freshness' },
  commonLabels: { alertname: 'DtmsSiteSilent', layer: 'freshness', severity: 'critical', site: 'SITE_B' },
  commonAnnotations: { summary: 'SITE_B is silent' },
  externalURL: 'http://alertmanager:9093',
  alerts: [
    {
      status: 'firing',
      labels: { alertname: 'DtmsSiteSilent', layer: 'freshness', severity: 'critical', site: 'SITE_B' },
      annotations: { summary: 'SITE_B is silent' },
      startsAt: '2026-01-05T12:00:00.123456789Z',
      endsAt: '0001-01-01T00:00:00Z',
      generatorURL: 'http://prometheus:9090/graph?g0.expr=up',
      fingerprint: 'c8a5f0e1b2d34567',
    },
  ],
}

const viewExample = {
  ...{ id: 'a-1', state: 'firing', severity: 'critical', name: 'DtmsSiteSilent', layer: 'freshness' },
  ...{ summary: 'SITE_B is silent', firedAt: 1_767_614_472.5, resolvedAt: null, resolution: null },
  ...{ startsAt: 1_767_614_400.123, endsAt: null, fingerprint: 'c8a5f0e1b2d34567' },
  labels: { alertname: 'DtmsSiteSilent', layer: 'freshness', severity: 'critical', site: 'SITE_B' },
  annotations: { summary: 'SITE_B is silent' },
  generatorUrl: 'http://prometheus:9090/graph?g0.expr=up',
}

/** The receiver of Alertmanager's webhook, and the list of what it told. */
export function alertRoutes({ state, cache, inbox, alertCounts }: ApiContext): Route[] {
  const tags = ['alerts']
  return [
    defineRoute({
      method: 'get',
      path: '/v1/alerts',
      operationId: 'listAlerts',
      summary: 'Alerts that Alertmanager has told of, newest first',
      description: 'The newest 2,000 are here, what fires before what is over; all are in the log (docs/alerts.md).',
      tags,
      querySchema: z.strictObject({
        state: z.enum(alertStates).optional(),
        severity: severityName.optional(),
        limit,
        cursor,
      }),
      responses: {
        200: {
          description: 'A page',
          schema: listOf('AlertList', alertView),
          example: { items: [viewExample], nextCursor: null },
          headers: { Link: 'RFC 8288: rel="first" and, when there is one, rel="next"' },
        },
      },
      handle: (call) => {
        const { query } = call
        const below = placeOf('al', query)
        return cache.answer(call, '', () => {
          const found = state.alerts.list({ ...query, belowSeq: below?.seq, limit: query.limit + 1 })
          const page = found.slice(0, query.limit)
          const last = page.at(-1)
          const more = found.length > page.length && last !== undefined
          const nextCursor = more ? toCursor('al', { at: 0, seq: last.seq, writer: 'api' }) : null
          return {
            body: { items: page.map(({ view }) => view), nextCursor },
            headers: { Link: linksOf(call.request.originalUrl, nextCursor) },
          }
        })
      },
    }),
    defineRoute({
      method: 'post',
      path: '/v1/alerts',
      operationId: 'receiveAlerts',
      summary: "Takes a notification of Alertmanager's webhook",
      description:
        'Only changes are kept: what is repeated is counted. A notification must fit 64 KiB, so the receiver sets max_alerts; what it then leaves out is told in truncatedAlerts and counted.',
      tags,
      changesState: true,
      bodySchema: notification,
      bodyExample,
      responses: {
        200: {
          description: 'Written to the log',
          schema: z
            .object({
              accepted: z.number().int().meta({ description: 'Alerts that changed' }),
              repeated: z.number().int(),
              truncated: z.number().int().meta({ description: 'Alerts that Alertmanager has left out' }),
            })
            .meta({ id: 'AlertReceipt' }),
          example: { accepted: 1, repeated: 0, truncated: 0 },
        },
        503: { description: 'The log cannot be written at present' },
      },
      handle: async ({ body }) => {
        const { accepted, repeated } = await inbox.receive(body.alerts.map(toTold))
        const truncated = body.truncatedAlerts
        alertCounts({ accepted, repeated, truncated })
        return { body: { accepted, repeated, truncated } }
      },
    }),
  ]
}

function toTold({ generatorURL, endsAt, ...alert }: z.infer<typeof told>): ToldAlert {
  return {
    ...alert,
    ...(alert.status === 'resolved' && endsAt !== undefined && endsAt > 0 ? { endsAt } : {}),
    ...(generatorURL === '' ? {} : { generatorUrl: generatorURL }),
  }
}
