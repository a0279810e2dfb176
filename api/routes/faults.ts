import { z } from 'zod'
import { HttpError, invalid } from '../../lib/http/errors.ts'
import { defineRoute, type Route } from '../../lib/http/route.ts'
import type { Scope } from '../../lib/names.ts'
import { describeFault, faultCatalogue, MAX_OPEN_FAULTS } from '../../simulator/faults/catalogue.ts'
import type { ApiContext } from '../context.ts'
import { type FaultView, faultStates } from '../faults.ts'
import { faultView, listOf, scope } from '../schemas.ts'
import { requireKnownScope } from './known.ts'

const parameterRange = z.object({ minimum: z.number(), maximum: z.number(), default: z.number() })
const catalogueItem = z
  .object({
    kind: z.string(),
    title: z.string(),
    description: z.string(),
    scopes: z.array(z.enum(['site', 'link', 'platform'])),
    scopeHint: z.enum(['site', 'link', 'platform']),
    anomalous: z.boolean(),
    parameters: z.object({ severity: parameterRange.extend({ effect: z.string() }), durationSeconds: parameterRange }),
  })
  .meta({ id: 'FaultKind' })

const faultRequest = z
  .strictObject({
    kind: z.string().max(64).meta({ example: 'link-brownout', description: 'One of GET /v1/faults/catalogue' }),
    scope,
    durationSeconds: z
      .number()
      .min(Math.min(...faultCatalogue.map(({ parameters }) => parameters.durationSeconds.minimum)))
      .max(Math.max(...faultCatalogue.map(({ parameters }) => parameters.durationSeconds.maximum)))
      .meta({ description: 'World seconds' }),
    severity: z.number().gt(0).max(1).default(0.8),
    startsInSeconds: z.number().min(0).max(604_800).default(0).meta({ description: 'World seconds' }),
    hidden: z.boolean().default(false).meta({ description: 'Shown to nobody but callers with the key' }),
  })
  .meta({ id: 'FaultRequest' })

const idPath = z.strictObject({ id: z.string().max(64).meta({ example: 'f-1' }) })

/** Trouble on demand: the catalogue, what was asked for, and asking. */
export function faultRoutes({ state, clock, changes, config }: ApiContext): Route[] {
  const tags = ['faults']
  const find = (id: string, keyed: boolean): FaultView => {
    const fault = state.faults.find(id, clock.now())
    if (fault !== undefined && (keyed || !fault.hidden)) return fault
    throw new HttpError(404, 'no such fault', { hint: 'GET /v1/faults lists them' })
  }
  return [
    defineRoute({
      method: 'get',
      path: '/v1/faults/catalogue',
      operationId: 'listFaultKinds',
      summary: 'Every kind of fault, with its scopes and what its severity means',
      tags,
      querySchema: z.strictObject({}),
      responses: { 200: { description: 'The catalogue', schema: listOf('FaultKindList', catalogueItem) } },
      handle: () => ({ body: { items: faultCatalogue, nextCursor: null } }),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/faults',
      operationId: 'listFaults',
      summary: 'Faults that were asked for, newest first',
      description: 'Hidden ones are listed for callers with the key only.',
      tags,
      querySchema: z.strictObject({ state: z.enum(faultStates).optional() }),
      responses: { 200: { description: 'At most the newest 1,000', schema: listOf('FaultList', faultView) } },
      handle: ({ query, keyed }) => {
        const items = state.faults
          .list(clock.now(), keyed)
          .filter((fault) => query.state === undefined || fault.state === query.state)
        return { body: { items: items.slice(0, 1000), nextCursor: null } }
      },
    }),
    defineRoute({
      method: 'get',
      path: '/v1/faults/{id}',
      operationId: 'getFault',
      summary: 'One fault',
      tags,
      pathSchema: idPath,
      responses: { 200: { description: 'The fault', schema: faultView }, 404: { description: 'No such fault' } },
      handle: ({ path, keyed }) => ({ body: find(path.id, keyed) }),
    }),
    defineRoute({
      method: 'post',
      path: '/v1/faults',
      operationId: 'startFault',
      summary: 'Asks the simulator for a fault',
      tags,
      changesState: true,
      bodySchema: faultRequest,
      bodyExample: {
        kind: 'link-brownout',
        scope: { source: 'SITE_A', destination: 'SITE_B' },
        durationSeconds: 1200,
        severity: 0.8,
      },
      responses: {
        201: { description: 'Written to the control log', schema: faultView, headers: { Location: 'The fault' } },
        409: { description: 'No simulated world runs here, or too many faults are planned and active' },
      },
      handle: async ({ body }) => {
        checkFault(body, config.maxFaultSeconds)
        requireKnownScope(body.scope, state.endpoints)
        if (state.faults.open(clock.now()).length >= MAX_OPEN_FAULTS) {
          throw new HttpError(409, `${MAX_OPEN_FAULTS} faults are planned or active already`, {
            hint: 'cancel one with DELETE /v1/faults/{id}, or wait',
          })
        }
        const fault = await changes.startFault(body)
        return { status: 201, body: fault, headers: { Location: `/v1/faults/${fault.id}` } }
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/v1/faults/{id}',
      operationId: 'cancelFault',
      summary: 'Ends a fault before its time',
      description: 'A second call answers like the first.',
      tags,
      changesState: true,
      pathSchema: idPath,
      responses: {
        200: { description: 'The fault, cancelled', schema: faultView },
        404: { description: 'No such fault' },
        409: { description: 'It has ended by itself' },
      },
      handle: async ({ path }) => {
        const fault = find(path.id, true)
        if (fault.state === 'ended') throw new HttpError(409, 'the fault has ended already')
        return { body: await changes.cancelFault(fault) }
      },
    }),
  ]
}

function checkFault(body: z.infer<typeof faultRequest>, maxSeconds: number): void {
  const kind = describeFault(body.kind)
  if (kind === undefined) {
    const known = faultCatalogue.map((entry) => entry.kind).join(', ')
    throw invalid([
      { type: 'unknown_fault', loc: ['body', 'kind'], msg: `unknown fault; known: ${known}`, input: body.kind },
    ])
  }
  const issues = []
  if (!kind.scopes.includes(kindOfScope(body.scope))) {
    const msg = `${kind.kind} takes these scopes: ${kind.scopes.join(', ')}`
    issues.push({ type: 'scope_not_allowed', loc: ['body', 'scope'], msg, input: body.scope })
  }
  const { minimum, maximum } = kind.parameters.durationSeconds
  const most = Math.min(maximum, maxSeconds)
  if (body.durationSeconds < minimum || body.durationSeconds > most) {
    const msg = `must be ${minimum} to ${most} seconds of world time`
    issues.push({ type: 'value_error', loc: ['body', 'durationSeconds'], msg, input: body.durationSeconds })
  }
  if (body.hidden && kind.kind === 'maintenance') {
    issues.push({ type: 'value_error', loc: ['body', 'hidden'], msg: 'maintenance is announced to all', input: true })
  }
  if (issues.length > 0) throw invalid(issues)
}

function kindOfScope(about: Scope): 'site' | 'link' | 'platform' {
  return 'platform' in about ? 'platform' : 'site' in about ? 'site' : 'link'
}
