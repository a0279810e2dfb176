import { siteColours } from './colours.ts'
import { dashboard } from './frame.ts'
import { graph, matrix, stat } from './panels.ts'
import { chosen, maxBy, rate, select, sumBy } from './queries.ts'
import { unit } from './units.ts'
import { destinationVariable, sourceVariable } from './variables.ts'

const link = [chosen('source'), chosen('destination')]
const pair = ['source', 'destination'] as const

export const correlation = dashboard({
  name: 'correlation',
  title: 'DTMS correlation',
  description: 'Whether anomalies and throughput move together, from the newest run of the batch job.',
  variables: [sourceVariable, destinationVariable],
  sections: [
    {
      title: 'Newest run',
      panels: [
        stat({
          title: 'Coefficient, everything',
          description:
            'Pearson: anomalies per minute against mean throughput, all links, lag 0. Near 0: unrelated; near −1: anomalies come when throughput falls. It says nothing about causes.',
          unit: unit.plain,
          width: 6,
          decimals: 2,
          min: -1,
          max: 1,
          queries: [{ expr: 'max(dtms_corr_anomaly_throughput)', legend: 'r' }],
          noValue: 'no run',
        }),
        stat({
          title: 'p of the coefficient',
          description:
            'How likely so large a coefficient is between unrelated series with the same memory. Below 0.01 is worth a look; with ten scopes one in ten runs has one by chance.',
          unit: unit.plain,
          width: 6,
          decimals: 3,
          queries: [{ expr: 'max(dtms_corr_p_value)', legend: 'p' }],
          noValue: 'no run',
        }),
        stat({
          title: 'Minutes compared',
          description: 'Minutes that the coefficient was made from. With a few dozen it is not worth much.',
          unit: unit.count,
          width: 6,
          queries: [{ expr: 'max(dtms_corr_pairs)', legend: 'minutes' }],
          noValue: 'no run',
        }),
        stat({
          title: 'Age of the run',
          description:
            'World time since the newest run; it runs every ten minutes, and after 30 minutes nothing is shown. Old: look at the last Job of dtms-correlation.',
          unit: unit.seconds,
          width: 6,
          queries: [{ expr: 'max(dtms_corr_age_seconds)', legend: 'age' }],
          steps: [
            { from: 900, colour: 'yellow' },
            { from: 1500, colour: 'orange' },
          ],
          noValue: 'no run',
        }),
        matrix({
          title: 'Coefficient by link',
          description:
            'Source down, destination across. A clear negative value on one link beside a verdict there: the trouble is on that link.',
          unit: unit.plain,
          width: 12,
          decimals: 2,
          rows: 'source',
          columns: 'destination',
          queries: [{ expr: maxBy(pair, select('dtms_corr_link_coefficient', link)), legend: 'r' }],
          noValue: 'no run',
        }),
        matrix({
          title: 'Lag of the strongest coefficient',
          description:
            'Positive: throughput follows the anomalies; negative: the anomalies follow. Near the ends (10 minutes) it is usually chance.',
          unit: unit.seconds,
          width: 12,
          rows: 'source',
          columns: 'destination',
          queries: [{ expr: maxBy(pair, select('dtms_corr_link_lag_seconds', link)), legend: 'lag' }],
          noValue: 'no run',
        }),
      ],
    },
    {
      title: 'What is compared',
      panels: [
        graph({
          title: 'Coefficient over time',
          description: 'One step for each run of the job. Slow by nature: it looks at a week of record time.',
          unit: unit.plain,
          width: 8,
          min: -1,
          max: 1,
          queries: [{ expr: 'max(dtms_corr_anomaly_throughput)', legend: 'everything' }],
        }),
        graph({
          title: 'New verdicts',
          description: 'One side of the comparison: anomalies as they are found.',
          unit: unit.perSecond,
          width: 8,
          queries: [{ expr: sumBy([], rate('dtms_anomaly_verdicts_total')), legend: 'verdicts' }],
        }),
        graph({
          title: 'Bytes moved by site',
          description: 'The other side, roughly: bytes of the transfers that ended.',
          unit: unit.bytesPerSecond,
          width: 8,
          queries: [{ expr: sumBy(['site'], rate('dtms_transfer_bytes_total')), legend: '{{site}}' }],
          colours: siteColours,
        }),
      ],
    },
  ],
})
