import { covers } from '../../lib/names.ts'
import { type FaultKind, usualDuration, usualSeverity } from './fault.ts'
import { writtenCount } from './measures.ts'

/** The control of every experiment: a fault that does nothing, and of which nothing should be noticed. */
export const none: FaultKind = {
  description: {
    kind: 'none',
    title: 'No fault',
    description: 'Nothing happens. In a hidden round it keeps those who see trouble everywhere honest.',
    scopes: ['site', 'link', 'platform'],
    scopeHint: 'platform',
    anomalous: false,
    parameters: {
      severity: usualSeverity('no effect'),
      durationSeconds: usualDuration,
    },
  },
  bends: (scope, link) => covers(scope, link.source, link.destination),
  bend: () => ({}),
  witness: {
    measure: 'records written during the fault',
    unit: 'records',
    value: writtenCount,
    tookEffect: (figures) => figures.with !== figures.without,
    firstSign: 'record',
  },
}
