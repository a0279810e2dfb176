import type { MetricsRegistry } from '../lib/metrics.ts'
import { type Counter, type Gauge, type Histogram, Metrics } from '../lib/metrics.ts'

/** Figures that are asked for at every scrape; none is stored. */
export interface ApiFacts {
  eventClients(): number
  memoryRecords(): number
  memoryAnomalies(): number
  /** Bytes of the log that have not been read yet. */
  lagBytes(): number
  /** Coefficient of the newest correlation run and its age; undefined when there is none, or none that is young enough. */
  correlation(): { coefficient: number | null; ageSeconds: number } | undefined
}

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
}

export function createApiMetrics(facts: ApiFacts): ApiMetrics {
  const metrics = new Metrics()
  metrics.gauge(
    {
      name: 'dtms_corr_anomaly_throughput',
      help: 'Pearson coefficient of anomalies per minute against mean throughput, all links, newest batch run; absent after 30 minutes without a run',
    },
    (gauge) => setOrRemove(gauge, facts.correlation()?.coefficient ?? undefined),
  )
  metrics.gauge(
    {
      name: 'dtms_corr_age_seconds',
      help: 'World seconds since the newest correlation run; absent after 30 minutes without a run',
    },
    (gauge) => setOrRemove(gauge, facts.correlation()?.ageSeconds),
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
  return {
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
    stateChanges: metrics.counter({
      name: 'dtms_api_state_changes_total',
      help: 'State changes asked for, by result (done, refused, failed); of which kind is not told, faults may be hidden',
      labels: ['result'],
    }),
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

/** A value that is not known must not be exposed at all: the old one would look like news. */
function setOrRemove(gauge: Gauge, value: number | undefined): void {
  gauge.remove()
  if (value !== undefined) gauge.set(value)
}
