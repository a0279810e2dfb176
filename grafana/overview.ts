import { outcomeColours, serviceColours, severityColours } from './colours.ts'
import { dashboard } from './frame.ts'
import { budgetSteps, failedSteps, freshnessWords, noneSteps, processingSteps, someSteps, upWords } from './marks.ts'
import { graph, stat, states } from './panels.ts'
import { freshnessState, maxBy, orZero, quantile, rate, select, share, sumBy } from './queries.ts'
import { unit } from './units.ts'

/** `up` is the one metric that is chosen by job: a target that does not answer has no other label that says it is DTMS. */
const ours = ['job=~"dtms.*"', 'job!="dtms_pushgateway"']

const ROW = 6

export const overview = dashboard({
  name: 'overview',
  title: 'DTMS overview',
  description: 'Is everything up, are all sites fresh, is anything wrong, is the stream keeping up: one screen.',
  sections: [
    {
      panels: [
        stat({
          title: 'Services down',
          description:
            'Processes that Prometheus cannot scrape. The band below says which; look at its pod (events, previous log) first.',
          unit: unit.count,
          width: 3,
          queries: [{ expr: orZero(`count(${select('up', ours)} == 0)`), legend: 'down' }],
          steps: noneSteps,
        }),
        stat({
          title: 'Sites silent',
          description:
            'Sites whose newest record is more than twice as old as their own habit allows. See the dashboard Freshness; then the exporter of the site.',
          unit: unit.count,
          width: 3,
          queries: [
            { expr: sumBy([], maxBy(['site'], select('dtms_freshness_state', ['state="silent"']))), legend: 'silent' },
          ],
          steps: noneSteps,
        }),
        stat({
          title: 'Failed transfers',
          description:
            'Share of the attempts that did not end well. 3 % is a normal day; see Collection for the error classes and Links for where.',
          unit: unit.ratio,
          width: 3,
          decimals: 1,
          sparkline: true,
          queries: [
            {
              expr: share(sumBy([], rate('dtms_transfer_failures_total')), sumBy([], rate('dtms_transfers_total'))),
              legend: 'failed',
            },
          ],
          steps: failedSteps,
        }),
        stat({
          title: 'Anomalous share, 24 h',
          description:
            'Records with a verdict over all scored records of the newest 24 hours of record time, all sites. Healthy data stays well below 2 %; see Anomaly for which site.',
          unit: unit.ratio,
          width: 3,
          decimals: 2,
          queries: [
            {
              expr: share(sumBy([], 'dtms_anomaly_flagged_records'), sumBy([], 'dtms_anomaly_scored_records')),
              legend: 'anomalous',
            },
          ],
          steps: [
            { from: 0.02, colour: 'yellow' },
            { from: 0.05, colour: 'orange' },
          ],
        }),
        stat({
          title: 'Stream lag',
          description:
            'Messages between the stream service and the end of its partitions. It may jump; a lag that grows for minutes means that the stream is too slow or stuck: see Processing.',
          unit: unit.count,
          width: 3,
          sparkline: true,
          queries: [{ expr: sumBy([], 'dtms_stream_lag_records'), legend: 'records' }],
          steps: [
            { from: 1000, colour: 'yellow' },
            { from: 10_000, colour: 'red' },
          ],
        }),
        stat({
          title: 'Stream latency p95',
          description:
            'From the publishing of an event until everything that came of it is durable. The bar is 2 s. Above it: lag first, then the volume (Storage).',
          unit: unit.seconds,
          width: 3,
          decimals: 2,
          queries: [{ expr: quantile(0.95, 'dtms_stream_end_to_end_latency_seconds'), legend: 'p95' }],
          steps: processingSteps,
        }),
        stat({
          title: 'Error budget left',
          description:
            'The objective whose budget is nearest to its end. Below 0 it is missed in this period. See SLO for which one and since when.',
          unit: unit.ratio,
          width: 3,
          decimals: 0,
          queries: [{ expr: 'min(slo:dtms_error_budget:remaining_ratio)', legend: 'left' }],
          steps: budgetSteps,
          base: 'red',
        }),
        stat({
          title: 'Alerts and faults',
          description:
            'Alerts that fire, and injected faults that are active and not hidden. Each alert has a section in the runbook; the API lists both.',
          unit: unit.count,
          width: 3,
          queries: [
            { expr: orZero('count(ALERTS{alertstate="firing", severity!="none"})'), legend: 'alerts' },
            { expr: orZero(sumBy([], 'dtms_faults_active')), legend: 'faults' },
          ],
          steps: someSteps,
        }),
      ],
    },
    {
      panels: [
        states({
          title: 'Services',
          description:
            'Whether each process answered the scrape. A short gap is a restart or an update; a long one is an outage, or the namespace was idled.',
          unit: unit.word,
          width: 8,
          height: ROW + 2,
          queries: [{ expr: maxBy(['service'], select('up', ours)), legend: '{{service}}' }],
          steps: [],
          base: 'red',
          mappings: upWords,
        }),
        states({
          title: 'Sites',
          description:
            'The state of each site by its own habit. Only silent is an alarm; late heals or becomes silent, paused and maintenance are known reasons, unknown means that the volume cannot be read.',
          unit: unit.word,
          width: 8,
          height: ROW + 2,
          queries: [{ expr: freshnessState([]), legend: '{{site}}' }],
          steps: [],
          mappings: freshnessWords,
        }),
        graph({
          title: 'Memory of the limit by service',
          description:
            'Working set over the limit of the container. A line that only rises is a leak; the bar is 85 %.',
          unit: unit.ratio,
          width: 8,
          height: ROW + 2,
          min: 0,
          queries: [
            {
              expr: maxBy(['service'], 'dtms_limit_memory_used_bytes / dtms_limit_memory_bytes'),
              legend: '{{service}}',
            },
          ],
          colours: serviceColours,
          steps: [{ from: 0.85, colour: 'red' }],
          noValue: 'no limit',
        }),
      ],
    },
    {
      panels: [
        graph({
          title: 'Transfers',
          description:
            'Transfers that ended, per second of wall time, by outcome. See Collection for sites and errors.',
          unit: unit.perSecond,
          width: 8,
          height: ROW + 1,
          stacked: true,
          queries: [{ expr: sumBy(['status'], rate('dtms_transfers_total')), legend: '{{status}}' }],
          colours: outcomeColours,
        }),
        graph({
          title: 'Verdicts',
          description:
            'New anomalies by severity. A single one now and then is normal; many at once name a link or a site: see Anomaly and Links.',
          unit: unit.perSecond,
          width: 8,
          height: ROW + 1,
          stacked: true,
          queries: [{ expr: sumBy(['severity'], rate('dtms_anomaly_verdicts_total')), legend: '{{severity}}' }],
          colours: severityColours,
        }),
        graph({
          title: 'Latencies p95',
          description:
            'Making a batch durable (bar 0.1 s), the event stream from publishing to durable (bar 2 s), and answers of the API (bar 0.5 s).',
          unit: unit.seconds,
          width: 8,
          height: ROW + 1,
          queries: [
            { expr: quantile(0.95, 'dtms_log_write_seconds'), legend: 'log write' },
            { expr: quantile(0.95, 'dtms_stream_end_to_end_latency_seconds'), legend: 'stream, end to end' },
            { expr: quantile(0.95, 'dtms_http_request_seconds'), legend: 'API' },
          ],
          colours: [
            { pattern: '/^log/', colour: 'purple' },
            { pattern: '/^stream/', colour: 'blue' },
            { pattern: '/^API/', colour: 'green' },
          ],
        }),
      ],
    },
  ],
})
