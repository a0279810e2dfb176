import { endsIn, type FaultKind, usualDuration, usualSeverity } from './fault.ts'
import { failureShare } from './measures.ts'

const cause = { scope: 'destination', class: 'no_space' } as const

/** The commonest trouble of all: the storage at the far end has no room. */
export const destinationFull: FaultKind = {
  description: {
    kind: 'destination-full',
    title: 'Destination full',
    description:
      'The storage of the site has no room left: transfers to it fail in preparation with destination/no_space and are not retried. The senders record the failures.',
    scopes: ['site', 'link'],
    scopeHint: 'site',
    anomalous: true,
    parameters: {
      severity: usualSeverity('share of the attempts that fail'),
      durationSeconds: usualDuration,
    },
  },
  bends: endsIn,
  bend: ({ severity }) => ({ fail: { ...cause, share: severity } }),
  witness: {
    measure: 'share of the attempts started during the fault that failed with destination/no_space',
    unit: 'ratio',
    value: (records, window) => failureShare(records, window, cause),
    tookEffect: (figures) => figures.with > figures.without,
    firstSign: 'record',
  },
}
