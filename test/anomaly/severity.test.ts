import { describe, expect, test } from 'vitest'
import { ScoreHistogram } from '../../anomaly/score-histogram.ts'
import { severityLevels, severityOf } from '../../anomaly/severity.ts'
import { createRandom } from '../../lib/random.ts'

/** Scores above 0.4 with an exponential tail of mean 0.02: exceeded once in n at 0.4 + 0.02 ln n. */
function exponentialScores(count: number): number[] {
  const random = createRandom(4, 'tail')
  return Array.from({ length: count }, () => Math.min(1, 0.4 + random.exponential(0.02)))
}

describe('severity levels', () => {
  test('are the scores that an exponential tail exceeds once in 100, 1,000 and 10,000', () => {
    const { minor, major, critical } = severityLevels(ScoreHistogram.of(exponentialScores(100_000)))
    expect(minor).toBeCloseTo(0.4 + 0.02 * Math.log(100), 2)
    expect(major).toBeCloseTo(0.4 + 0.02 * Math.log(1000), 2)
    expect(Math.abs(critical - (0.4 + 0.02 * Math.log(10_000)))).toBeLessThan(0.03)
  })

  test('tell from a window of 4,096 what is rarer than anything in it', () => {
    const { minor, major, critical } = severityLevels(ScoreHistogram.of(exponentialScores(4096)))
    expect(minor).toBeLessThan(major)
    expect(major).toBeLessThan(critical)
    expect(critical).toBeLessThanOrEqual(1)
  })

  test.each([
    ['one score', [0.5]],
    ['equal scores', new Array<number>(300).fill(0.45)],
    ['scores at the end of the scale', new Array<number>(300).fill(1)],
  ])('of %s are in order and on the scale', (_what, scores) => {
    const { minor, major, critical } = severityLevels(ScoreHistogram.of(scores))
    expect([0, minor, major, critical, 1]).toEqual([0, minor, major, critical, 1].sort((a, b) => a - b))
  })

  test('of nothing make every score minor', () => {
    expect(severityOf(1, severityLevels(ScoreHistogram.of([])))).toBe('minor')
  })
})

test.each([
  [0.69, 'minor'],
  [0.7, 'major'],
  [0.79, 'major'],
  [0.8, 'critical'],
  [0.1, 'minor'],
])('a score of %d is %s', (score, expected) => {
  expect(severityOf(score, { minor: 0.6, major: 0.7, critical: 0.8 })).toBe(expected)
})
