import { resultColours, siteColours } from './colours.ts'
import { dashboard } from './frame.ts'
import { noneSteps, someSteps, writeSteps, yesWords } from './marks.ts'
import { graph, stat, states } from './panels.ts'
import { chosen, grownInRange, maxBy, orNone, orZero, quantile, rate, select, share, sumBy } from './queries.ts'
import { unit } from './units.ts'
import { serviceVariable, siteVariable } from './variables.ts'

const site = [chosen('site')]
const service = [chosen('service')]
const layer = ['layer="storage"', ...service]

/** Each reader of the log has counters of its own. */
const damage = [
  ['exporters', 'dtms_log_damaged_lines_total'],
  ['anomaly', 'dtms_anomaly_log_damaged_lines_total'],
  ['freshness', 'dtms_freshness_damaged_lines_total'],
  ['producer', 'dtms_producer_log_damaged_lines_total'],
  ['API', 'dtms_api_lines_damaged_total'],
] as const

const missing = [
  ['exporters', 'dtms_log_missing_lines_total'],
  ['anomaly', 'dtms_anomaly_log_missing_lines_total'],
  ['producer', 'dtms_producer_log_missing_lines_total'],
] as const

const repeated = [
  ['exporters', 'dtms_log_repeated_lines_total'],
  ['anomaly', 'dtms_anomaly_log_repeated_lines_total'],
  ['producer', 'dtms_producer_log_repeated_lines_total'],
] as const

const behind = [
  ['exporters, reading back', 'dtms_log_read_back_lag_bytes'],
  ['anomaly', 'dtms_anomaly_lag_bytes'],
  ['freshness', 'dtms_freshness_lag_bytes'],
  ['producer', 'dtms_producer_lag_bytes'],
  ['API', 'dtms_api_lag_bytes'],
] as const

export const storage = dashboard({
  name: 'storage',
  title: 'DTMS storage',
  description:
    'The log volume: how fast it takes a batch, how full it is, whether readers keep up, and whether the log is whole.',
  variables: [siteVariable, serviceVariable],
  sections: [
    {
      title: 'Volume',
      panels: [
        graph({
          title: 'Used of the volume',
          description:
            'As each service sees the file system of its data directory. Retention keeps DTMS inside its own limit; if it fills all the same, somebody else writes there, or the claim is smaller than retention allows.',
          unit: unit.ratio,
          width: 8,
          min: 0,
          max: 1,
          queries: [
            {
              expr: `1 - ${maxBy(['service'], `${select('dtms_volume_available_bytes', service)} / ${select('dtms_volume_size_bytes', service)}`)}`,
              legend: '{{service}}',
            },
          ],
          steps: [
            { from: 0.8, colour: 'orange' },
            { from: 0.95, colour: 'red' },
          ],
        }),
        stat({
          title: 'Left on the volume',
          description:
            'What DTMS may still write, the smallest of all services. Below half a GiB: enlarge the claim or shorten retention.',
          unit: unit.bytes,
          width: 4,
          queries: [{ expr: `min(${select('dtms_volume_available_bytes', service)})`, legend: 'left' }],
          steps: [
            { from: 512 * 2 ** 20, colour: 'yellow' },
            { from: 2 ** 30, colour: 'green' },
          ],
          base: 'red',
        }),
        states({
          title: 'Volume answers',
          description:
            'no: a call to the volume is stuck beyond its deadline. The process lives on and waits; look at the storage class and the node.',
          unit: unit.word,
          width: 12,
          queries: [{ expr: `min by (service) (${select('dtms_volume_healthy', service)})`, legend: '{{service}}' }],
          steps: [],
          base: 'red',
          mappings: yesWords,
        }),
        graph({
          title: 'Calls by result',
          description:
            'Calls to the volume that came back. failed: full, read-only, stale handle; the log of the service says which.',
          unit: unit.perSecond,
          width: 8,
          queries: [
            {
              expr: sumBy(['kind', 'result'], rate('dtms_volume_calls_total', service)),
              legend: '{{kind}} {{result}}',
            },
          ],
          colours: [
            { pattern: '/failed/', colour: 'red' },
            { pattern: '/^read ok$/', colour: 'light-blue' },
            { pattern: '/^write ok$/', colour: 'blue' },
          ],
        }),
        graph({
          title: 'Reads p95',
          description: 'Time of a read by service, in its thread. The bar is 50 ms.',
          unit: unit.seconds,
          width: 8,
          queries: [
            {
              expr: quantile(0.95, 'dtms_volume_call_seconds', ['service'], ['kind="read"', ...service]),
              legend: '{{service}}',
            },
          ],
          steps: [{ from: 0.05, colour: 'red' }],
        }),
        graph({
          title: 'Writes p95',
          description:
            'Time of a write with its sync by service. The bar is 100 ms; a network volume that is busy passes it first.',
          unit: unit.seconds,
          width: 8,
          queries: [
            {
              expr: quantile(0.95, 'dtms_volume_call_seconds', ['service'], ['kind="write"', ...service]),
              legend: '{{service}}',
            },
          ],
          steps: [{ from: 0.1, colour: 'red' }],
        }),
      ],
    },
    {
      title: 'Writing the log',
      panels: [
        graph({
          title: 'Until durable p95',
          description: 'From handing a batch to the log until it was synced, by site. The bar is 100 ms.',
          unit: unit.seconds,
          width: 8,
          queries: [{ expr: quantile(0.95, 'dtms_log_write_seconds', ['site'], site), legend: '{{site}}' }],
          colours: siteColours,
          steps: writeSteps,
        }),
        graph({
          title: 'Bytes written',
          description: 'Bytes made durable: transfers, truth and events.',
          unit: unit.bytesPerSecond,
          width: 8,
          queries: [{ expr: sumBy(['site'], rate('dtms_log_bytes_written_total', site)), legend: '{{site}}' }],
          colours: siteColours,
        }),
        graph({
          title: 'Lines written',
          description:
            'Lines made durable: transfers, truth and events. A flat line at nothing while the site is not silent: the exporter is stuck.',
          unit: unit.perSecond,
          width: 8,
          queries: [{ expr: sumBy(['site'], rate('dtms_log_lines_written_total', site)), legend: '{{site}}' }],
          colours: siteColours,
        }),
        stat({
          title: 'Failed writes',
          description:
            'Writes or syncs that failed, in the range that is shown; the lines were written again in a new segment.',
          unit: unit.count,
          width: 6,
          decimals: 0,
          queries: [{ expr: sumBy([], grownInRange('dtms_log_write_errors_total', site)), legend: 'failed' }],
          steps: noneSteps,
        }),
        stat({
          title: 'Segments given up',
          description: 'Segments closed for good after a failed write or sync.',
          unit: unit.count,
          width: 6,
          decimals: 0,
          queries: [{ expr: sumBy([], grownInRange('dtms_log_segments_abandoned_total', site)), legend: 'segments' }],
          steps: someSteps,
        }),
        stat({
          title: 'Segments deleted',
          description: 'Deleted by retention in the range that is shown, as it should be.',
          unit: unit.count,
          width: 6,
          decimals: 0,
          queries: [{ expr: sumBy([], grownInRange('dtms_log_segments_deleted_total', site)), legend: 'segments' }],
        }),
        stat({
          title: 'Deleted unread',
          description:
            'Deleted at the size limit before every reader had read them. A reader is down for long, or the limit is too small; what it has not read is gone for it.',
          unit: unit.count,
          width: 6,
          decimals: 0,
          queries: [
            { expr: sumBy([], grownInRange('dtms_log_segments_deleted_unread_total', site)), legend: 'segments' },
          ],
          steps: noneSteps,
        }),
      ],
    },
    {
      title: 'Reading the log',
      panels: [
        graph({
          title: 'Behind the end of the log',
          description:
            'Bytes that each reader has not read yet. One line that grows: that service is too slow or stuck; all of them: the volume.',
          unit: unit.bytes,
          width: 12,
          queries: behind.map(([legend, metric]) => ({ expr: maxBy([], metric), legend })),
        }),
        graph({
          title: 'Lines read by the API',
          description: 'By stream of the log. What the page shows comes from these.',
          unit: unit.perSecond,
          width: 12,
          queries: [{ expr: sumBy(['kind'], rate('dtms_api_lines_read_total')), legend: '{{kind}}' }],
        }),
        graph({
          title: 'Damaged lines',
          description:
            'Lines that a reader could not use. They are skipped and counted, nothing else is lost; `dtms log verify` names segment and offset.',
          unit: unit.perSecond,
          width: 8,
          queries: damage.map(([legend, metric]) => ({ expr: orZero(sumBy([], rate(metric))), legend })),
        }),
        graph({
          title: 'Damaged lines by reason',
          description:
            'torn and crc: a broken write or disk; version: a newer release wrote it; foreign: somebody else writes into the folder. As the exporters read their own log back.',
          unit: unit.perSecond,
          width: 8,
          queries: [
            {
              expr: orNone('reason', sumBy(['reason'], rate('dtms_log_damaged_lines_total', site))),
              legend: '{{reason}}',
            },
          ],
        }),
        graph({
          title: 'Missing and repeated lines',
          description:
            'Missing numbers are a hole in the log or were deleted before they were read. Repeats are normal after a failed sync and are dropped.',
          unit: unit.perSecond,
          width: 8,
          queries: [
            ...missing.map(([who, metric]) => ({ expr: sumBy([], rate(metric)), legend: `missing, ${who}` })),
            ...repeated.map(([who, metric]) => ({ expr: sumBy([], rate(metric)), legend: `repeated, ${who}` })),
          ],
          colours: [{ pattern: '/^missing/', colour: 'red' }],
        }),
        stat({
          title: 'Failed readings of the API',
          description: 'Readings of the log that failed and were tried again, in the range that is shown.',
          unit: unit.count,
          width: 6,
          decimals: 0,
          queries: [{ expr: sumBy([], grownInRange('dtms_api_volume_failures_total')), legend: 'failed' }],
          steps: someSteps,
        }),
        stat({
          title: 'Newest kept in memory',
          description: 'Transfers and anomalies that the API answers from memory; older pages come from the segments.',
          unit: unit.count,
          width: 6,
          queries: [
            { expr: maxBy([], 'dtms_api_memory_records'), legend: 'transfers' },
            { expr: maxBy([], 'dtms_api_memory_anomalies'), legend: 'anomalies' },
          ],
        }),
        graph({
          title: 'Failed share of the layer',
          description: 'What storage failed at over everything that it was asked. The bar is 0.01 %.',
          unit: unit.ratio,
          width: 12,
          height: 4,
          min: 0,
          queries: [
            {
              expr: share(
                sumBy([], rate('dtms_layer_messages_total', [...layer, 'result="failed"'])),
                sumBy([], rate('dtms_layer_messages_total', [...layer, 'result="received"'])),
              ),
              legend: 'failed',
            },
          ],
          steps: [{ from: 0.0001, colour: 'red' }],
        }),
      ],
    },
    {
      title: 'The layer as a whole',
      panels: [
        graph({
          title: 'Messages of the layer',
          description: 'What storage received, made durable, gave out, and failed at.',
          unit: unit.perSecond,
          width: 12,
          queries: [{ expr: sumBy(['result'], rate('dtms_layer_messages_total', layer)), legend: '{{result}}' }],
          colours: resultColours,
        }),
        graph({
          title: 'Stages p95',
          description: 'Time that 95 % of the calls of a stage of this layer stay below.',
          unit: unit.seconds,
          width: 12,
          queries: [{ expr: quantile(0.95, 'dtms_layer_stage_seconds', ['stage'], layer), legend: '{{stage}}' }],
        }),
      ],
    },
  ],
})
