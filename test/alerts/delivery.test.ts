import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startAlertmanager } from '../support/alertmanager.ts'
import { aFolder, eventually } from '../support/builders.ts'
import { startPrometheus } from '../support/prometheus.ts'
import { noAlertmanager, prometheusParts } from '../support/prometheus-parts.ts'

const rules = { groups: [{ name: 'g', rules: [{ alert: 'Always', expr: 'vector(1)', labels: { severity: 'none' } }] }] }

test.skipIf(noAlertmanager() !== undefined).each(prometheusParts())(
  'an alert of Prometheus $version arrives at Alertmanager',
  async (parts) => {
    const alertmanager = await startAlertmanager({
      config: { route: { receiver: 'none' }, receivers: [{ name: 'none' }] },
    })
    onTestFinished(alertmanager.stop)
    const file = join(aFolder(), 'rules.yml')
    writeFileSync(file, JSON.stringify(rules))
    const prometheus = await startPrometheus({
      parts,
      ruleFiles: [file],
      config: {
        global: { scrape_interval: '1s', evaluation_interval: '1s' },
        rule_files: ['rules/*.yml'],
        alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager.address] }] }] },
      },
    })
    onTestFinished(prometheus.stop)
    await eventually(async () => (await alertmanager.alerts()).some(({ labels }) => labels.alertname === 'Always'))
    const firing = await eventually(async () => (await prometheus.query('ALERTS{alertstate="firing"}'))[0])
    expect(firing).toEqual({ metric: expect.objectContaining({ alertname: 'Always' }), value: 1 })
  },
)
