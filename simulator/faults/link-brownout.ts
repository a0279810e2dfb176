import { covers } from '../../lib/names.ts'
import { type FaultKind, usualDuration, usualSeverity } from './fault.ts'
import { medianThroughput } from './measures.ts'

/** A lossy, overloaded path: everything over it slows, handshakes included, and packets are lost. */
export const linkBrownout: FaultKind = {
  description: {
    kind: 'link-brownout',
    title: 'Link brownout',
    description:
      'The path loses packets and slows: every stream and the link as a whole run at a fraction of their speed, setup takes longer, requests pile up in the queue.',
    scopes: ['link', 'site', 'platform'],
    scopeHint: 'link',
    anomalous: true,
    parameters: {
      severity: usualSeverity('share of the speed that is lost; 0.8 leaves one fifth'),
      durationSeconds: usualDuration,
    },
  },
  bends: (scope, link) => covers(scope, link.source, link.destination),
  bend: ({ severity }) => ({
    speed: Math.max(0.02, 1 - severity),
    setup: 1 + 4 * severity,
    loss: 1 + 100 * severity,
    rtt: 1 + 2 * severity,
  }),
  witness: {
    measure: 'median throughput of successful records that ended during the fault',
    unit: 'MB/s',
    value: (records, window) => medianThroughput(records, window.from, window.to),
    tookEffect: (figures) => figures.with < 0.95 * figures.without,
    firstSign: 'record',
  },
}
