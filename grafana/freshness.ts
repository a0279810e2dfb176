import { siteColours } from './colours.ts'
import { dashboard } from './frame.ts'
import { freshnessWords, someSteps, yesWords } from './marks.ts'
import { graph, stat, states } from './panels.ts'
import { chosen, freshnessState, grownInRange, maxBy, orNone, rate, select, sumBy } from './queries.ts'
import { unit } from './units.ts'
import { siteVariable } from './variables.ts'

const site = [chosen('site')]

export const freshness = dashboard({
  name: 'freshness',
  title: 'DTMS freshness',
  description: 'How old the newest record of every site is, and whether that is news.',
  variables: [siteVariable],
  sections: [
    {
      title: 'Sites',
      panels: [
        states({
          title: 'State',
          description:
            'Only silent is an alarm: more than twice as old as the habit of the site allows. Then look whether the exporter is up, whether it writes (Storage), and whether somebody paused it.',
          unit: unit.word,
          width: 24,
          height: 7,
          queries: [{ expr: freshnessState(site), legend: '{{site}}' }],
          steps: [],
          mappings: freshnessWords,
        }),
        graph({
          title: 'Age of the newest record',
          description:
            'In world time, computed at the scrape; absent while the volume cannot be read or the site has never sent.',
          unit: unit.seconds,
          width: 12,
          queries: [{ expr: maxBy(['site'], select('dtms_data_fresh_seconds', site)), legend: '{{site}}' }],
          colours: siteColours,
        }),
        graph({
          title: 'Age over what is expected',
          description:
            'Up to 1 the site is fresh, up to 2 late, above silent. What is expected is learnt from the silences of the site; pauses and maintenance are left out of the state, not of this line.',
          unit: unit.times,
          width: 12,
          decimals: 1,
          queries: [
            {
              expr: maxBy(
                ['site'],
                `${select('dtms_data_fresh_seconds', site)} / ${select('dtms_freshness_expected_seconds', site)}`,
              ),
              legend: '{{site}}',
            },
          ],
          colours: siteColours,
          steps: [
            { from: 1, colour: 'yellow' },
            { from: 2, colour: 'red' },
          ],
        }),
        graph({
          title: 'Expected age',
          description:
            'Age up to which a site is fresh. It follows the habits of the site slowly; a jump means that it began to rest.',
          unit: unit.seconds,
          width: 8,
          queries: [{ expr: maxBy(['site'], select('dtms_freshness_expected_seconds', site)), legend: '{{site}}' }],
          colours: siteColours,
        }),
        graph({
          title: 'Changes of state',
          description:
            'By the state that a site changed to, all chosen sites. Many changes to late: the site sends at the edge of its habit.',
          unit: unit.perSecond,
          width: 8,
          bars: true,
          queries: [
            {
              expr: orNone('state', sumBy(['state'], rate('dtms_freshness_state_changes_total', site))),
              legend: '{{state}}',
            },
          ],
          colours: [
            { pattern: '/^silent$/', colour: 'red' },
            { pattern: '/^late$/', colour: 'yellow' },
            { pattern: '/^(fresh|recovered)$/', colour: 'green' },
          ],
        }),
        stat({
          title: 'Within the fixed threshold',
          description:
            'Sites whose age is at most 300 s: what the earlier platform alarmed on. Use the state for alarms, it knows habits, pauses and maintenance.',
          unit: unit.word,
          width: 8,
          height: 8,
          queries: [{ expr: `min by (site) (${select('dtms_data_fresh_ok', site)})`, legend: '{{site}}' }],
          steps: [{ from: 1, colour: 'green' }],
          base: 'orange',
          mappings: yesWords,
        }),
      ],
    },
    {
      title: 'The watcher itself',
      panels: [
        stat({
          title: 'Reads the volume',
          description: 'no: every site is unknown. Look at the volume (Storage) and the pod of freshness.',
          unit: unit.word,
          width: 4,
          queries: [{ expr: 'min(dtms_freshness_readable)', legend: 'reads' }],
          steps: [{ from: 1, colour: 'green' }],
          base: 'red',
          mappings: yesWords,
        }),
        stat({
          title: 'API answers',
          description: 'The newest probe of /health of the API, as freshness sees it. no: look at the pod dtms-api.',
          unit: unit.word,
          width: 4,
          queries: [{ expr: 'min(dtms_api_up)', legend: 'answers' }],
          steps: [{ from: 1, colour: 'green' }],
          base: 'red',
          mappings: yesWords,
        }),
        stat({
          title: 'Probe of the API',
          description: 'How long the newest probe took. Above a second the API or its node is overloaded.',
          unit: unit.seconds,
          width: 4,
          queries: [{ expr: 'max(dtms_api_probe_seconds)', legend: 'took' }],
          steps: [
            { from: 1, colour: 'yellow' },
            { from: 5, colour: 'red' },
          ],
        }),
        stat({
          title: 'Not read yet',
          description: 'Bytes of the logs that were seen and not read. Ages are too old while this is large.',
          unit: unit.bytes,
          width: 4,
          queries: [{ expr: 'max(dtms_freshness_lag_bytes)', legend: 'waiting' }],
        }),
        stat({
          title: 'Records read',
          description: 'In the range that is shown, repeats left out.',
          unit: unit.count,
          width: 4,
          decimals: 0,
          queries: [{ expr: sumBy([], grownInRange('dtms_freshness_records_total', site)), legend: 'records' }],
        }),
        stat({
          title: 'Lines not usable',
          description: 'Damaged lines in the range that is shown; see Storage for what is wrong with them.',
          unit: unit.count,
          width: 4,
          decimals: 0,
          queries: [
            { expr: `${sumBy([], grownInRange('dtms_freshness_damaged_lines_total'))} or vector(0)`, legend: 'lines' },
          ],
          steps: someSteps,
        }),
      ],
    },
  ],
})
