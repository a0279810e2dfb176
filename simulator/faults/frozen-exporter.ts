import { type FaultKind, startsIn, usualSeverity } from './fault.ts'
import { writtenCount } from './measures.ts'

/** The transfers go on, the process is alive and answers; only the log stands still. */
export const frozenExporter: FaultKind = {
  description: {
    kind: 'frozen-exporter',
    title: 'Frozen exporter',
    description:
      'The exporter of the site is alive but writes no records. When it thaws, everything that ended meanwhile is written at once, with the original times.',
    scopes: ['site'],
    scopeHint: 'site',
    anomalous: true,
    parameters: {
      severity: usualSeverity('no effect: an exporter is frozen or it is not'),
      // Records held back are part of the saved state, so this fault may not last as long as others.
      durationSeconds: { minimum: 60, maximum: 14_400, default: 1200 },
    },
  },
  bends: startsIn,
  bend: () => ({ held: true }),
  witness: {
    measure: 'records written during the fault',
    unit: 'records',
    value: writtenCount,
    tookEffect: (figures) => figures.with < figures.without,
    firstSign: 'absence',
  },
}
