import { covers } from '../../lib/names.ts'
import { type FaultKind, usualDuration, usualSeverity } from './fault.ts'
import { startedCount } from './measures.ts'

/** Silence that was announced: it must not alarm anybody. */
export const maintenance: FaultKind = {
  description: {
    kind: 'maintenance',
    title: 'Maintenance window',
    description:
      'Announced quiet: the site or link starts no transfers, those under way end normally, nothing fails. Announced at least 60 s ahead; must not raise an alarm.',
    scopes: ['site', 'link', 'platform'],
    scopeHint: 'site',
    anomalous: false,
    parameters: {
      severity: usualSeverity('no effect: a window is open or it is not'),
      durationSeconds: usualDuration,
    },
  },
  bends: (scope, link) => covers(scope, link.source, link.destination),
  bend: () => ({ stopped: true }),
  witness: {
    measure: 'attempts started during the window',
    unit: 'attempts',
    value: startedCount,
    tookEffect: (figures) => figures.with < figures.without,
    firstSign: 'absence',
  },
}
