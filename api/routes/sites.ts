import { z } from 'zod'
import { defineRoute, type Route } from '../../lib/http/route.ts'
import type { ApiContext } from '../context.ts'
import { freshnessView, linkView, listOf, site, siteView, windowText } from '../schemas.ts'
import { roundMilliseconds, toFreshnessView } from '../state.ts'
import { minuteOf } from '../store/minutes.ts'
import { requireKnown } from './known.ts'

/** Sites, the matrix of links, and freshness: what is the case now. */
export function siteRoutes({ state, clock, readable, cache }: ApiContext): Route[] {
  const none = z.strictObject({})
  return [
    defineRoute({
      method: 'get',
      path: '/v1/sites',
      operationId: 'listSites',
      summary: 'Sites with their state and the counts of the last 24 hours',
      tags: ['sites'],
      querySchema: none,
      responses: { 200: { description: 'By name', schema: listOf('SiteList', siteView) } },
      handle: () => {
        const items = state.tracker.at(clock.now(), readable()).map((freshness) => {
          const { records, failures, bytesTransferred, anomalies } = state.minutes.site(freshness.site)
          const { site: name, state: siteState, newestEndedAt, ageSeconds } = toFreshnessView(freshness)
          return {
            site: name,
            state: siteState,
            newestEndedAt,
            ageSeconds,
            records,
            failures,
            bytesTransferred,
            anomalies,
          }
        })
        return { body: { items, nextCursor: null } }
      },
    }),
    defineRoute({
      method: 'get',
      path: '/v1/links',
      operationId: 'listLinks',
      summary: 'The matrix of links over a stretch of time that ends now',
      tags: ['links'],
      querySchema: z.strictObject({
        window: windowText,
        source: site.optional(),
        destination: site.optional(),
      }),
      responses: {
        200: {
          description: 'By source and destination; `windowSeconds` and `to` say what was summed',
          schema: z
            .object({
              items: z.array(linkView),
              nextCursor: z.null(),
              windowSeconds: z.number().int(),
              from: z.number(),
              to: z.number(),
            })
            .meta({ id: 'LinkMatrix' }),
        },
      },
      handle: (call) => {
        const { window, source, destination } = call.query
        requireKnown(
          'query',
          [
            { loc: ['source'], name: source },
            { loc: ['destination'], name: destination },
          ],
          state.endpoints,
        )
        const now = clock.now()
        const minutes = Math.ceil(window / 60)
        return cache.answer(call, `${minuteOf(now)}`, () => ({
          body: {
            items: state.minutes
              .links(now, minutes)
              .filter((link) => source === undefined || link.source === source)
              .filter((link) => destination === undefined || link.destination === destination),
            nextCursor: null,
            windowSeconds: minutes * 60,
            from: (minuteOf(now) - minutes + 1) * 60,
            to: (minuteOf(now) + 1) * 60,
          },
        }))
      },
    }),
    defineRoute({
      method: 'get',
      path: '/v1/freshness',
      operationId: 'listFreshness',
      summary: 'How old the newest record of each site is, and whether that is news',
      tags: ['freshness'],
      querySchema: none,
      responses: {
        200: {
          description: 'By site; `at` is the world time of the answer',
          schema: z
            .object({ items: z.array(freshnessView), nextCursor: z.null(), at: z.number() })
            .meta({ id: 'FreshnessList' }),
        },
      },
      handle: () => {
        const now = clock.now()
        const items = state.tracker.at(now, readable()).map(toFreshnessView)
        return { body: { items, nextCursor: null, at: roundMilliseconds(now) } }
      },
    }),
  ]
}
