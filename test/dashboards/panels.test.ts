import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/builders.ts'
import { boards, filled, labelValuesOf, queriesOf } from '../support/dashboards.ts'
import { described, drawn, empty, type Series } from '../support/drawn.ts'
import { noLimits } from '../support/limits.ts'
import { startWatchedStack, type WatchedStack } from '../support/watched-stack.ts'
import { missingParts } from '../support/watched-stack-setup.ts'

/** World seconds in one of the wall: windows close, runs of the batch job have something to compare. */
const SPEED = 20
/** Rules look back up to minutes, the first window closes after two of the world. */
const SETTLED_MS = 150_000

const missing = missingParts().filter((reason) => reason !== noLimits())
const all = boards()

describe.skipIf(missing.length > 0)('the dashboards over everything that runs for real, with a fault', () => {
  let stack: WatchedStack
  beforeAll(async () => {
    stack = await startWatchedStack(SPEED)
    const link = { source: 'SITE_A', destination: 'SITE_B' }
    await eventually(async () => {
      const wish = { kind: 'link-brownout', scope: link, severity: 0.9, durationSeconds: 7200 }
      return (await stack.fault(wish)) === 201
    }, 60_000)
    const full = { kind: 'destination-full', scope: { site: 'SITE_C' }, durationSeconds: 7200 }
    expect(await stack.fault(full)).toBe(201)
  })
  afterAll(() => stack?.stop())

  it('every target is up and every service lives', async () => {
    await eventually(async () => {
      const targets = [...(await stack.prometheus.targets()).values()]
      return targets.length >= 9 && targets.every((up) => up)
    }, 60_000)
    expect([...stack.services.values()].flatMap(({ crashes }) => crashes)).toEqual([])
  })

  it('a query that draws nothing, or no number, is told from one that does', async () => {
    const nothing = { ...{ board: 'x', panel: 'x', type: 'stat', refId: 'A', legendFormat: 'x' }, instant: true }
    const asked = ['up == 7', '0 * up / 0', '0 * up'].map((expr) => ({ ...nothing, expr }))
    expect((await empty(stack.prometheus, asked)).map(({ expr }) => expr)).toEqual(['up == 7', '0 * up / 0'])
  })

  it('every query of every panel draws something', async () => {
    let left = queriesOf(all).filter(({ expr }) => noLimits() === undefined || !expr.includes('dtms_limit_'))
    const began = Date.now()
    const total = left.length
    await eventually(async () => {
      if ((await stack.prometheus.query('dtms_corr_age_seconds < 600')).length === 0) stack.correlate()
      left = await empty(stack.prometheus, left)
      return left.length === 0 || Date.now() - began > SETTLED_MS
    }, SETTLED_MS + 60_000)
    process.stdout.write(
      `${total} queries of ${all.length} boards after ${Math.round((Date.now() - began) / 1000)} s\n`,
    )
    expect(left.map(described)).toEqual([])
  })

  it('every variable has values to choose from', async () => {
    const asked = all.flatMap(({ name, templating }) =>
      templating.list.flatMap((variable) => {
        const values = labelValuesOf(variable.query ?? '')
        return values === undefined ? [] : [{ name, variable: variable.name, ...values }]
      }),
    )
    for (const { name, variable, selector, label } of asked) {
      const query = new URLSearchParams({ 'match[]': filled(selector) })
      const values = (await stack.prometheus.get(`/api/v1/label/${label}/values?${query}`)) as string[]
      expect([name, variable, values.length > 0]).toEqual([name, variable, true])
    }
  })

  it('every mark over the graphs can be asked for, and the fault is one of them', async () => {
    for (const { name, annotations } of all) {
      const kinds = new Map<string, Series[]>()
      for (const { name: mark, expr } of annotations.list)
        kinds.set(mark, await drawn(stack.prometheus, { expr, instant: true }))
      expect([
        name,
        kinds
          .get('Faults')
          ?.map(({ metric }) => metric.kind)
          .sort(),
      ]).toEqual([name, ['destination-full', 'link-brownout']])
      expect([name, kinds.get('Restarts')?.length]).toEqual([name, stack.services.size + 1])
    }
  })

  it('every recording and alert rule evaluates', async () => {
    interface Rule {
      name: string
      health: string
      lastError?: string
    }
    const { groups } = (await stack.prometheus.get('/api/v1/rules')) as { groups: { rules: Rule[] }[] }
    const rules = groups.flatMap((group) => group.rules)
    expect(rules.length).toBeGreaterThan(80)
    expect(rules.filter(({ health }) => health !== 'ok').map(({ name, lastError }) => `${name}: ${lastError}`)).toEqual(
      [],
    )
  })
})
