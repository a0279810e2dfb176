import { type Counter, type Gauge, type Histogram, LabelCap, Metrics, type MetricsRegistry } from '../lib/metrics.ts'
import type { Scope } from '../lib/names.ts'
import type { CorrelationItem } from '../lib/streams/correlations.ts'

/** Figures that are asked for at every scrape; none is stored. */
export interface ApiFacts {
  eventClients(): number
  memoryRecords(): number
  memoryAnomalies(): number
  /** Bytes of the log that have not been read yet. */
  lagBytes(): number
  /** Alerts that fire now, by severity. */
  alertsFiring(): ReadonlyMap<string, number>
  /** The newest correlation run and its age; undefined when there is none, or none that is young enough. */
  correlation(): { items: readonly CorrelationItem[]; ageSeconds: number } | undefined
  /** Faults that hold now and that everybody may see. */
  activeFaults(): readonly { kind: string; scope: Scope }[]
}

/** As many links as the stream service shows. */
const MAX_LINKS = 100

export interface ApiMetrics {
  registry: MetricsRegistry
  requests: Histogram<'route' | 'status'>
  recordsRead: Counter<'kind'>
  linesDamaged: Counter<'kind' | 'reason'>
  stateChanges: Counter<'result'>
  eventsPublished: Counter<'kind'>
  eventClientsDropped: Counter
  volumeFailures: Counter
  eventClients: Gauge
  alertsReceived: Counter<'result'>
}

export function createApiMetrics(facts: ApiFacts): ApiMetrics {
  const metrics = new Metrics()
  declareCorrelation(metrics, facts)
  metrics.gauge(
    {
      name: 'dtms_faults_active',
      help: 'Injected faults that hold now, by kind and by the site, or source and destination, that they are about (neither: the whole platform); hidden ones are left out until they are revealed',
      labels: ['kind', 'site', 'source', 'destination'],
    },
    (gauge) => {
      gauge.reset()
      for (const { kind, scope } of facts.activeFaults()) gauge.inc({ kind, ...labelsOf(scope) })
    },
  )
  metrics.gauge({ name: 'dtms_api_memory_records', help: 'Newest transfers kept in memory' }, (gauge) =>
    gauge.set(facts.memoryRecords()),
  )
  metrics.gauge({ name: 'dtms_api_memory_anomalies', help: 'Newest anomalies kept in memory' }, (gauge) =>
    gauge.set(facts.memoryAnomalies()),
  )
  metrics.gauge({ name: 'dtms_api_lag_bytes', help: 'Bytes of the log that the API has not read yet' }, (gauge) =>
    gauge.set(facts.lagBytes()),
  )
  metrics.gauge(
    {
      name: 'dtms_alerts_firing',
      help: 'Alerts that fire, as Alertmanager has told, by severity (critical, warning, info, none, _other)',
      labels: ['severity'],
    },
    (gauge) => {
      for (const [severity, count] of facts.alertsFiring()) gauge.set({ severity }, count)
    },
  )
  const alertsReceived = metrics.counter({
    name: 'dtms_alerts_received_total',
    help: 'Alerts in notifications: accepted (a change), repeated, truncated (left out by Alertmanager); refused counts whole notifications',
    labels: ['result'],
  })
  const stateChanges = metrics.counter({
    name: 'dtms_api_state_changes_total',
    help: 'State changes asked for, by result (done, refused, failed); of which kind is not told, faults may be hidden',
    labels: ['result'],
  })
  for (const result of ['done', 'refused', 'failed']) stateChanges.inc({ result }, 0)
  for (const result of ['accepted', 'repeated', 'truncated', 'refused']) alertsReceived.inc({ result }, 0)
  return {
    alertsReceived,
    registry: metrics.registry,
    requests: metrics.histogram(
      {
        name: 'dtms_http_request_seconds',
        help: 'Time to answer a request, by route pattern and class of the status code',
        labels: ['route', 'status'],
      },
      [0.001, 0.005, 0.025, 0.1, 0.5, 2.5],
    ),
    recordsRead: metrics.counter({
      name: 'dtms_api_lines_read_total',
      help: 'Lines of the log read, by stream',
      labels: ['kind'],
    }),
    linesDamaged: metrics.counter({
      name: 'dtms_api_lines_damaged_total',
      help: 'Lines of the log that could not be used, by stream and reason',
      labels: ['kind', 'reason'],
    }),
    stateChanges,
    eventsPublished: metrics.counter({
      name: 'dtms_api_events_total',
      help: 'Live events published, by type',
      labels: ['kind'],
    }),
    eventClientsDropped: metrics.counter({
      name: 'dtms_api_event_clients_dropped_total',
      help: 'Listeners of live events that were too slow and were cut off',
    }),
    volumeFailures: metrics.counter({
      name: 'dtms_api_volume_failures_total',
      help: 'Readings of the log that failed and were tried again',
    }),
    eventClients: metrics.gauge(
      { name: 'dtms_api_event_clients', help: 'Listeners of live events that are connected' },
      (gauge) => gauge.set(facts.eventClients()),
    ),
  }
}

/** Results of the batch job, which is over when it is asked for: the API read them from the log. */
function declareCorrelation(metrics: Metrics, facts: ApiFacts): void {
  const links = new LabelCap(MAX_LINKS)
  const young = 'newest batch run; absent after 30 minutes without a run'
  const whole = () => facts.correlation()?.items.find(({ scope }) => 'platform' in scope)
  const gauge = (name: string, help: string, value: () => number | undefined) =>
    metrics.gauge({ name, help: `${help}, ${young}` }, (it) => setOrRemove(it, value()))
  const linkGauge = (name: string, help: string, value: (item: CorrelationItem) => number | undefined) =>
    metrics.gauge({ name, help: `${help}, ${young}`, labels: ['source', 'destination'] }, (it) => {
      it.reset()
      for (const item of facts.correlation()?.items ?? []) {
        const link = 'source' in item.scope ? item.scope : undefined
        const number = value(item)
        if (link === undefined || number === undefined) continue
        if (links.label(`${link.source}>${link.destination}`) !== '_other') it.set({ ...link }, number)
      }
    })
  gauge(
    'dtms_corr_anomaly_throughput',
    'Pearson coefficient of anomalies per minute against mean throughput, all links',
    () => whole()?.coefficient ?? undefined,
  )
  gauge('dtms_corr_p_value', 'Two-sided p of that coefficient', () => whole()?.pValue ?? undefined)
  gauge('dtms_corr_pairs', 'Minutes that the coefficient was made from', () => whole()?.pairs)
  gauge('dtms_corr_age_seconds', 'World seconds since that run', () => facts.correlation()?.ageSeconds)
  linkGauge(
    'dtms_corr_link_coefficient',
    'Pearson coefficient of anomalies per minute against mean throughput of a link',
    ({ coefficient }) => coefficient ?? undefined,
  )
  linkGauge(
    'dtms_corr_link_lag_seconds',
    'Lag at which the coefficient of a link is strongest, seconds; positive: throughput follows the anomalies',
    ({ bestLagMinutes }) => (bestLagMinutes === null ? undefined : bestLagMinutes * 60),
  )
}

function labelsOf(scope: Scope): Partial<Record<'site' | 'source' | 'destination', string>> {
  return 'platform' in scope ? {} : { ...scope }
}

/** A value that is not known must not be exposed at all: the old one would look like news. */
function setOrRemove(gauge: Gauge, value: number | undefined): void {
  gauge.remove()
  if (value !== undefined) gauge.set(value)
}
