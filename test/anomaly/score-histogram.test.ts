import { describe, expect, test } from 'vitest'
import { SCORE_BINS, ScoreHistogram } from '../../anomaly/score-histogram.ts'
import { createRandom } from '../../lib/random.ts'

const width = 1 / SCORE_BINS

describe('the histogram of scores', () => {
  test.each([
    [0, 0],
    [width * 0.999, 0],
    [width, 1],
    [1 - width, SCORE_BINS - 1],
    [1, SCORE_BINS - 1],
    [1.5, SCORE_BINS - 1],
    [-0.5, 0],
  ])('puts a score of %d into bin %i', (score, bin) => {
    expect(ScoreHistogram.of([score]).counts[bin]).toBe(1)
  })

  test('tells quantiles to within a bin', () => {
    const random = createRandom(1, 'scores')
    const scores = Float64Array.from({ length: 5000 }, () => random.next() ** 2).sort()
    const histogram = ScoreHistogram.of(scores)
    for (const q of [0.01, 0.16, 0.5, 0.84, 0.99]) {
      expect(Math.abs(histogram.quantile(q) - (scores[Math.round(q * 4999)] as number))).toBeLessThan(2 * width)
    }
  })

  test('has a lowest and a highest quantile', () => {
    const histogram = ScoreHistogram.of([0.25, 0.5])
    expect(histogram.quantile(0)).toBe(0.25)
    expect(histogram.quantile(1)).toBe(0.5 + width)
    expect(histogram.quantile(-1)).toBe(histogram.quantile(0))
    expect(histogram.quantile(2)).toBe(histogram.quantile(1))
  })

  test('has no quantile when it is empty', () => {
    expect(ScoreHistogram.of([]).quantile(0.5)).toBeNaN()
  })

  test('counts scores at least as high, never too few', () => {
    const histogram = ScoreHistogram.of([0.1, 0.2, 0.3])
    expect([0, 0.2, 0.3, 0.31, 1].map((score) => histogram.atLeast(score))).toEqual([3, 2, 1, 0, 0])
    expect(histogram.total).toBe(3)
  })
})
