import { describe, expect, onTestFinished, test } from 'vitest'
import { startAlertmanager } from '../support/alertmanager.ts'
import { deliveredAlertmanager } from '../support/alertmanager-config.ts'
import { eventually } from '../support/builders.ts'
import { noAlertmanager } from '../support/prometheus-parts.ts'

type Labels = Record<string, string>
const critical = (labels: Labels) => ({ alertname: 'Critical', severity: 'critical', ...labels })
const warning = (labels: Labels) => ({ alertname: 'Warning', severity: 'warning', ...labels })
const onSite = { layer: 'collection', site: 'SITE_A' }
const onLink = { layer: 'detection', source: 'SITE_A', destination: 'SITE_B' }
const ofService = { layer: 'platform', service: 'anomaly' }
const ofObjective = { layer: 'processing', slo: 'latency' }

const rows: [string, boolean, Labels, Labels][] = [
  ['a warning about the same site', true, critical(onSite), warning(onSite)],
  ['news about the same site', true, critical(onSite), { ...warning(onSite), severity: 'info' }],
  ['another critical alert about the same site', false, critical(onSite), { ...critical(onSite), alertname: 'Other' }],
  ['a warning about another site', false, critical(onSite), warning({ ...onSite, site: 'SITE_B' })],
  ['a warning of another layer', false, critical(onSite), warning({ ...onSite, layer: 'storage' })],
  ['a warning about the same link', true, critical(onLink), warning(onLink)],
  [
    'a warning about the way back',
    false,
    critical(onLink),
    warning({ ...onLink, source: 'SITE_B', destination: 'SITE_A' }),
  ],
  ['a warning about another destination', false, critical(onLink), warning({ ...onLink, destination: 'SITE_C' })],
  [
    'a warning about a site, when it is about a link',
    false,
    critical(onLink),
    warning({ layer: 'detection', site: 'SITE_A' }),
  ],
  ['a warning about a link, when it is about no place', false, critical({ layer: 'detection' }), warning(onLink)],
  ['a warning about no place, when it is about a site', false, critical(onSite), warning({ layer: 'collection' })],
  ['a warning about the same service', true, critical(ofService), warning(ofService)],
  ['a warning about another service', false, critical(ofService), warning({ ...ofService, service: 'dtms-api' })],
  [
    'a warning about another site of the same service',
    false,
    critical({ ...onSite, service: 'dtms-freshness' }),
    warning({ ...onSite, site: 'SITE_B', service: 'dtms-freshness' }),
  ],
  ['a warning about the same objective', true, critical(ofObjective), warning(ofObjective)],
  ['a warning about another objective', false, critical(ofObjective), warning({ ...ofObjective, slo: 'errors' })],
  ['a critical alert, when it is a warning', false, warning(onSite), { ...critical(onSite), alertname: 'Other' }],
]

describe.skipIf(noAlertmanager() !== undefined)('while a critical alert fires', () => {
  test('what stays silent is what is about the same place and layer', async () => {
    const config = deliveredAlertmanager()
    const alertmanager = await startAlertmanager({
      config: config.get('alertmanager.yml') ?? '',
      files: { 'dtms.tmpl': config.get('dtms.tmpl') ?? '' },
    })
    onTestFinished(alertmanager.stop)
    // A place of its own for each pair: rows must not silence each other.
    const pairs = rows.map(([name, , source, target], row) => ({
      name,
      source: { ...source, layer: `${source.layer}-${row}` },
      target: { ...target, layer: `${target.layer}-${row}`, pair: name },
    }))
    await alertmanager.post(pairs.map(({ source }) => ({ labels: source })))
    await alertmanager.post(pairs.map(({ target }) => ({ labels: target })))
    const silenced = await eventually(async () => {
      const held = (await alertmanager.alerts()).filter(({ labels }) => labels.pair !== undefined)
      const inhibited = held.filter(({ inhibitedBy }) => inhibitedBy.length > 0)
      return held.every(({ state }) => state !== 'unprocessed') && inhibited.length > 0 && held.length === rows.length
        ? new Set(inhibited.map(({ labels }) => labels.pair))
        : undefined
    })
    expect(rows.filter(([name]) => silenced.has(name)).map(([name]) => name)).toEqual(
      rows.filter(([, isSilent]) => isSilent).map(([name]) => name),
    )
  })
})
