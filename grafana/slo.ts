import { dashboard } from './frame.ts'
import { budgetSteps, burnSteps } from './marks.ts'
import { bars, graph, stat, table } from './panels.ts'
import { chosen, maxBy, minBy, quantile, select, share } from './queries.ts'
import { unit } from './units.ts'
import { objectiveVariable, periodVariable } from './variables.ts'

const here = [chosen('slo'), chosen('period')]

export const slo = dashboard({
  name: 'slo',
  title: 'DTMS SLO',
  description:
    'The objectives of each layer (openshift/prometheus/slo.yaml): what was met in the period, what is left of the error budget, how fast it burns.',
  variables: [objectiveVariable, periodVariable],
  from: 'now-6h',
  sections: [
    {
      title: 'Budget',
      panels: [
        stat({
          title: 'Objectives in danger',
          description:
            'Objectives with less than a quarter of their budget left. While there is one, mend before you change anything.',
          unit: unit.count,
          width: 6,
          queries: [
            {
              expr: `count(${select('slo:dtms_error_budget:remaining_ratio', here)} < 0.25) or vector(0)`,
              legend: 'objectives',
            },
          ],
          steps: [{ from: 1, colour: 'orange' }],
        }),
        stat({
          title: 'Lowest budget',
          description:
            'What is left of the budget that is nearest to its end. Below 0 the objective is missed in this period.',
          unit: unit.ratio,
          width: 6,
          decimals: 0,
          queries: [{ expr: minBy([], select('slo:dtms_error_budget:remaining_ratio', here)), legend: 'left' }],
          steps: budgetSteps,
          base: 'red',
        }),
        stat({
          title: 'Fastest burn',
          description:
            'How many times as fast as allowed the budget was spent lately, the worst objective. Above 6 it is gone in hours: that is the critical alert.',
          unit: unit.times,
          width: 6,
          decimals: 1,
          queries: [{ expr: maxBy([], select('slo:dtms_burn_rate:fast', here)), legend: 'burn' }],
          steps: burnSteps,
        }),
        stat({
          title: 'Slow burn',
          description: 'The same over the long range. Steadily above 1 the budget does not last for its period.',
          unit: unit.times,
          width: 6,
          decimals: 1,
          queries: [{ expr: maxBy([], select('slo:dtms_burn_rate:slow', here)), legend: 'burn' }],
          steps: [
            { from: 1, colour: 'orange' },
            { from: 3, colour: 'red' },
          ],
        }),
        bars({
          title: 'Left of each budget',
          description:
            'Share of the error budget that is left in the period. At 0 the objective is missed; the runbook section of DtmsErrorBudgetBurns says what to do for each.',
          unit: unit.ratio,
          width: 12,
          height: 10,
          min: 0,
          max: 1,
          queries: [{ expr: minBy(['slo'], select('slo:dtms_error_budget:remaining_ratio', here)), legend: '{{slo}}' }],
          steps: budgetSteps,
          base: 'red',
        }),
        table({
          title: 'Objectives',
          description: 'What each objective asks for, what was measured in the period, and what is left of its budget.',
          unit: unit.ratio,
          width: 12,
          height: 10,
          decimals: 3,
          labels: { slo: 'Objective', layer: 'Layer', period: 'Period' },
          queries: [
            { expr: minBy(['layer', 'slo', 'period'], select('slo:dtms_objective:ratio', here)), legend: 'Asked' },
            {
              expr: minBy(['layer', 'slo', 'period'], `1 - ${select('slo:dtms_bad_events:ratio_period', here)}`),
              legend: 'Measured',
            },
            {
              expr: minBy(['layer', 'slo', 'period'], select('slo:dtms_error_budget:remaining_ratio', here)),
              legend: 'Budget left',
            },
          ],
        }),
      ],
    },
    {
      title: 'Burning',
      panels: [
        graph({
          title: 'Budget over time',
          description: 'A line that falls steeply is an outage; one that falls slowly is a steady small trouble.',
          unit: unit.ratio,
          width: 8,
          queries: [{ expr: minBy(['slo'], select('slo:dtms_error_budget:remaining_ratio', here)), legend: '{{slo}}' }],
        }),
        graph({
          title: 'Fast burn by objective',
          description:
            'Over the shorter range: 1 spends exactly the budget in its period, above 6 is the critical alert.',
          unit: unit.times,
          width: 8,
          queries: [{ expr: maxBy(['slo'], select('slo:dtms_burn_rate:fast', here)), legend: '{{slo}}' }],
          steps: burnSteps,
        }),
        graph({
          title: 'Slow burn by objective',
          description: 'Over the longer range: above 1 for long is the warning.',
          unit: unit.times,
          width: 8,
          queries: [{ expr: maxBy(['slo'], select('slo:dtms_burn_rate:slow', here)), legend: '{{slo}}' }],
          steps: [{ from: 1, colour: 'orange' }],
        }),
        graph({
          title: 'Bad events',
          description: 'Events that counted against an objective, per second over five minutes.',
          unit: unit.perSecond,
          width: 12,
          queries: [{ expr: maxBy(['slo'], select('slo:dtms_bad_events:rate5m', here)), legend: '{{slo}}' }],
        }),
        graph({
          title: 'Bad share of the events',
          description:
            'Of the events of the last five minutes. An objective with few events jumps; alerts ask for at least three bad ones.',
          unit: unit.ratio,
          width: 12,
          min: 0,
          queries: [
            {
              expr: share(
                maxBy(['slo'], select('slo:dtms_bad_events:rate5m', here)),
                maxBy(['slo'], select('slo:dtms_events:rate5m', here)),
              ),
              legend: '{{slo}}',
            },
          ],
        }),
      ],
    },
    {
      title: 'Latencies against their bars',
      panels: [
        graph({
          title: 'Collection: until durable p95',
          description: 'From handing a batch to the log until it was synced. The bar is 500 ms.',
          unit: unit.seconds,
          width: 8,
          queries: [{ expr: quantile(0.95, 'dtms_log_write_seconds'), legend: 'p95' }],
          steps: [{ from: 0.5, colour: 'red' }],
        }),
        graph({
          title: 'Processing: end to end p95',
          description: 'From the publishing of an event until its result is durable. The bar is 2 s.',
          unit: unit.seconds,
          width: 8,
          queries: [{ expr: quantile(0.95, 'dtms_stream_end_to_end_latency_seconds'), legend: 'p95' }],
          steps: [{ from: 2, colour: 'red' }],
        }),
        graph({
          title: 'Storage: calls p95',
          description: 'Writes (bar 100 ms, the line) and reads (bar 50 ms) of all processes.',
          unit: unit.seconds,
          width: 8,
          queries: [{ expr: quantile(0.95, 'dtms_volume_call_seconds', ['kind']), legend: '{{kind}}' }],
          steps: [{ from: 0.1, colour: 'red' }],
          colours: [
            { pattern: '/^read$/', colour: 'light-blue' },
            { pattern: '/^write$/', colour: 'blue' },
          ],
        }),
      ],
    },
  ],
})
