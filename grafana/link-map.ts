import { outcomeColours, siteColours } from './colours.ts'
import { dashboard } from './frame.ts'
import { failedSteps } from './marks.ts'
import { graph, matrix } from './panels.ts'
import { chosen, grownInRange, maxBy, rate, select, share, sumBy } from './queries.ts'
import { unit } from './units.ts'
import { destinationVariable, sourceVariable } from './variables.ts'

const link = [chosen('source'), chosen('destination')]
const pair = ['source', 'destination'] as const
const arrow = '{{source}} → {{destination}}'

export const linkMap = dashboard({
  name: 'links',
  title: 'DTMS links',
  description: 'Source by destination: what each link moves, how well and how fast. A link is the unit of detection.',
  variables: [sourceVariable, destinationVariable],
  sections: [
    {
      title: 'Source (down) by destination (across)',
      panels: [
        matrix({
          title: 'Failed share in the range',
          description:
            'A red cell is a link; a red column is a destination (full, no rights); a red row is a source. 3 % is a normal day.',
          unit: unit.ratio,
          width: 8,
          decimals: 1,
          rows: 'source',
          columns: 'destination',
          queries: [
            {
              expr: share(
                sumBy(pair, grownInRange('dtms_transfers_total', [...link, 'status!="ok"'])),
                sumBy(pair, grownInRange('dtms_transfers_total', link)),
              ),
              legend: 'failed',
            },
          ],
          steps: failedSteps,
        }),
        matrix({
          title: 'Rate of the last window',
          description:
            'Mean rate of the successful transfers in the last closed window. Compare a link with its own past (below), not with another link.',
          unit: unit.bytesPerSecond,
          width: 8,
          rows: 'source',
          columns: 'destination',
          queries: [{ expr: maxBy(pair, select('dtms_stream_link_rate_bytes_per_second', link)), legend: 'rate' }],
        }),
        matrix({
          title: 'Transfers in the range',
          description: 'Attempts in the range that is shown. A link with none is idle, or its source is silent.',
          unit: unit.count,
          width: 8,
          decimals: 0,
          rows: 'source',
          columns: 'destination',
          queries: [{ expr: sumBy(pair, grownInRange('dtms_transfers_total', link)), legend: 'transfers' }],
        }),
      ],
    },
    {
      title: 'Over time',
      panels: [
        graph({
          title: 'Failed share of the last window',
          description:
            'Share of failed transfers in the last closed window of a link. Windows are a minute of record time, so small numbers jump.',
          unit: unit.ratio,
          width: 12,
          min: 0,
          queries: [{ expr: maxBy(pair, select('dtms_stream_link_failed_ratio', link)), legend: arrow }],
          colours: [],
          steps: failedSteps,
        }),
        graph({
          title: 'Rate of the last window by link',
          description:
            'Mean rate of successful transfers. A brownout is a step down of one line; a slow drift takes hours.',
          unit: unit.bytesPerSecond,
          width: 12,
          queries: [{ expr: maxBy(pair, select('dtms_stream_link_rate_bytes_per_second', link)), legend: arrow }],
        }),
        graph({
          title: 'Duration p95 of the last window',
          description:
            '95th percentile of the duration in the last closed window. It rises with the rate falling, and with larger files.',
          unit: unit.seconds,
          width: 12,
          queries: [{ expr: maxBy(pair, select('dtms_stream_link_duration_p95_seconds', link)), legend: arrow }],
        }),
        graph({
          title: 'Transfers of the last window',
          description: 'Transfers in the last closed window of each link.',
          unit: unit.count,
          width: 12,
          queries: [{ expr: maxBy(pair, select('dtms_stream_link_transfers', link)), legend: arrow }],
        }),
        graph({
          title: 'Outcomes of the chosen links',
          description: 'Transfers that ended, per second of wall time.',
          unit: unit.perSecond,
          width: 8,
          stacked: true,
          queries: [{ expr: sumBy(['status'], rate('dtms_transfers_total', link)), legend: '{{status}}' }],
          colours: outcomeColours,
        }),
        graph({
          title: 'First byte by source',
          description:
            'Mean time to first byte in the last closed window of a source. It rises when the storage of the source is slow.',
          unit: unit.seconds,
          width: 8,
          queries: [
            {
              expr: maxBy(['source'], select('dtms_stream_first_byte_seconds', [chosen('source')])),
              legend: '{{source}}',
            },
          ],
          colours: siteColours,
        }),
        graph({
          title: 'Mean size by source',
          description:
            'Mean bytes of a transfer in the last closed window of a source. A storm of small files shows here first.',
          unit: unit.bytes,
          width: 8,
          queries: [
            {
              expr: maxBy(['src_site'], select('dtms_stream_bytes', [chosen('src_site', 'source')])),
              legend: '{{src_site}}',
            },
          ],
          colours: siteColours,
        }),
      ],
    },
  ],
})
