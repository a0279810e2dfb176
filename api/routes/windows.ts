import { z } from 'zod'
import { defineRoute, type Route } from '../../lib/http/route.ts'
import type { ApiContext } from '../context.ts'
import { instant, instantText, limit, listOf, site } from '../schemas.ts'
import { toCursor } from '../store/pages.ts'
import { linksOf } from './links.ts'
import { cursor, placeOf } from './paging.ts'

const measure = z
  .object({
    count: z.number().int(),
    mean: z.number().nullable(),
    min: z.number().nullable(),
    max: z.number().nullable(),
    p50: z.number().nullable(),
    p95: z.number().nullable(),
    p99: z.number().nullable(),
  })
  .meta({ id: 'Measure', description: 'Percentiles are within 1 % (DDSketch); null where nothing was counted' })

const windowView = z
  .object({
    scope: z.enum(['link', 'site']),
    source: site,
    destination: site.nullable().meta({ description: 'null for the window of a source' }),
    from: instant,
    to: instant,
    count: z.number().int(),
    failed: z.number().int(),
    failures: z.record(z.string(), z.number().int()).meta({ description: 'By <scope>/<class>' }),
    bytes: z.number(),
    meanBytes: z.number(),
    meanLatencySeconds: z.number().meta({ description: 'Mean time to the first byte' }),
    duration: measure.meta({ description: 'Seconds, all transfers' }),
    rate: measure.meta({ description: 'Bytes per second, transfers that succeeded' }),
    queueWait: measure.meta({ description: 'Seconds between queued and started, all transfers' }),
    parts: z.number().int().meta({ description: 'Partitions and recorders that have been summed; another may follow' }),
  })
  .meta({ id: 'Window' })

/** Closed windows of the event stream. */
export function windowRoutes({ state, cache }: ApiContext): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/windows',
      operationId: 'listWindows',
      summary: 'Closed windows of event time, by link and by source, newest first',
      description:
        'A window closes when the stream knows that no more transfers of it are to be expected. The newest 6,000 are here; all are in the log (docs/streaming.md). `from` and `to` choose windows that overlap that stretch.',
      tags: ['windows'],
      querySchema: z.strictObject({
        scope: z.enum(['link', 'site']).optional(),
        source: site.optional(),
        destination: site.optional(),
        from: instantText.optional(),
        to: instantText.optional(),
        limit,
        cursor,
      }),
      responses: {
        200: {
          description: 'A page; empty until the stream has closed a window',
          schema: listOf('WindowList', windowView),
          headers: { Link: 'RFC 8288: rel="first" and, when there is one, rel="next"' },
        },
      },
      handle: (call) => {
        const { query } = call
        const below = placeOf('w', query)
        return cache.answer(call, '', () => {
          const found = state.windows.list({ ...query, below, limit: query.limit + 1 })
          const page = found.slice(0, query.limit)
          const last = page.at(-1)
          const nextCursor = found.length > page.length && last !== undefined ? toCursor('w', last.key) : null
          return {
            body: { items: page.map(({ view }) => view), nextCursor },
            headers: { Link: linksOf(call.request.originalUrl, nextCursor) },
          }
        })
      },
    }),
  ]
}
