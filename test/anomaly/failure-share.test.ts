import { describe, expect, test } from 'vitest'
import { type Attempt, FailureShare, type FailureShareState, failureSeverity } from '../../anomaly/failure-share.ts'
import { createRandom } from '../../lib/random.ts'
import { detectorContract } from '../contracts/detector.contract.ts'

function attempts(count: number, share: number, seed = 1): Attempt[] {
  const random = createRandom(seed, 'attempts')
  return Array.from({ length: count }, () => ({ failed: random.chance(share), attempt: 1 }))
}

function learnt(seen: readonly Attempt[], detector = new FailureShare()): FailureShare {
  for (const attempt of seen) detector.learn(attempt)
  return detector
}

/** Attempts until the alarm, undefined when it does not come. */
function attemptsToAlarm(detector: FailureShare, seen: readonly Attempt[]): number | undefined {
  for (const [i, attempt] of seen.entries()) {
    detector.learn(attempt)
    if (detector.ratio >= 1) return i + 1
  }
  return undefined
}

const failure: Attempt = { failed: true, attempt: 1 }

detectorContract('failure share', {
  create: () => new FailureShare(),
  restore: (saved) => new FailureShare(saved as FailureShareState),
  observations: [...attempts(100, 0.03), ...attempts(60, 0.6), ...attempts(60, 0)],
})

describe('the share of failures on a link', () => {
  test('does not alarm in a week of 3 % failures, for any of ten seeds', () => {
    for (let seed = 1; seed <= 10; seed += 1)
      expect(attemptsToAlarm(new FailureShare(), attempts(35_000, 0.03, seed))).toBeUndefined()
  })

  test('does not alarm for a lone failure, nor for three in a row', () => {
    expect(attemptsToAlarm(learnt(attempts(500, 0.03)), [failure, failure, failure])).toBeUndefined()
  })

  test('alarms before the tenth failure in a row', () => {
    expect(attemptsToAlarm(learnt(attempts(500, 0.03)), new Array(9).fill(failure))).toBeLessThan(10)
  })

  test.each([
    [0.5, 40],
    [0.8, 20],
  ])('alarms for a share of %d within %i attempts in 10 of 10 seeds', (share, most) => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const detector = learnt(attempts(500, 0.03, seed))
      expect(attemptsToAlarm(detector, attempts(200, share, 100 + seed))).toBeLessThanOrEqual(most)
    }
  })

  test('retries of one file are no independent news', () => {
    const retries = [1, 2, 3, 4, 5].map((attempt) => ({ failed: true, attempt }))
    const firsts = new Array(5).fill(failure)
    const ofRetries = learnt(retries, learnt(attempts(500, 0.03))).ratio
    const ofFirsts = learnt(firsts, learnt(attempts(500, 0.03))).ratio
    expect(ofRetries).toBeLessThan(ofFirsts / 2)
  })

  test('a link that always fails a fifth of the time is used to it', () => {
    const detector = learnt(attempts(600, 0.1), new FailureShare({ usual: 0.2, present: 0.2, evidence: 0 }))
    expect(attemptsToAlarm(detector, attempts(300, 0.2, 5))).toBeUndefined()
  })

  test('trouble does not become usual while it is suspected', () => {
    const detector = learnt(attempts(2000, 0.03))
    const before = detector.usualShare
    learnt(attempts(300, 0.9, 2), detector)
    expect(detector.usualShare).toBeLessThan(before + 0.02)
    expect(detector.presentShare).toBeGreaterThan(0.6)
  })

  test('is taken for usual when it is adopted', () => {
    const detector = learnt(attempts(100, 0.5, 3), learnt(attempts(500, 0.03)))
    detector.adopt()
    expect(detector.ratio).toBe(0)
    expect(detector.usualShare).toBe(detector.presentShare)
  })

  test('ends soon after the trouble has ended', () => {
    const detector = learnt(new Array(500).fill(failure), learnt(attempts(500, 0.03)))
    learnt(new Array(100).fill({ failed: false, attempt: 1 }), detector)
    expect(detector.ratio).toBeLessThan(0.25)
  })

  test('scores one half exactly where it alarms', () => {
    const detector = learnt(attempts(500, 0.03))
    for (let i = 0; i < 10; i += 1) {
      const score = detector.score(failure)
      detector.learn(failure)
      expect(score >= 0.5).toBe(detector.ratio >= 1)
    }
  })
})

test.each([
  [0.1, 'minor'],
  [0.333, 'minor'],
  [1 / 3, 'major'],
  [0.666, 'major'],
  [2 / 3, 'critical'],
])('when a share of %d fails, that is %s', (share, expected) => {
  expect(failureSeverity(share)).toBe(expected)
})
