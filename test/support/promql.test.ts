import { expect, test } from 'vitest'
import { parsePromql } from './promql.ts'

test('a query is taken apart into selectors, matchers and the labels it groups by', () => {
  const text = `sum by (site) (rate(a_total{site=~"A|B",le!="1"}[5m] offset 1m))
    / on(site, state) group_left(kind) b:c:d unless ignoring(x) up{job='y'} > 0.5`
  expect(parsePromql(text)).toEqual({
    selectors: [
      {
        metric: 'a_total',
        matchers: [
          { label: 'site', op: '=~', value: 'A|B' },
          { label: 'le', op: '!=', value: '1' },
        ],
      },
      { metric: 'b:c:d', matchers: [] },
      { metric: 'up', matchers: [{ label: 'job', op: '=', value: 'y' }] },
    ],
    groupingLabels: ['site', 'site', 'state', 'kind', 'x'],
    madeLabels: [],
    numbers: ['0.5'],
  })
})

test('labels that label_replace makes are told apart from those that a metric has', () => {
  expect(parsePromql('label_replace(up, "who", "$1", "instance", "(.*)")').madeLabels).toEqual(['who'])
})

test.each([
  ['sum by (site) (rate(a_total[5m])', 'an open bracket'],
  ['rate(a_total[$__rate_interval])', "a variable of Grafana's"],
  ['a_total{site=A}', 'a value without quotes'],
])('%s is refused: %s', (text) => {
  expect(() => parsePromql(text)).toThrow(/not PromQL at/)
})
