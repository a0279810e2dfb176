import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { anomaly } from './anomaly.ts'
import { collection } from './collection.ts'
import { correlation } from './correlation.ts'
import { freshness } from './freshness.ts'
import { infrastructure } from './infrastructure.ts'
import { linkMap } from './link-map.ts'
import { overview } from './overview.ts'
import { processing } from './processing.ts'
import { slo } from './slo.ts'
import { storage } from './storage.ts'

export const dashboards: readonly Dashboard[] = [
  overview,
  collection,
  processing,
  storage,
  anomaly,
  freshness,
  correlation,
  infrastructure,
  linkMap,
  slo,
]

/** File name to text. Keys are sorted, so that the text changes only when a dashboard does. */
export function dashboardFiles(): Map<string, string> {
  return new Map(dashboards.map((dashboard) => [`${fileName(dashboard)}.json`, render(dashboard)]))
}

export function fileName({ uid = '' }: Dashboard): string {
  return uid.replace(/^dtms-/, '')
}

export function render(dashboard: Dashboard): string {
  return `${JSON.stringify(dashboard, sorted, 1)}\n`
}

function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}
