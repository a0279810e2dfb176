import { Metrics, type MetricsRegistry, type Tally } from './metrics.ts'

export type LayerResult = 'received' | 'published' | 'processed' | 'failed'

/**
 * What a service says of a layer at a scrape: totals since it was made, from counters that it keeps anyway. What a
 * service does not do it leaves out, so that the services of one process can be added up without counting anything twice.
 */
export interface LayerReport {
  layer: 'collection' | 'processing' | 'storage' | 'detection'
  messages: Partial<Record<LayerResult, number>>
  /** By what was wrong. */
  validationFailures?: ReadonlyMap<string, number>
  stages?: Readonly<Record<string, Tally>>
}

/** The layers of a process, whichever services run in it: what a stack that looks at layers expects to find. */
export function createLayerMetrics(reports: () => Iterable<LayerReport>): MetricsRegistry {
  const metrics = new Metrics()
  metrics.counter(
    {
      name: 'dtms_layer_messages_total',
      help: 'Messages of a layer by what became of them: received, published, processed or failed; docs/metrics.md says what that is in each layer',
      labels: ['layer', 'result'],
    },
    (counter) => {
      counter.reset()
      for (const { layer, messages } of reports())
        for (const [result, count] of Object.entries(messages)) counter.inc({ layer, result }, count)
    },
  )
  metrics.counter(
    {
      name: 'dtms_layer_validation_failures_total',
      help: 'Messages and lines of a layer that were refused, by what was wrong with them',
      labels: ['layer', 'error_type'],
    },
    (counter) => {
      counter.reset()
      for (const { layer, validationFailures = [] } of reports())
        for (const [type, count] of validationFailures) counter.inc({ layer, error_type: type }, count)
    },
  )
  metrics.tallyHistogram(
    {
      name: 'dtms_layer_stage_seconds',
      help: 'Time of a stage of a layer, seconds; each stage has buckets of its own, so quantiles are taken by layer and stage',
      labels: ['layer', 'stage'],
    },
    function* () {
      for (const { layer, stages = {} } of reports())
        for (const [stage, tally] of Object.entries(stages)) yield { labels: { layer, stage }, tally }
    },
  )
  return metrics.registry
}
