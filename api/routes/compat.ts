import { z } from 'zod'
import { defineRoute, type Route } from '../../lib/http/route.ts'
import { toLegacyScore } from '../../lib/record/legacy-csv.ts'
import { version } from '../../lib/version.ts'
import type { SharedClock } from '../../lib/world/shared-clock.ts'
import type { ApiContext } from '../context.ts'
import { pageHtml } from '../documents.ts'
import { instant, site } from '../schemas.ts'
import { type ApiState, roundMilliseconds } from '../state.ts'
import { minuteOf } from '../store/minutes.ts'

const tags = ['compatible']

const endpoints = {
  health: '/health',
  sites: '/sites',
  aggregates: '/aggregates',
  anomalies: '/anomalies',
  freshness: '/freshness',
  transfers_csv: '/transfers.csv',
  anomalies_csv: '/anomalies.csv',
  v1_sites: '/v1/sites',
  v1_links: '/v1/links',
  v1_transfers: '/v1/transfers',
  v1_anomalies: '/v1/anomalies',
  v1_freshness: '/v1/freshness',
  v1_correlations: '/v1/correlations',
  v1_windows: '/v1/windows',
  v1_scenario: '/v1/scenario',
  v1_faults: '/v1/faults',
  v1_maintenance: '/v1/maintenance',
  v1_events: '/v1/events',
  docs: '/docs',
  redoc: '/redoc',
  openapi: '/openapi.json',
  metrics: '/metrics',
  ready: '/health/ready',
}

/** The routes of the platform that DTMS replaces: same names, same shapes, correct answers. */
export function compatRoutes({ state, clock, readable }: ApiContext): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/',
      operationId: 'getRoot',
      summary: 'The overview page for a browser, the map of endpoints for everything else',
      tags,
      responses: {
        200: {
          description: 'Service, version and endpoints; or the page when the Accept header prefers HTML',
          schema: z.object({ service: z.string(), version: z.string(), endpoints: z.record(z.string(), z.string()) }),
          example: { service: 'dtms-api', version, endpoints },
        },
      },
      handle: async ({ request, response }) => {
        response.vary('Accept')
        if (request.accepts(['json', 'html']) !== 'html') return { body: { service: 'dtms-api', version, endpoints } }
        response
          .set('Cache-Control', 'no-cache')
          .type('html')
          .send(await pageHtml())
        return undefined
      },
    }),
    defineRoute({
      method: 'get',
      path: '/health',
      operationId: 'getHealth',
      summary: 'Whether the API answers',
      tags,
      responses: {
        200: {
          description: 'It does',
          schema: z.object({ status: z.literal('ok'), service: z.literal('dtms-api') }),
          example: { status: 'ok', service: 'dtms-api' },
        },
      },
      handle: () => ({ body: { status: 'ok', service: 'dtms-api' } }),
    }),
    defineRoute({
      method: 'get',
      path: '/sites',
      operationId: 'getSites',
      summary: 'Names of the sites that record transfers',
      tags,
      responses: {
        200: {
          description: 'By name',
          schema: z.object({ sites: z.array(site) }),
          example: { sites: ['SITE_A', 'SITE_B', 'SITE_C'] },
        },
      },
      handle: () => ({ body: { sites: state.sites } }),
    }),
    defineRoute({
      method: 'get',
      path: '/aggregates',
      operationId: 'getAggregates',
      summary: 'Averages by source over its last closed window',
      description:
        'From the windows of the event stream; where no stream runs, from the last minute that is over and has records.',
      tags,
      responses: {
        200: {
          description: 'One item for each source',
          schema: z.object({
            aggregates: z.array(z.object({ src_site: site, avg_bytes: z.number(), avg_latency_ms: z.number() })),
          }),
          example: { aggregates: [{ src_site: 'SITE_A', avg_bytes: 12_582_912.5, avg_latency_ms: 412.25 }] },
        },
      },
      handle: () => {
        return {
          body: {
            aggregates: averages(state, clock).map(({ source, meanBytes, meanLatencySeconds }) => ({
              src_site: source,
              avg_bytes: meanBytes,
              avg_latency_ms: roundMilliseconds(meanLatencySeconds * 1000),
            })),
          },
        }
      },
    }),
    defineRoute({
      method: 'get',
      path: '/anomalies',
      operationId: 'getAnomalySummary',
      summary: 'Flagged transfers by site over the last 24 hours of record time',
      description:
        'The old sign: a low score is bad. anomaly_score_min is the lowest score of a flagged transfer, null when none was flagged. /v1/anomalies has the verdicts themselves, where a high score is anomalous.',
      tags,
      responses: {
        200: {
          description: 'One item for each site',
          schema: z.object({
            anomalies: z.array(
              z.object({
                site,
                anomaly_count: z.number().int(),
                anomaly_ratio: z.number(),
                anomaly_score_min: z.number().nullable(),
              }),
            ),
          }),
          example: {
            anomalies: [{ site: 'SITE_A', anomaly_count: 12, anomaly_ratio: 0.0009, anomaly_score_min: -0.21 }],
          },
        },
      },
      handle: () => ({
        body: {
          anomalies: state.sites.map((name) => {
            const { records, anomalies, highestScore } = state.minutes.site(name)
            return {
              site: name,
              anomaly_count: anomalies,
              anomaly_ratio: records > 0 ? anomalies / records : 0,
              anomaly_score_min: highestScore === null ? null : toLegacyScore(highestScore),
            }
          }),
        },
      }),
    }),
    defineRoute({
      method: 'get',
      path: '/freshness',
      operationId: 'getFreshnessSummary',
      summary: 'Newest record and age of each site',
      tags,
      responses: {
        200: {
          description: 'Unix seconds and seconds, 3 decimals; null for a site that has never sent',
          schema: z.object({
            sites: z.array(
              z.object({ site, latest_timestamp: instant.nullable(), age_seconds: z.number().nullable() }),
            ),
          }),
          example: { sites: [{ site: 'SITE_A', latest_timestamp: 1_696_161_600.25, age_seconds: 7.412 }] },
        },
      },
      handle: () => ({
        body: {
          sites: state.tracker.at(clock.now(), readable()).map(({ site: name, newestEndedAt, ageSeconds }) => ({
            site: name,
            latest_timestamp: newestEndedAt === undefined ? null : roundMilliseconds(newestEndedAt),
            age_seconds: ageSeconds === undefined ? null : roundMilliseconds(ageSeconds),
          })),
        },
      }),
    }),
  ]
}

/** Windows that ended longer ago than this before the newest record say that the stream is behind or gone, seconds. */
const STREAM_BEHIND_SECONDS = 900

function averages(state: ApiState, clock: SharedClock) {
  // Where time stands still at the end of the data, its last minute is over.
  const open = minuteOf(clock.now())
  const minutes = state.minutes.averagesBefore(clock.speed === 0 ? open + 1 : open)
  const { newestAt } = state.windows
  const newestMinute = state.minutes.newestBefore(open + 1)
  const isCurrent =
    newestAt !== undefined && (newestMinute === undefined || newestAt >= 60 * newestMinute - STREAM_BEHIND_SECONDS)
  return isCurrent ? state.windows.newestBySource() : minutes
}
