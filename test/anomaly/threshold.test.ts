import { describe, expect, test } from 'vitest'
import { SCORE_BINS, ScoreHistogram } from '../../anomaly/score-histogram.ts'
import { confidenceOf, DEFAULT_K, isAnomalous, thresholdOf } from '../../anomaly/threshold.ts'
import { createRandom } from '../../lib/random.ts'

/** Scores whose logits are normal around 0.42, as those of a quiet window nearly are. */
function quietScores(count: number, seed = 1): number[] {
  const random = createRandom(seed, 'quiet')
  return Array.from({ length: count }, () => 1 / (1 + Math.exp(0.32 - 0.15 * random.normal())))
}

const shareAbove = (scores: readonly number[], threshold: number): number =>
  scores.filter((score) => isAnomalous(score, threshold)).length / scores.length

describe('the threshold', () => {
  test('lies k standard deviations above the median when scores are normal on the logit scale', () => {
    const threshold = thresholdOf(ScoreHistogram.of(quietScores(50_000)))
    const logit = Math.log(threshold / (1 - threshold))
    expect(logit).toBeCloseTo(-0.32 + DEFAULT_K * 0.15 * 0.994, 1)
  })

  test('leaves at most 1 % of a quiet window above it', () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const scores = quietScores(4096, seed)
      expect(shareAbove(scores, thresholdOf(ScoreHistogram.of(scores)))).toBeLessThanOrEqual(0.01)
    }
  })

  test.each([0.05, 0.1, 0.15])('still tells faults when they are %d of the training window', (share) => {
    const quiet = quietScores(4096)
    const faults = quietScores(4096, 2).map((score) => Math.min(0.95, score + 0.3))
    const faulty = quiet.map((score, i) => (i / quiet.length < share ? (faults[i] ?? 1) : score))
    const threshold = thresholdOf(ScoreHistogram.of(faulty))
    expect(shareAbove(faults, threshold)).toBeGreaterThan(0.8)
    expect(shareAbove(quiet, threshold)).toBeLessThanOrEqual(0.01)
  })

  test('is never below one half, however narrow the reference', () => {
    expect(thresholdOf(ScoreHistogram.of(new Float64Array(500).fill(0.3)))).toBe(0.5)
  })

  test('is 1, which nothing exceeds, when there is no reference', () => {
    const threshold = thresholdOf(ScoreHistogram.of([]))
    expect(threshold).toBe(1)
    expect(isAnomalous(1, threshold)).toBe(false)
  })

  test('rises with k', () => {
    const reference = ScoreHistogram.of(quietScores(4096))
    expect(thresholdOf(reference, 3)).toBeGreaterThan(thresholdOf(reference, 2.5))
  })

  test.each([
    [0.6, 0.6, false],
    [0.6 + 1e-12, 0.6, true],
  ])('a score of %d against %d: anomalous %s', (score, threshold, expected) => {
    expect(isAnomalous(score, threshold)).toBe(expected)
  })
})

describe('the confidence', () => {
  const reference = ScoreHistogram.of(Array.from({ length: 99 }, (_, i) => (i + 0.5) / SCORE_BINS))

  test.each([
    [1, 1 - 1 / 100],
    [98.5 / SCORE_BINS, 1 - 2 / 100],
    [0, 0],
  ])('of a score of %d is %d', (score, expected) => {
    expect(confidenceOf(score, reference)).toBeCloseTo(expected, 12)
  })

  test('is never complete, and nothing without a reference', () => {
    expect(confidenceOf(1, ScoreHistogram.of(quietScores(4096)))).toBeLessThan(1)
    expect(confidenceOf(1, ScoreHistogram.of([]))).toBe(0)
  })
})
