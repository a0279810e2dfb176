import type { Severity } from '../lib/streams/anomalies.ts'
import { SCORE_BINS, type ScoreHistogram } from './score-histogram.ts'

/** Scores that a quiet window exceeds once in 100, 1,000 and 10,000 records. */
export interface SeverityLevels {
  minor: number
  major: number
  critical: number
}

/** The tail that the fit looks at: the highest 2 % of the reference. */
const TAIL = 0.02

/**
 * Peaks over threshold: the excesses over a high quantile follow a generalised Pareto distribution, which tells how high
 * a score must be to be rarer than anything seen (Siffer et al., "Anomaly detection in streams with extreme value
 * theory", KDD 2017). Fitted by the method of moments (Hosking and Wallis, 1987), which never fails on few excesses.
 */
export function severityLevels(reference: ScoreHistogram): SeverityLevels {
  const start = reference.quantile(1 - TAIL)
  let count = 0
  let sum = 0
  let squares = 0
  for (let bin = 0; bin < SCORE_BINS; bin += 1) {
    const excess = (bin + 0.5) / SCORE_BINS - start
    const times = reference.counts[bin] as number
    if (excess <= 0 || times === 0) continue
    count += times
    sum += times * excess
    squares += times * excess * excess
  }
  const mean = count > 0 ? sum / count : 1 / SCORE_BINS
  const variance = count > 1 ? squares / count - mean * mean : 0
  // A tail whose variance does not show is taken as exponential. Scores end at 1, so the tail is never heavier than that.
  const shape = variance > 0 ? Math.max(-0.5, Math.min(0.25, 0.5 * (1 - (mean * mean) / variance))) : 0
  const scale = mean * (1 - shape)
  const share = reference.total > 0 ? Math.max(count, 1) / reference.total : TAIL
  const level = (q: number): number => {
    const ratio = q / share
    const excess = Math.abs(shape) < 1e-6 ? -scale * Math.log(ratio) : (scale / shape) * (ratio ** -shape - 1)
    return Math.min(1, start + Math.max(0, excess))
  }
  return { minor: level(1e-2), major: level(1e-3), critical: level(1e-4) }
}

export function severityOf(score: number, levels: SeverityLevels): Severity {
  if (score >= levels.critical) return 'critical'
  return score >= levels.major ? 'major' : 'minor'
}
