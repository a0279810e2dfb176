import type { ScoreHistogram } from './score-histogram.ts'

/**
 * Where it is decided which score is too high. Here and nowhere else, for single transfers.
 *
 * The limit is a property of the bulk of the reference scores, not a share of them: on the logit scale, the median plus
 * k times the distance from the median to the 84th percentile (one standard deviation, if the scores were normal). When
 * nothing is wrong almost nothing lies above it; a quantile as the limit would flag its share for ever, faults or not.
 * Faults in the training window have high scores: 15 % of them carry the 84th percentile away. They hardly move the
 * lower half of the distribution, so the distance counts as at most so many times that from the 16th percentile to the
 * median. It is computed when a refit is accepted and stands still until the next.
 *
 * k and the ratio were chosen on simulated days without faults and with 5 % and 15 % of them in training
 * (docs/detection.md).
 */
export const DEFAULT_K = 3
const MOST_SKEW = 1.9

/** No score below this is called anomalous, however narrow the reference is: 0.5 is what a random point gets. */
const LEAST_THRESHOLD = 0.5

export function thresholdOf(reference: ScoreHistogram, k = DEFAULT_K): number {
  const middle = logit(reference.quantile(0.5))
  const above = logit(reference.quantile(0.84)) - middle
  const below = middle - logit(reference.quantile(0.16))
  const spread = Math.min(above, MOST_SKEW * below)
  const limit = logistic(middle + k * spread)
  return Number.isFinite(limit) ? Math.max(LEAST_THRESHOLD, limit) : 1
}

export function isAnomalous(score: number, threshold: number): boolean {
  return score > threshold
}

/**
 * 1 - conformal p with p = (1 + number of reference scores at least as high) / (n + 1): how sure it is that the score
 * is not one of the reference's own (Bates et al., "Testing for outliers with conformal p-values", Ann. Stat. 2023).
 */
export function confidenceOf(score: number, reference: ScoreHistogram): number {
  return 1 - (1 + reference.atLeast(score)) / (reference.total + 1)
}

function logit(share: number): number {
  return Math.log(share / (1 - share))
}

function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x))
}
