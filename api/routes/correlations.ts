import { z } from 'zod'
import { defineRoute, type Route } from '../../lib/http/route.ts'
import type { CorrelationItem } from '../../lib/streams/correlations.ts'
import { correlationItemSchema } from '../../lib/streams/correlations.ts'
import type { ApiContext } from '../context.ts'
import { instant, limit, listOf, scope, site } from '../schemas.ts'
import { toCursor } from '../store/pages.ts'
import { cursor, placeOf } from './paging.ts'

const item = correlationItemSchema.extend({ scope }).meta({ id: 'CorrelationItem' })
const summary = z
  .object({
    seq: z.number().int(),
    at: instant,
    from: instant,
    to: instant,
    newRecords: z.number().int(),
    newAnomalies: z.number().int(),
    items: z.array(item.omit({ lags: true })),
  })
  .meta({ id: 'CorrelationRun' })

/** Results of the batch job that compares anomalies with throughput. */
export function correlationRoutes({ state, cache, clock }: ApiContext): Route[] {
  const tags = ['correlations']
  return [
    defineRoute({
      method: 'get',
      path: '/v1/correlations',
      operationId: 'getCorrelations',
      summary: 'The newest run: one item for everything, each site and each link, with the curve over the lags',
      tags,
      querySchema: z.strictObject({
        scope: z.enum(['platform', 'site', 'link']).optional(),
        site: site.optional(),
        source: site.optional(),
        destination: site.optional(),
      }),
      responses: {
        200: {
          description: '`run` is null and the list empty before the first run',
          schema: z
            .object({
              run: summary.omit({ items: true }).extend({ ageSeconds: z.number() }).nullable(),
              items: z.array(item),
              nextCursor: z.null(),
            })
            .meta({ id: 'Correlations' }),
        },
      },
      handle: ({ query }) => {
        const newest = state.correlations.newest
        if (newest === undefined) return { body: { run: null, items: [], nextCursor: null } }
        const { seq, at, from, to, newRecords, newAnomalies, items } = newest
        const ageSeconds = Math.max(0, Math.round(clock.now() - at))
        return {
          body: {
            run: { seq, at, from, to, newRecords, newAnomalies, ageSeconds },
            items: items.filter((entry) => isAskedFor(entry, query)),
            nextCursor: null,
          },
        }
      },
    }),
    defineRoute({
      method: 'get',
      path: '/v1/correlations/history',
      operationId: 'listCorrelationRuns',
      summary: 'Earlier runs without their curves, newest first',
      tags,
      querySchema: z.strictObject({ limit, cursor }),
      responses: { 200: { description: 'A page', schema: listOf('CorrelationRunList', summary) } },
      handle: (call) => {
        const { limit: most } = call.query
        const before = placeOf('c', call.query)
        return cache.answer(call, '', () => {
          const found = state.correlations.history(most + 1, before?.seq)
          const items = found.slice(0, most)
          const last = items.at(-1)
          const more = found.length > most && last !== undefined
          return {
            body: { items, nextCursor: more ? toCursor('c', { at: last.at, seq: last.seq, writer: 'batch' }) : null },
          }
        })
      },
    }),
  ]
}

interface Asked {
  scope?: 'platform' | 'site' | 'link' | undefined
  site?: string | undefined
  source?: string | undefined
  destination?: string | undefined
}

function isAskedFor({ scope: about }: CorrelationItem, asked: Asked): boolean {
  const kind = 'platform' in about ? 'platform' : 'site' in about ? 'site' : 'link'
  if (asked.scope !== undefined && asked.scope !== kind) return false
  if (asked.site !== undefined && !('site' in about && about.site === asked.site)) return false
  if (asked.source !== undefined && !('source' in about && about.source === asked.source)) return false
  return asked.destination === undefined || ('destination' in about && about.destination === asked.destination)
}
