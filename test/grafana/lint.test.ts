import { describe, expect, test } from 'vitest'
import { boards, filled, labelValuesOf, queriesOf } from '../support/dashboards.ts'
import { metricCatalogue } from '../support/metric-catalogue.ts'
import { parsePromql, type Selector } from '../support/promql.ts'
import { ruleFiles } from '../support/rules.ts'
import { foreignMetrics, targetLabels } from './known-metrics.ts'

const all = boards()
const catalogue = await metricCatalogue()
const recorded = new Map(
  ruleFiles().flatMap(({ recordings }) => recordings.map((rule) => [rule.record, rule] as const)),
)
const queries = queriesOf(all)
const annotations = all.flatMap(({ name, annotations: { list } }) =>
  list.map(({ name: title, expr }) => ({ board: name, panel: `annotation ${title}`, expr })),
)
const variables = all.flatMap(({ name, templating: { list } }) =>
  list.flatMap((variable) => {
    const asked = labelValuesOf(variable.query ?? '')
    return asked === undefined ? [] : [{ board: name, panel: `variable ${variable.name}`, expr: asked.selector }]
  }),
)
const everything = [...queries, ...annotations, ...variables]

/** One problem a line, so that a failure names all of them at once. */
const problems = <T>(items: readonly T[], find: (item: T) => readonly string[]): string[] => items.flatMap(find)
const at = ({ board, panel }: { board: string; panel: string }, what: string) => `${board} / ${panel}: ${what}`

describe('every dashboard', () => {
  test('is found by its name: uid, tag, title, description', () => {
    for (const { name, uid, tags, title, description } of all) {
      expect([uid, tags, title.startsWith('DTMS ')]).toEqual([`dtms-${name}`, ['dtms'], true])
      expect(description.length).toBeGreaterThan(30)
    }
  })

  test('fits into a ConfigMap with room to spare', () => {
    expect(all.filter(({ bytes }) => bytes > 200 * 1024).map(({ name }) => name)).toEqual([])
  })

  test('lets people choose the data source, and asks no other', () => {
    for (const {
      name,
      templating,
      panels,
      annotations: { list },
    } of all) {
      const source = templating.list.find(({ type }) => type === 'datasource')
      expect([name, source?.name, source?.query]).toEqual([name, 'datasource', 'prometheus'])
      const asked = [
        ...panels.filter(({ type }) => type !== 'row').map(({ datasource }) => datasource?.uid),
        ...panels.flatMap(({ targets = [] }) => targets.map(({ datasource }) => datasource?.uid)),
        ...list.map(({ datasource }) => datasource.uid),
        ...templating.list.filter(({ type }) => type === 'query').map(({ datasource }) => datasource?.uid),
      ]
      expect([name, new Set(asked)]).toEqual([name, new Set(['$datasource'])])
    }
  })

  test('leads to the others by their tag, and to the page of the API', () => {
    for (const { links, templating } of all) {
      expect(links.map(({ type, tags, url }) => [type, tags, url])).toEqual([
        ['dashboards', ['dtms'], undefined],
        ['link', [], '$page/'],
      ])
      expect(templating.list.find(({ name }) => name === 'page')).toMatchObject({ type: 'textbox', query: '' })
    }
  })

  test('marks faults, alerts, restarts and deployments', () => {
    for (const {
      annotations: { list },
    } of all) {
      expect(list.map(({ name }) => name)).toEqual(['Faults', 'Alerts', 'Restarts', 'Deployments'])
    }
  })

  test('has panels with ids of their own that fill the grid, each in a place of its own', () => {
    for (const { name, panels } of all) {
      expect([name, new Set(panels.map(({ id }) => id)).size]).toEqual([name, panels.length])
      const cells = new Set<string>()
      for (const {
        title,
        gridPos: { x, y, w, h },
      } of panels) {
        expect([name, title, x >= 0 && w > 0 && x + w <= 24 && h > 0]).toEqual([name, title, true])
        for (let column = x; column < x + w; column += 1) {
          for (let row = y; row < y + h; row += 1) {
            expect([name, title, cells.has(`${column},${row}`)]).toEqual([name, title, false])
            cells.add(`${column},${row}`)
          }
        }
      }
      const rows = Math.max(...panels.map(({ gridPos: { y, h } }) => y + h))
      expect([name, cells.size]).toEqual([name, 24 * rows])
    }
  })

  test('has variables that take several values and all, and uses each of them', () => {
    for (const {
      name,
      templating,
      panels,
      annotations: { list },
    } of all) {
      const text = JSON.stringify([panels, list, templating.list.map(({ query }) => query)])
      for (const variable of templating.list.filter(({ type }) => type === 'query')) {
        expect([name, variable]).toMatchObject([name, { multi: true, includeAll: true, allValue: '.*' }])
        expect([name, variable.name, text.includes(`$${variable.name}\\"`)]).toEqual([name, variable.name, true])
      }
    }
  })
})

describe('every panel', () => {
  const panels = all.flatMap(({ name, panels }) =>
    panels.filter(({ type }) => type !== 'row').map((panel) => ({ board: name, ...panel })),
  )

  test('has a title of its own, a description that says something, and a unit', () => {
    const found = problems(panels, ({ board, title, description = '', fieldConfig }) => [
      ...(title.length >= 4 ? [] : [at({ board, panel: title }, 'no title')]),
      ...(description.length >= 40 && description.endsWith('.') ? [] : [at({ board, panel: title }, 'no description')]),
      ...(fieldConfig?.defaults.unit === undefined ? [at({ board, panel: title }, 'no unit')] : []),
    ])
    expect(found).toEqual([])
    for (const { name, panels: own } of all) {
      const titles = own.map(({ title }) => title)
      expect([name, titles.length - new Set(titles).size]).toEqual([name, 0])
    }
  })

  test('has queries with letters of their own and legends', () => {
    const found = problems(panels, ({ board, title, targets = [] }) => [
      ...(targets.length > 0 && new Set(targets.map(({ refId }) => refId)).size === targets.length
        ? []
        : [at({ board, panel: title }, 'letters')]),
      ...targets.flatMap(({ legendFormat = '', refId }) =>
        legendFormat === '' ? [at({ board, panel: title }, `${refId} has no legend`)] : [],
      ),
    ])
    expect(found).toEqual([])
  })

  test('is red only where a bar is passed or something failed', () => {
    const bad = /failed|critical|dead|refused|lost|dropped|missing|silent|5xx|cut off|errors?/
    const found = problems(panels, ({ board, title, fieldConfig }) =>
      (fieldConfig?.overrides ?? []).flatMap(({ matcher, properties }) =>
        properties.some(({ value }) => JSON.stringify(value).includes('"red"')) && !bad.test(matcher.options)
          ? [at({ board, panel: title }, `${matcher.options} is red`)]
          : [],
      ),
    )
    expect(found).toEqual([])
  })
})

describe('every query', () => {
  test('is PromQL', () => {
    expect(
      problems(everything, (query) => {
        try {
          parsePromql(filled(query.expr))
          return []
        } catch (error) {
          return [at(query, `${error instanceof Error ? error.message : error}`)]
        }
      }),
    ).toEqual([])
  })

  test('takes rates over $__rate_interval, and only growth over the whole range that is shown', () => {
    const found = problems(everything, (query) =>
      [...query.expr.matchAll(/\b(\w+)\([^()]*\[([^\]]+)\]\)/g)].flatMap(([, call = '', range = '']) => {
        const allowed = call === 'rate' ? ['$__rate_interval'] : ['$__rate_interval', '$__range']
        return allowed.includes(range) ? [] : [at(query, `${call} over [${range}]`)]
      }),
    )
    expect(found).toEqual([])
  })

  test('names metrics that exist, and labels that they have', () => {
    expect(
      problems(everything, (query) =>
        parsePromql(filled(query.expr)).selectors.flatMap((selector) => wrong(selector).map((what) => at(query, what))),
      ),
    ).toEqual([])
  })

  test('groups by labels that one of its metrics has', () => {
    const found = problems(everything, (query) => {
      const { selectors, groupingLabels, madeLabels } = parsePromql(filled(query.expr))
      const known = new Set([
        ...targetLabels,
        ...madeLabels,
        ...selectors.flatMap(({ metric = '' }) => [...labelsOf(metric)]),
      ])
      return groupingLabels.filter((label) => !known.has(label)).map((label) => at(query, `no ${label}`))
    })
    expect(found).toEqual([])
  })

  test('says in its legend only what is left of the labels', () => {
    const found = problems(queries, (query) => {
      const { groupingLabels, madeLabels } = parsePromql(filled(query.expr))
      const left = new Set([...groupingLabels, ...madeLabels])
      return [...(query.legendFormat ?? '').matchAll(/\{\{(\w+)\}\}/g)]
        .map(([, label = '']) => label)
        .filter((label) => !left.has(label))
        .map((label) => at(query, `legend of ${label}`))
    })
    expect(found).toEqual([])
  })

  test('chooses by job only where nothing else says what a target is: up', () => {
    const found = problems(everything, (query) =>
      parsePromql(filled(query.expr)).selectors.flatMap(({ metric, matchers }) =>
        metric !== 'up' && matchers.some(({ label }) => label === 'job') ? [at(query, `${metric} by job`)] : [],
      ),
    )
    expect(found).toEqual([])
  })
})

function labelsOf(metric: string): ReadonlySet<string> {
  const known = catalogue.get(metric)?.labels ?? foreignMetrics.get(metric)
  if (known !== undefined) return new Set(known)
  const rule = recorded.get(metric)
  if (rule === undefined) return new Set()
  const { groupingLabels, madeLabels, selectors } = parsePromql(rule.expr)
  const inner = selectors.flatMap(({ metric: name = '' }) => (name === metric ? [] : [...labelsOf(name)]))
  return new Set([...Object.keys(rule.labels ?? {}), ...groupingLabels, ...madeLabels, ...inner])
}

function wrong({ metric, matchers }: Selector): string[] {
  if (metric === undefined) return ['a selector without a metric']
  if (!catalogue.has(metric) && !foreignMetrics.has(metric) && !recorded.has(metric)) return [`no metric ${metric}`]
  const labels = labelsOf(metric)
  return matchers
    .filter(({ label }) => !labels.has(label) && !targetLabels.has(label))
    .map(({ label }) => `${metric} has no ${label}`)
}
