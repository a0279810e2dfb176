import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { boards } from '../support/dashboards.ts'

const folder = new URL('../../grafana/', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, folder), 'utf8')
const ini = new Map(
  read('grafana.ini')
    .split('\n')
    .reduce<{ section: string; pairs: [string, string][] }>(
      ({ section, pairs }, line) => {
        const opened = /^\[(.+)\]$/.exec(line)?.[1]
        const [, key = '', value = ''] = /^(\w+) = (.*)$/.exec(line) ?? []
        return { section: opened ?? section, pairs: key === '' ? pairs : [...pairs, [`${section}.${key}`, value]] }
      },
      { section: '', pairs: [] },
    ).pairs,
)
const [source] = parse(read('provisioning/datasources/dtms.yaml')).datasources
const [provider] = parse(read('provisioning/dashboards/dtms.yaml')).providers

test('the boards choose the data source that is provisioned', () => {
  for (const { templating } of boards()) {
    expect(templating.list.find(({ name }) => name === 'datasource')?.current?.value).toBe(source.uid)
  }
  expect(source).toMatchObject({ uid: 'dtms-prometheus', url: 'http://prometheus:9090', isDefault: true })
})

test('the home page is a board that is provided', () => {
  const home = ini.get('dashboards.default_home_dashboard_path') ?? ''
  expect(dirname(home)).toBe(provider.options.path)
  expect(existsSync(new URL(`dashboards/${basename(home)}`, folder))).toBe(true)
})

test('everybody may look, nobody can join, nothing is fetched or reported', () => {
  const wanted = {
    'auth.anonymous.enabled': 'true',
    'auth.anonymous.org_role': 'Viewer',
    'users.allow_sign_up': 'false',
    'analytics.reporting_enabled': 'false',
    'analytics.check_for_updates': 'false',
    'analytics.check_for_plugin_updates': 'false',
    'news.news_feed_enabled': 'false',
    'plugins.plugin_admin_enabled': 'false',
    'plugins.preinstall_disabled': 'true',
    'unified_alerting.enabled': 'false',
  }
  expect(Object.fromEntries(Object.keys(wanted).map((key) => [key, ini.get(key)]))).toEqual(wanted)
  expect([...ini.keys()].filter((key) => key.startsWith('security.admin'))).toEqual([])
})

test('only what is an empty folder in the pod is written to', () => {
  for (const key of ['paths.data', 'paths.plugins', 'paths.logs']) {
    expect([key, /^\/(var\/lib\/grafana|tmp)(\/|$)/.test(ini.get(key) ?? '')]).toEqual([key, true])
  }
})

test('the data source knows how often Prometheus scrapes', () => {
  const prometheus = new URL('../openshift/prometheus/prometheus.yml', folder)
  const { scrape_interval } = parse(readFileSync(prometheus, 'utf8')).global
  expect(source.jsonData.timeInterval).toBe(scrape_interval)
})
