import { covers } from '../../lib/names.ts'
import { type FaultKind, usualSeverity } from './fault.ts'
import { medianThroughput } from './measures.ts'

/** Trouble that creeps in: no single record looks wrong against the one before it. */
export const slowDrift: FaultKind = {
  description: {
    kind: 'slow-drift',
    title: 'Slow drift',
    description:
      'Throughput falls a little with every minute: for the first quarter of the fault it sinks steadily, then it stays at the bottom. Everything takes longer alike: setup, small files, large files.',
    scopes: ['link', 'site', 'platform'],
    scopeHint: 'link',
    anomalous: true,
    parameters: {
      severity: usualSeverity('share of the throughput that is lost at the bottom; 0.8 leaves one fifth'),
      durationSeconds: { minimum: 300, maximum: 86_400, default: 1200 },
    },
  },
  bends: (scope, link) => covers(scope, link.source, link.destination),
  bend: ({ severity, progress }) => {
    const speed = Math.max(0.02, 1 - severity * Math.min(1, 4 * progress))
    // Everything takes longer alike, so the throughput of a small file falls just as that of a large one.
    return { speed, setup: 1 / speed }
  },
  stepSeconds: 10,
  witness: {
    measure: 'median throughput of successful records that ended in the second half of the fault',
    unit: 'MB/s',
    value: (records, window) => medianThroughput(records, (window.from + window.to) / 2, window.to),
    tookEffect: (figures) => figures.with < 0.95 * figures.without,
    firstSign: 'record',
  },
}
