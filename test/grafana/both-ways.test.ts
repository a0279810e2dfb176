import { expect, test } from 'vitest'
import { boards, filled, queriesOf } from '../support/dashboards.ts'
import { metricCatalogue } from '../support/metric-catalogue.ts'
import { parsePromql } from '../support/promql.ts'
import { ruleFiles } from '../support/rules.ts'
import { unusedOnPurpose } from './known-metrics.ts'

/** Without the ending of a histogram's three names. */
const family = (name: string, type: string | undefined) =>
  type === 'histogram' ? name.replace(/_(bucket|sum|count)$/, '') : name

const catalogue = await metricCatalogue()
const declared = new Set([...catalogue].map(([name, { type }]) => family(name, type)))
const expressions = [
  ...queriesOf(boards()).map(({ expr }) => filled(expr)),
  ...boards().flatMap(({ annotations: { list } }) => list.map(({ expr }) => expr)),
  ...ruleFiles().flatMap(({ recordings, alerts }) => [...recordings, ...alerts].map(({ expr }) => expr)),
]
const used = new Set(
  expressions.flatMap((text) =>
    parsePromql(text).selectors.map(({ metric = '' }) => family(metric, catalogue.get(metric)?.type)),
  ),
)

test('every metric of the services is asked for by a dashboard or a rule, or it is said why not', () => {
  expect([...declared].filter((name) => !used.has(name) && !unusedOnPurpose.has(name)).sort()).toEqual([])
})

test('what is said to be unused exists and is unused', () => {
  const stale = [...unusedOnPurpose.keys()].filter((name) => used.has(name) || !declared.has(name))
  expect(stale).toEqual([])
})
