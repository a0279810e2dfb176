import { z } from 'zod'
import { invalid } from '../../lib/http/errors.ts'
import { defineRoute, type Route } from '../../lib/http/route.ts'
import type { ApiContext } from '../context.ts'
import { maintenanceStates } from '../maintenance.ts'
import { listOf, maintenanceView, scope } from '../schemas.ts'
import { requireKnownScope } from './known.ts'

/** Longest window, world seconds: a typing error must not silence a site for a year. */
const LONGEST_SECONDS = 14 * 86_400

const when = z
  .union([z.number().min(0).max(7_258_118_400), z.iso.datetime({ offset: true })], {
    error: 'must be Unix seconds, or an instant such as 2026-01-05T12:00:00Z',
  })
  .transform((value) => (typeof value === 'number' ? value : Date.parse(value) / 1000))
  .meta({ type: ['number', 'string'], description: 'World time: Unix seconds, or an ISO instant with its zone' })

const request = z
  .strictObject({ scope, startsAt: when, endsAt: when, note: z.string().max(1024).optional() })
  .meta({ id: 'MaintenanceRequest' })

/** Announced windows, in which silence and failures are not news. */
export function maintenanceRoutes({ state, clock, changes }: ApiContext): Route[] {
  const tags = ['maintenance']
  return [
    defineRoute({
      method: 'get',
      path: '/v1/maintenance',
      operationId: 'listMaintenance',
      summary: 'Announced maintenance windows, the one that begins last first',
      tags,
      querySchema: z.strictObject({ state: z.enum(maintenanceStates).optional() }),
      responses: {
        200: { description: 'At most the newest 1,000', schema: listOf('MaintenanceList', maintenanceView) },
      },
      handle: ({ query }) => {
        const items = state.maintenance
          .list(clock.now())
          .filter((window) => query.state === undefined || window.state === query.state)
        return { body: { items: items.slice(0, 1000), nextCursor: null } }
      },
    }),
    defineRoute({
      method: 'post',
      path: '/v1/maintenance',
      operationId: 'announceMaintenance',
      summary: 'Announces a maintenance window to every detector',
      description: 'It stops no transfer: it says that what happens in it is no reason for an alarm.',
      tags,
      changesState: true,
      bodySchema: request,
      bodyExample: {
        scope: { site: 'SITE_B' },
        startsAt: '2026-01-05T12:00:00Z',
        endsAt: '2026-01-05T13:00:00Z',
        note: 'new storage servers',
      },
      responses: { 201: { description: 'Announced', schema: maintenanceView } },
      handle: async ({ body }) => {
        const { scope: about, startsAt, endsAt, note } = body
        requireKnownScope(about, state.endpoints)
        const refuse = (msg: string) => invalid([{ type: 'value_error', loc: ['body', 'endsAt'], msg, input: endsAt }])
        if (endsAt <= startsAt) throw refuse('must be later than startsAt')
        if (endsAt <= clock.now()) throw refuse('must not be over already (world time: GET /v1/scenario)')
        if (endsAt - startsAt > LONGEST_SECONDS) throw refuse('must be at most 14 days after startsAt')
        const window = { scope: about, startsAt, endsAt, ...(note === undefined ? {} : { note }) }
        return { status: 201, body: await changes.announceMaintenance(window) }
      },
    }),
  ]
}
