import { outcomeColours, resultColours, siteColours } from './colours.ts'
import { dashboard } from './frame.ts'
import { failedSteps, someSteps } from './marks.ts'
import { bars, graph, stat } from './panels.ts'
import { chosen, grownInRange, maxBy, orNone, quantile, rate, select, share, sumBy } from './queries.ts'
import { unit } from './units.ts'
import { siteVariable } from './variables.ts'

const site = [chosen('site')]
const layer = ['layer="collection"']

export const collection = dashboard({
  name: 'collection',
  title: 'DTMS collection',
  description: 'What the exporters record: how much, how well it ended, how long it took, and whether they keep up.',
  variables: [siteVariable],
  sections: [
    {
      title: 'Transfers',
      panels: [
        graph({
          title: 'Transfers by outcome',
          description:
            'Transfers that ended, per second of wall time. A growing red part: see the error classes below.',
          unit: unit.perSecond,
          width: 8,
          stacked: true,
          queries: [{ expr: sumBy(['status'], rate('dtms_transfers_total', site)), legend: '{{status}}' }],
          colours: outcomeColours,
        }),
        graph({
          title: 'Bytes moved by site',
          description: 'Bytes of the transfers that a site recorded (it is their source), when they ended.',
          unit: unit.bytesPerSecond,
          width: 8,
          queries: [{ expr: sumBy(['site'], rate('dtms_transfer_bytes_total', site)), legend: '{{site}}' }],
          colours: siteColours,
        }),
        graph({
          title: 'Failed share by site',
          description:
            'Attempts that did not end well over all attempts. 3 % is a normal day. One site above the others: its storage or credentials; all of them: what they share.',
          unit: unit.ratio,
          width: 8,
          min: 0,
          queries: [
            {
              expr: share(
                sumBy(['site'], rate('dtms_transfer_failures_total', site)),
                sumBy(['site'], rate('dtms_transfers_total', site)),
              ),
              legend: '{{site}}',
            },
          ],
          colours: siteColours,
          steps: failedSteps,
        }),
        bars({
          title: 'Failures by class',
          description:
            'Failed attempts in the range that is shown, by who is to blame and how. destination/no_space: somebody has to clean up; expired: the queue is too long; permission: credentials.',
          unit: unit.count,
          width: 12,
          decimals: 0,
          queries: [
            {
              expr: `topk(12, ${sumBy(['error_class'], grownInRange('dtms_transfer_errors_total', site))})`,
              legend: '{{error_class}}',
            },
          ],
          steps: [],
          base: 'orange',
        }),
        graph({
          title: 'Duration of a transfer',
          description:
            'From start to end. Large files take minutes; a median that rises while the bytes fall means slow links: see Links.',
          unit: unit.seconds,
          width: 12,
          queries: [
            { expr: quantile(0.5, 'dtms_transfer_duration_seconds', [], site), legend: 'median' },
            { expr: quantile(0.95, 'dtms_transfer_duration_seconds', [], site), legend: 'p95' },
          ],
        }),
      ],
    },
    {
      title: 'Exporters',
      panels: [
        graph({
          title: 'Behind the present',
          description:
            'How far the newest written instant is behind world time. Seconds are normal; growing without end means that the exporter or its volume is too slow: see Storage.',
          unit: unit.seconds,
          width: 8,
          queries: [{ expr: maxBy(['site'], select('dtms_world_lag_seconds', site)), legend: '{{site}}' }],
          colours: siteColours,
        }),
        stat({
          title: 'World speed',
          description:
            'Seconds of world time in a second of wall time. It is one number for all sites; 1 is real time.',
          unit: unit.times,
          width: 4,
          queries: [{ expr: maxBy([], select('dtms_world_speed_ratio', site)), legend: 'speed' }],
        }),
        stat({
          title: 'Past written',
          description:
            'A new data directory first gets a healthy past. Below 100 % the detectors do not judge yet; it takes seconds.',
          unit: unit.ratio,
          width: 4,
          queries: [{ expr: `min(${select('dtms_backfill_progress_ratio', site)})`, legend: 'written' }],
        }),
        stat({
          title: 'Pauses',
          description:
            'Stretches that nobody recorded, marked as such after a restart, in the range that is shown: an idled namespace, an outage of the exporter. They raise no alarm.',
          unit: unit.count,
          width: 4,
          decimals: 0,
          queries: [{ expr: sumBy([], grownInRange('dtms_exporter_pauses_total', site)), legend: 'pauses' }],
          steps: someSteps,
        }),
        stat({
          title: 'Paused time',
          description: 'World time inside those pauses. Nothing was lost in it, nothing was recorded either.',
          unit: unit.seconds,
          width: 4,
          queries: [{ expr: sumBy([], grownInRange('dtms_exporter_paused_seconds_total', site)), legend: 'paused' }],
        }),
      ],
    },
    {
      title: 'The layer as a whole',
      panels: [
        graph({
          title: 'Messages of the layer',
          description:
            'What the layer received, made durable for others (published), and failed at. Received without published means that the volume does not take it.',
          unit: unit.perSecond,
          width: 8,
          queries: [{ expr: sumBy(['result'], rate('dtms_layer_messages_total', layer)), legend: '{{result}}' }],
          colours: resultColours,
        }),
        graph({
          title: 'Refused by kind of error',
          description:
            'Lines and rows that could not be true or could not be read, in all layers. They are counted and kept aside, never lost: look into quarantine/.',
          unit: unit.perSecond,
          width: 8,
          queries: [
            {
              expr: orNone('error_type', sumBy(['error_type'], rate('dtms_layer_validation_failures_total'))),
              legend: '{{error_type}}',
            },
          ],
        }),
        graph({
          title: 'Failed share of the layer',
          description:
            'What the layer could not take over everything that it was given: rows of a foreign log that are none. The bar is 0.1 %.',
          unit: unit.ratio,
          width: 8,
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
          steps: [{ from: 0.001, colour: 'red' }],
        }),
      ],
    },
  ],
})
