import { siteName } from '../../lib/names.ts'
import type { CorrelationItem, CorrelationLine } from '../../lib/streams/correlations.ts'
import { NOON } from './builders.ts'

export function aCorrelationItem(changes: Partial<CorrelationItem> = {}): CorrelationItem {
  return {
    scope: { platform: true },
    coefficient: -0.4,
    pairs: 60,
    pValue: 0.01,
    bestLagMinutes: 2,
    bestCoefficient: -0.5,
    bestPValue: 0.02,
    significant: true,
    lags: [{ lagMinutes: 0, coefficient: -0.4, pairs: 60 }],
    ...changes,
  }
}

/** A run of the batch job with one item for everything, one for a site and one for a link. */
export function aCorrelationRun(seq: number, at = NOON): CorrelationLine {
  const [source, destination] = [siteName('SITE_A'), siteName('SITE_B')]
  return {
    v: 1,
    seq,
    at,
    type: 'correlation',
    from: at - 3600,
    to: at,
    newRecords: 100,
    newAnomalies: 3,
    items: [
      aCorrelationItem(),
      aCorrelationItem({ scope: { site: source }, coefficient: null }),
      aCorrelationItem({ scope: { source, destination } }),
    ],
  }
}
