import { z } from 'zod'
import { type Call, defineRoute, type Reply, type Route } from '../../lib/http/route.ts'
import type { SiteName } from '../../lib/names.ts'
import { statuses, type TransferRecord, throughputOf } from '../../lib/record/record.ts'
import { type AnomalyLine, severities } from '../../lib/streams/anomalies.ts'
import type { ApiContext } from '../context.ts'
import { anomaly, instantText, limit, listOf, site, transfer } from '../schemas.ts'
import type { ReadOlder } from '../store/older.ts'
import type { OrderedStore } from '../store/ordered-store.ts'
import { readPage, toCursor } from '../store/pages.ts'
import { requireKnown } from './known.ts'
import { linksOf } from './links.ts'
import { cursor, placeOf } from './paging.ts'

const paging = {
  site: site.optional(),
  source: site.optional(),
  destination: site.optional(),
  from: instantText.optional(),
  to: instantText.optional(),
  limit,
  cursor,
}

const transferQuery = z.strictObject({ ...paging, status: z.enum(statuses).optional() })

const anomalyQuery = z.strictObject({
  ...paging,
  detector: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must be the name of a detector, for example forest')
    .optional()
    .meta({ example: 'forest' }),
  level: z.enum(['transfer', 'link']).optional(),
  severity: z.enum(severities).optional(),
  minScore: z
    .string()
    .transform((text, context) => {
      const value = /^(0|1|[01]?\.\d{1,12}|[01]\.)$/.test(text) ? Number(text) : Number.NaN
      if (value >= 0 && value <= 1) return value
      context.addIssue({ code: 'custom', message: 'must be a number from 0 to 1' })
      return z.NEVER
    })
    .optional()
    .meta({ type: 'number', minimum: 0, maximum: 1, description: 'Only verdicts with at least this score' }),
})

interface Paging {
  site?: SiteName | undefined
  source?: SiteName | undefined
  destination?: SiteName | undefined
  from?: number | undefined
  to?: number | undefined
  limit: number
  cursor?: string | undefined
}

type Ends = Pick<TransferRecord, 'site' | 'source' | 'destination'>

/** Transfers and anomalies: long lists, newest first, in pages. */
export function recordRoutes(context: ApiContext): Route[] {
  const { state, olderTransfers, olderAnomalies } = context
  const text =
    'Newest first by record time. A page may hold fewer items than asked for and still have a next one: a search far back is cut into steps.'
  return [
    defineRoute({
      method: 'get',
      path: '/v1/transfers',
      operationId: 'listTransfers',
      summary: 'Transfer records',
      description: text,
      tags: ['transfers'],
      querySchema: transferQuery,
      responses: { 200: { description: 'A page', schema: listOf('TransferList', transfer), headers: linkHeader } },
      handle: (call) => {
        const { status } = call.query
        return answerPage(context, call, {
          list: 't',
          store: state.transfers,
          readOlder: olderTransfers,
          matches: (record) => status === undefined || record.status === status,
          toView: (record) => ({ ...record, throughputBytesPerSecond: throughputOf(record) }),
        })
      },
    }),
    defineRoute({
      method: 'get',
      path: '/v1/anomalies',
      operationId: 'listAnomalies',
      summary: 'Verdicts of the detectors, each with its reasons',
      description: `${text} Scores are 0 to 1 and high is anomalous.`,
      tags: ['anomalies'],
      querySchema: anomalyQuery,
      responses: { 200: { description: 'A page', schema: listOf('AnomalyList', anomaly), headers: linkHeader } },
      handle: (call) => {
        const { detector, level, severity, minScore } = call.query
        return answerPage(context, call, {
          list: 'a',
          store: state.anomalies,
          readOlder: olderAnomalies,
          matches: (line) =>
            (detector === undefined || line.detector === detector) &&
            (level === undefined || line.level === level) &&
            (severity === undefined || line.severity === severity) &&
            (minScore === undefined || line.score >= minScore),
          toView: (line: AnomalyLine) => line,
        })
      },
    }),
  ]
}

const linkHeader = { Link: 'RFC 8288: rel="first" and, when there is one, rel="next"' }

interface PagedList<T, F> {
  /** The letter that a cursor of this list carries. */
  list: string
  store: OrderedStore<T, F>
  readOlder: ReadOlder<T>
  matches(value: F): boolean
  toView(value: T): unknown
}

async function answerPage<T extends F, F extends Ends>(
  { state, cache }: ApiContext,
  call: Call<unknown, Paging, unknown>,
  { list, store, readOlder, matches, toView }: PagedList<T, F>,
): Promise<Reply> {
  const { query } = call
  checkNames(query, state.sites, store.floor === undefined ? state.endpoints : undefined)
  const below = placeOf(list, query)
  const filter = (value: F): boolean =>
    (query.site === undefined || value.site === query.site) &&
    (query.source === undefined || value.source === query.source) &&
    (query.destination === undefined || value.destination === query.destination) &&
    matches(value)
  return cache.answer(call, '', async () => {
    const { from, to } = query
    const page = await readPage(store, readOlder, { below, from, to, limit: query.limit, filter })
    const nextCursor = page.next === undefined ? null : toCursor(list, page.next)
    return {
      body: { items: page.entries.map(({ value }) => toView(value)), nextCursor },
      headers: { Link: linksOf(call.request.originalUrl, nextCursor) },
    }
  })
}

/** Endpoints can only be told to be unknown while the whole log is in memory; recorders always. */
function checkNames(query: Paging, sites: readonly SiteName[], endpoints: readonly SiteName[] | undefined): void {
  requireKnown('query', [{ loc: ['site'], name: query.site }], sites)
  if (endpoints === undefined) return
  const ends = [
    { loc: ['source'], name: query.source },
    { loc: ['destination'], name: query.destination },
  ]
  requireKnown('query', ends, endpoints)
}
