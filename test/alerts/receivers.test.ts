import { describe, expect, onTestFinished, test } from 'vitest'
import { startAlertmanager } from '../support/alertmanager.ts'
import { deliveredAlertmanager, onThisMachine } from '../support/alertmanager-config.ts'
import { eventually } from '../support/builders.ts'
import { anHttpReceiver } from '../support/http-servers.ts'
import { noAlertmanager } from '../support/prometheus-parts.ts'

interface Sent {
  path: string
  key: string | undefined
  body: Record<string, unknown>
}

/** Stands for Slack, PagerDuty and the API at once. */
async function aReceiver(): Promise<{ url: string; sent: Sent[] }> {
  const sent: Sent[] = []
  const { url } = await anHttpReceiver((response, { path, headers, body }) => {
    sent.push({ path, key: headers.authorization, body: JSON.parse(body) as Record<string, unknown> })
    // PagerDuty answers with this; the others are not asked for more.
    response.statusCode = path === '/pagerduty' ? 202 : 200
    response.end('ok')
  })
  return { url, sent }
}

const alert = (site: string, severity: string) => ({
  labels: { alertname: 'DtmsSiteSilent', layer: 'freshness', severity, site },
  annotations: { summary: `${site} is silent`, runbook_url: 'docs/runbook.md#dtmssitesilent' },
})

async function deliver(variant: string): Promise<Sent[]> {
  const delivered = deliveredAlertmanager()
  const { url, sent } = await aReceiver()
  const config = onThisMachine(delivered.get(variant) ?? '', {
    'http://dtms-api:8003': url,
    '/etc/alertmanager/secrets/': '',
    '/etc/alertmanager/receivers/': '',
    // The one place that is not in a secret.
    'resolve_timeout: 5m': `resolve_timeout: 5m\n  pagerduty_url: ${url}/pagerduty`,
  })
  const alertmanager = await startAlertmanager({
    config,
    files: {
      'dtms.tmpl': delivered.get('dtms.tmpl') ?? '',
      'api-key': 'the-key\n',
      'slack-url': `${url}/slack\n`,
      'pagerduty-key': 'routing-key\n',
    },
  })
  onTestFinished(alertmanager.stop)
  await alertmanager.post([alert('SITE_A', 'critical'), alert('SITE_B', 'critical')])
  const expected = variant.split('-').length
  await eventually(() => sent.length >= expected, 60_000)
  return sent
}

describe.skipIf(noAlertmanager() !== undefined)('two critical alerts of one name', () => {
  test('are one notification to the API and to nobody else, with the key', async () => {
    const sent = await deliver('alertmanager.yml')
    expect(sent.map(({ path, key }) => [path, key])).toEqual([['/v1/alerts', 'Bearer the-key']])
    expect(sent[0]?.body).toMatchObject({ version: '4', truncatedAlerts: 0, alerts: [{}, {}] })
  })

  test('are one message to Slack and one to PagerDuty as well where these are switched on', async () => {
    const sent = await deliver('alertmanager-slack-pagerduty.yml')
    expect(sent.map(({ path }) => path).sort()).toEqual(['/pagerduty', '/slack', '/v1/alerts'])
    const bodyOf = (path: string) => sent.find((call) => call.path === path)?.body
    const title = '[FIRING 2] DtmsSiteSilent (freshness)'
    expect(bodyOf('/slack')).toMatchObject({
      attachments: [
        {
          title,
          // The runbook is a page of the project: a link only where somebody has put it on the web.
          title_link: expect.stringMatching(/^http:/),
          text: 'critical: SITE_A is silent\ncritical: SITE_B is silent',
        },
      ],
    })
    expect(bodyOf('/pagerduty')).toMatchObject({
      routing_key: 'routing-key',
      event_action: 'trigger',
      payload: { summary: title, severity: 'critical', component: 'freshness', class: 'DtmsSiteSilent' },
    })
  })
})
