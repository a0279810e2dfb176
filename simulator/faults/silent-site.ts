import { type FaultKind, startsIn, usualDuration, usualSeverity } from './fault.ts'
import { startedCount } from './measures.ts'

/** A site that is cut off: nothing is asked for, nothing moves, nothing is reported, and nobody says so. */
export const silentSite: FaultKind = {
  description: {
    kind: 'silent-site',
    title: 'Silent site',
    description:
      'The site starts no transfers, and those under way stand still until it is over. There are no failures to see: only the absence of records.',
    scopes: ['site'],
    scopeHint: 'site',
    anomalous: true,
    parameters: {
      severity: usualSeverity('no effect: a site is silent or it is not'),
      durationSeconds: usualDuration,
    },
  },
  bends: startsIn,
  bend: () => ({ stopped: true, speed: 0 }),
  witness: {
    measure: 'attempts started during the fault',
    unit: 'attempts',
    value: startedCount,
    tookEffect: (figures) => figures.with < figures.without,
    firstSign: 'absence',
  },
}
