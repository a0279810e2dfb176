import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { deliveredAlertmanager } from '../support/alertmanager-config.ts'
import { aFolder } from '../support/builders.ts'
import { noAlertmanager } from '../support/prometheus-parts.ts'

const needsAmtool = describe.skipIf(noAlertmanager() !== undefined)
const delivered = deliveredAlertmanager()
const variants = [...delivered.keys()].filter((name) => name.endsWith('.yml'))

function inFolder(): string {
  const folder = aFolder()
  for (const [name, text] of delivered) writeFileSync(join(folder, name), text)
  return folder
}

function amtool(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync('amtool', args, { encoding: 'utf8' })
  return { status, output: `${stdout}${status === 0 ? '' : stderr}`.trim() }
}

needsAmtool('the configuration of Alertmanager', () => {
  test.each(variants)('%s is valid, templates included', (name) => {
    const { status, output } = amtool('check-config', join(inFolder(), name))
    expect([status, output]).toEqual([0, expect.stringContaining('1 templates')])
  })

  test('has a variant for each choice of receivers', () => {
    expect(variants).toEqual([
      'alertmanager.yml',
      'alertmanager-slack.yml',
      'alertmanager-pagerduty.yml',
      'alertmanager-slack-pagerduty.yml',
    ])
  })
})

needsAmtool('an alert goes to', () => {
  const critical = 'severity=critical'
  const rows: [string, string, string[]][] = [
    ['none', 'alertmanager', ['alertname=Watchdog', 'severity=none', 'layer=platform']],
    ['none', 'alertmanager', ['alertname=Watchdog', critical]],
    ['dtms-api', 'alertmanager', ['alertname=Watchdogs', 'severity=none']],
    ['dtms-api', 'alertmanager', ['alertname=watchdog', 'severity=none']],
    ['dtms-api', 'alertmanager', ['alertname=DtmsSiteSilent', critical, 'layer=freshness', 'site=SITE_A']],
    ['dtms-api', 'alertmanager', ['alertname=DtmsLogWriteSlow', 'severity=warning', 'layer=collection']],
    ['dtms-api', 'alertmanager', ['alertname=DtmsNews', 'severity=info']],
    ['dtms-api', 'alertmanager', ['alertname=Unlabelled']],
    ['none', 'alertmanager-slack', ['alertname=Watchdog', 'severity=none']],
    ['slack,dtms-api', 'alertmanager-slack', ['alertname=A', critical]],
    ['slack,dtms-api', 'alertmanager-slack', ['alertname=A', 'severity=warning']],
    ['dtms-api', 'alertmanager-slack', ['alertname=A', 'severity=info']],
    ['pagerduty,dtms-api', 'alertmanager-pagerduty', ['alertname=A', critical]],
    ['dtms-api', 'alertmanager-pagerduty', ['alertname=A', 'severity=warning']],
    ['slack,pagerduty,dtms-api', 'alertmanager-slack-pagerduty', ['alertname=A', critical]],
    ['slack,dtms-api', 'alertmanager-slack-pagerduty', ['alertname=A', 'severity=warning']],
    ['none', 'alertmanager-slack-pagerduty', ['alertname=Watchdog', critical]],
  ]
  test.each(rows)('%s by %s when it has %j', (receivers, variant, labels) => {
    const config = join(inFolder(), `${variant}.yml`)
    expect(amtool('config', 'routes', 'test', `--config.file=${config}`, ...labels)).toEqual({
      status: 0,
      output: receivers,
    })
  })
})

interface Rule {
  alert?: string
  expr: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
}

describe('a full notification', () => {
  test('of the longest alert of the rules fits the body that the API takes', () => {
    const folder = 'openshift/prometheus/rules'
    const rules = readdirSync(folder).flatMap((name) => {
      const { groups } = parse(readFileSync(join(folder, name), 'utf8')) as { groups: { rules: Rule[] }[] }
      return groups.flatMap((group) => group.rules).filter(({ alert }) => alert !== undefined)
    })
    expect(rules.length).toBeGreaterThan(20)
    const { receivers } = parse(delivered.get('alertmanager.yml') ?? '') as {
      receivers: { name: string; webhook_configs?: { max_alerts: number }[] }[]
    }
    const most = receivers.find(({ name }) => name === 'dtms-api')?.webhook_configs?.[0]?.max_alerts ?? Infinity
    // Every label that an alert about a link or a process can have besides, with the longest names.
    const places = {
      site: 'S'.repeat(32),
      source: 'S'.repeat(32),
      destination: 'S'.repeat(32),
      service: 's'.repeat(32),
    }
    const longest = Math.max(
      ...rules.map(({ alert = '', expr, labels = {}, annotations = {} }) => {
        const told = {
          status: 'firing',
          labels: { alertname: alert, ...labels, ...places, instance: 'i'.repeat(64), job: 'j'.repeat(32) },
          annotations,
          startsAt: '2026-01-05T12:00:00.123456789Z',
          endsAt: '0001-01-01T00:00:00Z',
          generatorURL: `http://${'p'.repeat(64)}:9090/graph?g0.expr=${encodeURIComponent(expr)}&g0.tab=1`,
          fingerprint: 'c8a5f0e1b2d34567',
        }
        return Buffer.byteLength(JSON.stringify(told))
      }),
    )
    // Labels and annotations that all have in common come once more.
    expect(longest * (most + 2) + 1024).toBeLessThan(65_536)
  })
})
