import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { type MetricShape, metricCatalogue } from '../support/metric-catalogue.ts'
import { parsePromql } from '../support/promql.ts'
import { type AlertRule, ruleFiles } from '../support/rules.ts'

interface RuleTest {
  name: string
  input_series: { series: string }[]
  alert_rule_test?: { alertname: string; exp_alerts?: { exp_labels: Record<string, string> }[] }[]
}

const root = new URL('../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')
const folder = 'openshift/prometheus'

const files = ruleFiles()
const alerts = files.flatMap((file) => file.alerts)
const ruleTests = readdirSync(new URL(`${folder}/tests/`, root)).flatMap(
  (name) => (parse(read(`${folder}/tests/${name}`)) as { tests: RuleTest[] }).tests,
)
const sections = new Map(
  read('docs/runbook.md')
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf('\n')).trim(), section]),
)

/** What Prometheus and Alertmanager say of themselves, beside the names that every scrape has. */
const foreign: [string, string[]][] = [
  ['up', []],
  ['prometheus_rule_evaluation_failures_total', ['rule_group']],
  ['prometheus_config_last_reload_successful', []],
  ['prometheus_notifications_dropped_total', []],
  ['alertmanager_config_last_reload_successful', []],
  ['alertmanager_notifications_failed_total', ['integration', 'reason']],
]
/** Labels that Prometheus gives to every target. */
const targetLabels = ['job', 'instance', 'service']

const shapes = new Map<string, MetricShape>([
  ...(await metricCatalogue()),
  ...foreign.map(([name, labels]): [string, MetricShape] => [name, { type: 'foreign', labels: new Set(labels) }]),
])
const recorded = new Set(files.flatMap((file) => file.recordings.map(({ record }) => record)))

function expectations(alertname: string) {
  return ruleTests.flatMap(({ alert_rule_test = [] }) => alert_rule_test.filter((one) => one.alertname === alertname))
}

describe.each([...new Set(alerts.map(({ alert }) => alert))])('%s', (name) => {
  const rules = alerts.filter(({ alert }) => alert === name)

  test('has a rule test that fires and one that stays silent', () => {
    const found = expectations(name)
    expect(found.some(({ exp_alerts = [] }) => exp_alerts.length > 0)).toBe(true)
    // The watchdog is never silent: that is its purpose.
    if (name !== 'Watchdog') expect(found.some(({ exp_alerts = [] }) => exp_alerts.length === 0)).toBe(true)
  })

  test('says how bad it is, whose matter it is, and what to do', () => {
    for (const { labels, annotations } of rules) {
      expect(['critical', 'warning', 'info', 'none']).toContain(labels.severity)
      expect(['collection', 'processing', 'storage', 'detection', 'freshness', 'platform']).toContain(labels.layer)
      expect(annotations.summary).toMatch(/^.{10,100}$/)
      expect(annotations.description).toMatch(/^.{40,}\.$/)
      expect(annotations.runbook_url).toBe(`docs/runbook.md#${name.toLowerCase()}`)
    }
  })

  test('has a section in the runbook: what it means, how to check, how to mend', () => {
    const section = sections.get(name) ?? ''
    for (const part of ['**Means.**', '**Check.**', '**Mend.**']) expect(section).toContain(part)
  })
})

test('the runbook has no section of an alert that is gone', () => {
  const known = new Set(alerts.map(({ alert }) => alert))
  expect([...sections.keys()].filter((name) => !known.has(name))).toEqual([])
})

test('rules use metrics that exist, and labels that these have', () => {
  const problems: string[] = []
  for (const { expr, name } of everyExpression()) {
    const { selectors, groupingLabels, madeLabels } = parsePromql(expr)
    const known = new Set([...targetLabels, ...madeLabels])
    for (const { metric = '', matchers } of selectors) {
      const shape = shapes.get(metric)
      if (shape === undefined && !recorded.has(metric)) problems.push(`${name}: there is no ${metric}`)
      for (const label of shape?.labels ?? labelsOfRecord(metric)) known.add(label)
      const own = new Set([...targetLabels, ...(shape?.labels ?? labelsOfRecord(metric))])
      for (const { label } of matchers) if (!own.has(label)) problems.push(`${name}: ${metric} has no label ${label}`)
    }
    for (const label of groupingLabels) if (!known.has(label)) problems.push(`${name}: nothing has a label ${label}`)
  }
  expect(problems).toEqual([])
})

test('rule tests are about metrics that exist, with labels that these have', () => {
  const problems: string[] = []
  for (const { name, input_series } of ruleTests) {
    for (const { series } of input_series) {
      const [selector] = parsePromql(series).selectors
      const shape = shapes.get(selector?.metric ?? '')
      if (shape === undefined) problems.push(`${name}: there is no ${selector?.metric}`)
      for (const { label } of selector?.matchers ?? [])
        if (shape?.labels.has(label) === false && !targetLabels.includes(label))
          problems.push(`${name}: ${selector?.metric} has no label ${label}`)
    }
  }
  expect(problems).toEqual([])
})

test('recording rules are named level:metric:operation', () => {
  const levels = ['platform', 'site', 'link', 'topic', 'service', 'kind', 'reader', 'instance', 'slo']
  const named = new RegExp(`^(${levels.join('|')}):[a-z0-9_]+:[a-z0-9_]+$`)
  expect([...recorded].filter((name) => !named.test(name))).toEqual([])
})

test('alerts about states of a site know silence only', () => {
  const states = alerts.flatMap(({ expr }) =>
    parsePromql(expr)
      .selectors.filter(({ metric }) => metric === 'dtms_freshness_state')
      .flatMap(({ matchers }) => matchers.map(({ label, value }) => `${label}=${value}`)),
  )
  expect(states).toEqual(['state=silent'])
})

test('every scrape configuration has the interval that users know, and its rules where they are', () => {
  const names = readdirSync(new URL(`${folder}/`, root)).filter((name) => name.endsWith('.yml'))
  expect(names.length).toBeGreaterThan(2)
  for (const name of names) {
    const { global, rule_files } = parse(read(`${folder}/${name}`))
    expect([name, global.scrape_interval, global.evaluation_interval]).toEqual([name, '10s', '10s'])
    expect(rule_files).toEqual([name === 'laptop.yml' ? 'rules/*.yml' : '/etc/prometheus/rules/*.yml'])
  }
})

test('discovery gives targets the jobs that the list of targets has', () => {
  const { scrape_configs } = parse(read(`${folder}/prometheus.yml`))
  const listed: string[] = scrape_configs.map(({ job_name }: { job_name: string }) => job_name)
  const services: string[] = scrape_configs.flatMap((job: { static_configs: { labels: { service: string } }[] }) =>
    job.static_configs.map(({ labels }) => labels.service),
  )
  const [discovery] = parse(read(`${folder}/prometheus-discovery.yml`)).scrape_configs
  const jobOf = (service: string): string => {
    let job = 'dtms_pods'
    for (const { regex, target_label, replacement } of discovery.relabel_configs) {
      const found = target_label === 'job' ? new RegExp(`^(?:${regex})$`).exec(service) : null
      if (found !== null) job = String(replacement).replace('$1', found[1] ?? '')
    }
    return job
  }
  expect([...new Set(services.map(jobOf))].sort()).toEqual([...listed].sort())
  expect(['grafana', 'dtms-kafka', 'dtms-correlation'].map(jobOf)).toEqual(['dtms_pods', 'dtms_pods', 'dtms_pods'])
})

/** Rules of every period: those of 30 days have other ranges in their names. */
function everyExpression(): { name: string; expr: string }[] {
  const other = `${folder}/rules-30d/slo.yml`
  const more = existsSync(new URL(other, root)) ? parse(read(other)).groups : []
  for (const group of more) for (const { record } of group.rules) if (record !== undefined) recorded.add(record)
  const rules: ({ alert?: string; record?: string } & Pick<AlertRule, 'expr'>)[] = [
    ...files.flatMap((file) => [...file.alerts, ...file.recordings]),
    ...more.flatMap((group: { rules: AlertRule[] }) => group.rules),
  ]
  return rules.map(({ alert, record, expr }) => ({ name: alert ?? record ?? '', expr }))
}

/** The level says which labels a recorded series has. */
function labelsOfRecord(metric: string): readonly string[] {
  const [level = ''] = metric.split(':')
  const byLevel: Record<string, string[]> = {
    link: ['source', 'destination'],
    slo: ['slo', 'layer', 'period'],
    platform: [],
    instance: [],
  }
  return byLevel[level] ?? [level]
}
