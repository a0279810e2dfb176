import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startAlertmanager } from '../support/alertmanager.ts'
import { deliveredAlertmanager, onThisMachine } from '../support/alertmanager-config.ts'
import { aFolder, eventually } from '../support/builders.ts'
import { type RunningDtms, startUp, untilReady } from '../support/dtms.ts'
import { ask } from '../support/http.ts'
import { startLongRunning } from '../support/long-running.ts'
import { startPrometheus } from '../support/prometheus.ts'
import { noAlertmanager, noPrometheus } from '../support/prometheus-parts.ts'

const rules = resolve('openshift/prometheus/rules')
const KEY = 'key-of-the-alert-tests'
/** World seconds per second: what takes an hour of silence is over within a minute. */
const SPEED = 60
/** Waits of the rules and of Alertmanager are the delivered ones: 1 minute, 10 s and 1 minute. */
const CAP_MS = 240_000

interface Alert {
  id: string
  state: string
  name: string
  severity: string
  labels: Record<string, string>
  annotations: Record<string, string>
}

function callsOf(dtms: RunningDtms) {
  const headers = { authorization: `Bearer ${KEY}` }
  return {
    alerts: async (query: string) => {
      const { json } = await ask(`${dtms.url}/v1/alerts${query}`)
      return (json as { items: Alert[] }).items
    },
    silence: async (site: string) => {
      const body = { kind: 'silent-site', scope: { site }, durationSeconds: 21_600, severity: 1 }
      const { status, json, text } = await ask(`${dtms.url}/v1/faults`, { method: 'POST', headers, body })
      if (status !== 201) throw new Error(text)
      return (json as { id: string }).id
    },
    mend: (id: string) => ask(`${dtms.url}/v1/faults/${id}`, { method: 'DELETE', headers }),
  }
}

describe.skipIf((noPrometheus() ?? noAlertmanager()) !== undefined)('two sites that fall silent', () => {
  test('are one notification at the API, and over when they send again', { timeout: 2 * CAP_MS }, async () => {
    const data = aFolder()
    const dtms = await startUp(['--data', data, '--speed', `${SPEED}`, '--backfill-hours', '6'], { DTMS_API_KEY: KEY })
    await untilReady(dtms.url)
    const api = callsOf(dtms)
    const config = deliveredAlertmanager()
    const alertmanager = await startAlertmanager({
      config: onThisMachine(config.get('alertmanager.yml') ?? '', {
        'http://dtms-api:8003': dtms.url,
        '/etc/alertmanager/secrets/api-key': 'api-key',
      }),
      files: { 'dtms.tmpl': config.get('dtms.tmpl') ?? '', 'api-key': `${KEY}\n` },
    })
    onTestFinished(alertmanager.stop)
    // Right after everything was started the rules hold their fire: this one has been running since yesterday.
    const longRunning = await startLongRunning()
    const prometheus = await startPrometheus({
      ruleFiles: readdirSync(rules).map((name) => join(rules, name)),
      config: (address) => ({
        global: { scrape_interval: '2s', evaluation_interval: '2s', scrape_timeout: '2s' },
        rule_files: ['rules/*.yml'],
        alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager.address] }] }] },
        scrape_configs: [
          aJob('dtms', new URL(dtms.url).host),
          aJob('prometheus', address),
          aJob('alertmanager', alertmanager.address),
          aJob('other', longRunning),
        ],
      }),
    })
    onTestFinished(prometheus.stop)
    await eventually(
      async () => (await prometheus.query('dtms_freshness_state{state="fresh"} == 1')).length === 3,
      60_000,
    )
    expect(await api.alerts('')).toEqual([])

    const faults = await Promise.all(['SITE_A', 'SITE_B'].map(api.silence))
    const silent = await eventually(async () => {
      const firing = await api.alerts('?state=firing')
      return firing.some(({ name }) => name === 'DtmsSiteSilent') ? firing : undefined
    }, CAP_MS)
    expect(silent.map(({ name, severity, labels }) => [name, severity, labels.site]).sort()).toEqual([
      ['DtmsSiteSilent', 'critical', 'SITE_A'],
      ['DtmsSiteSilent', 'critical', 'SITE_B'],
    ])
    expect(silent[0]?.annotations).toMatchObject({ summary: expect.stringContaining('silent') })
    expect(await webhooks(alertmanager.url)).toBe(1)
    expect((await alertmanager.alerts()).some(({ labels }) => labels.alertname === 'Watchdog')).toBe(true)

    for (const id of faults) expect((await api.mend(id)).status).toBe(200)
    const over = await eventually(async () => {
      const resolved = await api.alerts('?state=resolved')
      return resolved.length >= 2 ? resolved : undefined
    }, CAP_MS)
    expect(over.map(({ id }) => id).sort()).toEqual(silent.map(({ id }) => id).sort())
    expect(await api.alerts('?state=firing')).toEqual([])
    const { text } = await ask(`${dtms.url}/metrics`)
    expect(text).toContain('dtms_alerts_received_total{result="accepted"} 4')
    expect(text).toContain('dtms_alerts_received_total{result="refused"} 0')
  })
})

function aJob(name: string, target: string): object {
  return { job_name: name, static_configs: [{ targets: [target], labels: { service: name } }] }
}

/** Notifications by webhook that Alertmanager has sent. */
async function webhooks(url: string): Promise<number> {
  const { text } = await ask(`${url}/metrics`)
  return Number(/^alertmanager_notifications_total\{[^}]*integration="webhook"[^}]*\} (\d+)/m.exec(text)?.[1] ?? 0)
}
