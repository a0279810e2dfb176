import { z } from 'zod'
import { defineRoute, type Route } from '../../lib/http/route.ts'
import type { ApiContext } from '../context.ts'
import { instant } from '../schemas.ts'
import { roundMilliseconds } from '../state.ts'

const worldView = z
  .object({
    mode: z.enum(['auto', 'wall', 'data']).meta({ description: 'What the time is taken from (docs/log-store.md)' }),
    now: instant,
    speed: z.number().meta({ description: 'World seconds per wall second; 0 when time stands still' }),
    world: z
      .object({
        scenario: z.string(),
        scenarioSha256: z.string(),
        seed: z.number().int(),
        worldStart: instant,
        wallStart: z.number(),
        backfillUntil: instant,
      })
      .nullable()
      .meta({ description: 'Null when no simulated world runs on this data directory' }),
  })
  .meta({ id: 'World' })

/** Which world this is and how its time runs. */
export function worldRoutes({ clock, changes }: ApiContext): Route[] {
  const tags = ['world']
  return [
    defineRoute({
      method: 'get',
      path: '/v1/scenario',
      operationId: 'getScenario',
      summary: 'Scenario, seed and time of the simulated world',
      tags,
      querySchema: z.strictObject({}),
      responses: { 200: { description: 'The world', schema: worldView } },
      handle: () => {
        const { world } = clock
        const shown =
          world === undefined
            ? null
            : {
                scenario: world.scenario,
                scenarioSha256: world.scenarioSha256,
                seed: world.seed,
                worldStart: world.worldStart,
                wallStart: world.wallStart,
                backfillUntil: world.backfillUntil,
              }
        return { body: { mode: clock.mode, now: roundMilliseconds(clock.now()), speed: clock.speed, world: shown } }
      },
    }),
    defineRoute({
      method: 'put',
      path: '/v1/scenario/speed',
      operationId: 'setSpeed',
      summary: 'Lets the world run faster or slower from a moment ahead',
      tags,
      changesState: true,
      bodySchema: z
        .strictObject({ speed: z.number().gt(0).max(10_000) })
        .meta({ id: 'SpeedRequest', description: 'World seconds per wall second' }),
      bodyExample: { speed: 10 },
      responses: {
        202: {
          description: 'Written; it holds from `effectiveAt` on',
          schema: z.object({ speed: z.number(), effectiveAt: instant }).meta({ id: 'SpeedChange' }),
        },
        409: { description: 'No simulated world runs here' },
      },
      handle: async ({ body }) => ({ status: 202, body: await changes.setSpeed(body.speed) }),
    }),
  ]
}
