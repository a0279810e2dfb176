import type { ToldAlert } from '../../api/alert-inbox.ts'
import type { AlertFiring, AlertResolved } from '../../lib/streams/alerts.ts'
import { NOON } from './builders.ts'

/** A critical alert about SITE_B that began at NOON of the wall. */
export function aToldAlert(changes: Partial<ToldAlert> = {}): ToldAlert {
  return {
    status: 'firing',
    fingerprint: 'f1',
    labels: { alertname: 'SiteSilent', severity: 'critical', layer: 'freshness', site: 'SITE_B' },
    annotations: { summary: 'SITE_B is silent' },
    startsAt: NOON,
    ...changes,
  }
}

export function aFiringLine(changes: Partial<AlertFiring> = {}): AlertFiring {
  const { status: _status, ...facts } = aToldAlert()
  return { v: 1, seq: 1, at: NOON + 5, type: 'firing', ...facts, ...changes }
}

export function aResolvedLine(changes: Partial<AlertResolved> = {}): AlertResolved {
  const { status: _status, ...facts } = aToldAlert()
  const end = { endsAt: NOON + 60, resolution: 'told' as const, firing: 1 }
  return { v: 1, seq: 2, at: NOON + 65, type: 'resolved', ...facts, ...end, ...changes }
}

/** The same as Alertmanager posts it. */
export function aNotification(alerts: readonly object[], changes: object = {}): object {
  const labels = { alertname: 'SiteSilent', layer: 'freshness' }
  return {
    version: '4',
    groupKey: '{}:{alertname="SiteSilent", layer="freshness"}',
    truncatedAlerts: 0,
    status: 'firing',
    receiver: 'dtms-api',
    ...{ groupLabels: labels, commonLabels: labels, commonAnnotations: {} },
    externalURL: 'http://alertmanager:9093',
    alerts,
    ...changes,
  }
}

export function aPostedAlert(changes: object = {}): object {
  const { labels, annotations, fingerprint } = aToldAlert()
  return {
    status: 'firing',
    ...{ labels, annotations, fingerprint },
    startsAt: '2023-10-01T12:00:00.123456789Z',
    endsAt: '0001-01-01T00:00:00Z',
    generatorURL: 'http://prometheus:9090/graph?g0.expr=up',
    ...changes,
  }
}
