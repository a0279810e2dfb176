import { refitColours, severityColours, siteColours } from './colours.ts'
import { dashboard } from './frame.ts'
import { someSteps } from './marks.ts'
import { graph, stat } from './panels.ts'
import { chosen, grownInRange, maxBy, orZero, quantile, rate, select, share, sumBy } from './queries.ts'
import { unit } from './units.ts'
import { siteVariable } from './variables.ts'

const site = [chosen('site')]

export const anomaly = dashboard({
  name: 'anomaly',
  title: 'DTMS anomaly',
  description: 'What the detectors flag, how sure the model is of its normal, and whether scoring keeps up.',
  variables: [siteVariable],
  sections: [
    {
      title: 'Verdicts',
      panels: [
        graph({
          title: 'Anomalous share by site, 24 h',
          description:
            'Records with a verdict over all scored records of the newest 24 hours of record time. Measured, not a setting: a healthy site is well below 2 %. See Links for the link, the page for the reasons.',
          unit: unit.ratio,
          width: 8,
          min: 0,
          queries: [{ expr: maxBy(['site'], select('dtms_anomaly_ratio', site)), legend: '{{site}}' }],
          colours: siteColours,
          steps: [{ from: 0.05, colour: 'orange' }],
        }),
        graph({
          title: 'New verdicts by severity',
          description:
            'Verdicts that were appended to the log. Critical ones are rarer than one in 10,000 quiet records.',
          unit: unit.perSecond,
          width: 8,
          stacked: true,
          queries: [{ expr: sumBy(['severity'], rate('dtms_anomaly_verdicts_total')), legend: '{{severity}}' }],
          colours: severityColours,
        }),
        graph({
          title: 'New verdicts by detector',
          description:
            'forest looks at one transfer, the watches of a link look at its share of failures and at its throughput. A link watch without the forest: many small signs, none striking.',
          unit: unit.perSecond,
          width: 8,
          queries: [{ expr: sumBy(['detector'], rate('dtms_anomaly_verdicts_total')), legend: '{{detector}}' }],
        }),
        graph({
          title: 'Highest score against the threshold',
          description:
            'Highest score of the newest 24 hours by site, 0 to 1, high is anomalous; above the threshold is a verdict. The threshold is frozen between accepted fits.',
          unit: unit.plain,
          width: 8,
          min: 0,
          max: 1,
          queries: [
            { expr: maxBy(['site'], select('dtms_anomaly_score_max', site)), legend: '{{site}}' },
            { expr: 'max(dtms_anomaly_threshold_score)', legend: 'threshold' },
          ],
          colours: [...siteColours, { pattern: '/^threshold$/', colour: 'orange' }],
        }),
        graph({
          title: 'Flagged and scored records, 24 h',
          description:
            'What the share is made of. Scored records that fall away: a site is silent, or scoring has stopped.',
          unit: unit.count,
          width: 8,
          queries: [
            { expr: sumBy(['site'], select('dtms_anomaly_scored_records', site)), legend: 'scored, {{site}}' },
            { expr: sumBy(['site'], select('dtms_anomaly_flagged_records', site)), legend: 'flagged, {{site}}' },
          ],
          colours: [{ pattern: '/^flagged/', colour: 'orange' }],
        }),
        graph({
          title: 'Records read by result',
          description: 'scored; suppressed: in an announced maintenance; refused: a number that is none.',
          unit: unit.perSecond,
          width: 8,
          queries: [{ expr: sumBy(['result'], rate('dtms_anomaly_records_total')), legend: '{{result}}' }],
          colours: [
            { pattern: '/^scored$/', colour: 'green' },
            { pattern: '/^suppressed$/', colour: 'blue' },
            { pattern: '/^refused$/', colour: 'red' },
          ],
        }),
      ],
    },
    {
      title: 'Model',
      panels: [
        stat({
          title: 'Age of the model',
          description:
            'World time since the newest record that it was fitted to. Refits that are rejected for long make it old: then the data has changed for good, or is bad.',
          unit: unit.seconds,
          width: 4,
          queries: [{ expr: 'max(dtms_model_age_seconds)', legend: 'age' }],
        }),
        stat({
          title: 'Fitted to',
          description: 'Records that the model was fitted to, and records in the training window at present.',
          unit: unit.count,
          width: 4,
          queries: [
            { expr: 'max(dtms_model_rows)', legend: 'model' },
            { expr: 'max(dtms_model_window_rows)', legend: 'window' },
          ],
        }),
        stat({
          title: 'Faults in training',
          description:
            'Estimated share of faults in the training window. Above a tenth the model learns trouble as normal.',
          unit: unit.ratio,
          width: 4,
          decimals: 1,
          queries: [{ expr: 'max(dtms_model_training_anomalous_ratio)', legend: 'share' }],
          steps: [
            { from: 0.05, colour: 'yellow' },
            { from: 0.1, colour: 'orange' },
          ],
        }),
        graph({
          title: 'Fits by result',
          description:
            'rejected: the new model judged the quiet past much worse, so the old one was kept. Now and then is normal.',
          unit: unit.perSecond,
          width: 8,
          bars: true,
          queries: [{ expr: sumBy(['result'], rate('dtms_model_refits_total')), legend: '{{result}}' }],
          colours: refitColours,
          height: 8,
        }),
        stat({
          title: 'Links known',
          description: 'Links with baselines of their own. A new link is judged once it has enough records.',
          unit: unit.count,
          width: 4,
          queries: [{ expr: 'max(dtms_anomaly_links)', legend: 'links' }],
        }),
        stat({
          title: 'New normals',
          description:
            'Lasting changes of a link that were confirmed and taken for the new normal, in the range that is shown.',
          unit: unit.count,
          width: 6,
          decimals: 0,
          queries: [{ expr: sumBy([], grownInRange('dtms_anomaly_changes_adopted_total')), legend: 'changes' }],
        }),
        stat({
          title: 'Model files refused',
          description:
            'Model files that were not used (damaged, of another version); the model was fitted again from the saved window.',
          unit: unit.count,
          width: 6,
          decimals: 0,
          queries: [{ expr: orZero(sumBy([], grownInRange('dtms_model_refused_total'))), legend: 'files' }],
          steps: someSteps,
        }),
        stat({
          title: 'Scoring started over',
          description:
            'Times the scoring thread was started again from the last checkpoint after a failure. Read the log of the service.',
          unit: unit.count,
          width: 6,
          decimals: 0,
          queries: [{ expr: sumBy([], grownInRange('dtms_anomaly_restarts_total')), legend: 'times' }],
          steps: someSteps,
        }),
        stat({
          title: 'States saved',
          description:
            'Checkpoints in the range that is shown. None while records come: the volume does not take them.',
          unit: unit.count,
          width: 6,
          decimals: 0,
          queries: [{ expr: sumBy([], grownInRange('dtms_anomaly_checkpoints_total')), legend: 'saved' }],
        }),
      ],
    },
    {
      title: 'Keeping up',
      panels: [
        graph({
          title: 'Not scored yet',
          description:
            'Bytes of the log that wait. Growing for minutes: the service is short of CPU (Infrastructure) or stuck.',
          unit: unit.bytes,
          width: 8,
          queries: [{ expr: 'max(dtms_anomaly_lag_bytes)', legend: 'waiting' }],
        }),
        graph({
          title: 'Time to score',
          description:
            'A batch, refits included, and one record of it; p95. The batch may take a second while a model is fitted.',
          unit: unit.seconds,
          width: 8,
          queries: [
            { expr: quantile(0.95, 'dtms_anomaly_batch_seconds'), legend: 'batch' },
            { expr: quantile(0.95, 'dtms_anomaly_scoring_seconds'), legend: 'record' },
          ],
        }),
        graph({
          title: 'Verdicts that were there already',
          description:
            'Share of verdicts that were not appended because an earlier life had appended them. Only after a crash.',
          unit: unit.ratio,
          width: 8,
          min: 0,
          queries: [
            {
              expr: orZero(
                share(
                  sumBy([], rate('dtms_anomaly_verdicts_repeated_total')),
                  `(${sumBy([], rate('dtms_anomaly_verdicts_repeated_total'))} + ${sumBy([], rate('dtms_anomaly_verdicts_total'))})`,
                ),
              ),
              legend: 'repeated',
            },
          ],
        }),
      ],
    },
  ],
})
