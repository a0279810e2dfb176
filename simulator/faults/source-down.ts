import { type FaultKind, startsIn, usualDuration, usualSeverity } from './fault.ts'
import { failureShare } from './measures.ts'

const cause = { scope: 'source', class: 'unavailable' } as const

/** The storage at the near end does not answer; its scheduler goes on asking. */
export const sourceDown: FaultKind = {
  description: {
    kind: 'source-down',
    title: 'Source down',
    description:
      'The storage of the site does not answer: transfers from it fail at once with source/unavailable and are retried, which makes more attempts than usual.',
    scopes: ['site', 'link'],
    scopeHint: 'site',
    anomalous: true,
    parameters: {
      severity: usualSeverity('share of the attempts that fail'),
      durationSeconds: usualDuration,
    },
  },
  bends: startsIn,
  bend: ({ severity }) => ({ fail: { ...cause, share: severity } }),
  witness: {
    measure: 'share of the attempts started during the fault that failed with source/unavailable',
    unit: 'ratio',
    value: (records, window) => failureShare(records, window, cause),
    tookEffect: (figures) => figures.with > figures.without,
    firstSign: 'record',
  },
}
