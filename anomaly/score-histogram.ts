export const SCORE_BINS = 1024

/** Scores 0...1 of a training window, in 1,024 bins: all that threshold, severity and confidence need to know of it. */
export class ScoreHistogram {
  readonly counts: Uint32Array
  readonly total: number

  constructor(counts: Uint32Array) {
    this.counts = counts
    this.total = counts.reduce((sum, count) => sum + count, 0)
  }

  static of(scores: ArrayLike<number>): ScoreHistogram {
    const counts = new Uint32Array(SCORE_BINS)
    for (let i = 0; i < scores.length; i += 1) {
      const bin = binOf(scores[i] as number)
      counts[bin] = (counts[bin] as number) + 1
    }
    return new ScoreHistogram(counts)
  }

  /** Interpolated inside the bin. NaN when there are no scores. */
  quantile(q: number): number {
    if (this.total === 0) return Number.NaN
    const wanted = Math.min(1, Math.max(0, q)) * this.total
    let below = 0
    for (let bin = 0; bin < SCORE_BINS; bin += 1) {
      const count = this.counts[bin] as number
      if (count > 0 && below + count >= wanted) return (bin + Math.max(0, wanted - below) / count) / SCORE_BINS
      below += count
    }
    return 1
  }

  /** Number of scores in the bin of `score` and above: never too few, by less than a bin. */
  atLeast(score: number): number {
    let count = 0
    for (let bin = binOf(score); bin < SCORE_BINS; bin += 1) count += this.counts[bin] as number
    return count
  }
}

function binOf(score: number): number {
  return Math.min(SCORE_BINS - 1, Math.max(0, Math.floor(score * SCORE_BINS)))
}
