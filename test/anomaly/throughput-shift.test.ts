import { describe, expect, test } from 'vitest'
import {
  type RateResidual,
  slownessSeverity,
  ThroughputShift,
  type ThroughputShiftState,
} from '../../anomaly/throughput-shift.ts'
import { createRandom } from '../../lib/random.ts'
import { detectorContract } from '../contracts/detector.contract.ts'

function residuals(count: number, mean: number, seed = 1): RateResidual[] {
  const random = createRandom(seed, 'residuals')
  return Array.from({ length: count }, () => {
    const z = mean + random.normal()
    return { z, decades: 0.1 * z }
  })
}

function transfersToAlarm(detector: ThroughputShift, seen: readonly RateResidual[]): number | undefined {
  for (const [i, residual] of seen.entries()) {
    detector.learn(residual)
    if (detector.ratio >= 1) return i + 1
  }
  return undefined
}

function learnt(seen: readonly RateResidual[], detector = new ThroughputShift()): ThroughputShift {
  for (const residual of seen) detector.learn(residual)
  return detector
}

detectorContract('throughput shift', {
  create: () => new ThroughputShift(),
  restore: (saved) => new ThroughputShift(saved as ThroughputShiftState),
  observations: [...residuals(80, 0), ...residuals(40, -3), { z: 1e6, decades: 9 }, ...residuals(40, 2)],
})

describe('the rate of a link as a whole', () => {
  test('does not alarm in two days of ordinary scatter, for any of ten seeds', () => {
    for (let seed = 1; seed <= 10; seed += 1)
      expect(transfersToAlarm(new ThroughputShift(), residuals(13_000, 0, seed))).toBeUndefined()
  })

  test('alarms within thirty transfers when each is two standard deviations slow, though none is strange by itself', () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const detector = learnt(residuals(300, 0, seed))
      expect(transfersToAlarm(detector, residuals(60, -2, 50 + seed))).toBeLessThanOrEqual(30)
    }
  })

  test('does not alarm for one wild transfer, however wild', () => {
    expect(transfersToAlarm(new ThroughputShift(), [{ z: -1e9, decades: -9 }, ...residuals(50, 0)])).toBeUndefined()
  })

  test('a link that has become faster is a change but no alarm', () => {
    const detector = learnt(residuals(60, 3))
    expect(detector.ratio).toBe(0)
    expect(detector.highRatio).toBeGreaterThanOrEqual(1)
    expect(detector.presentRatio).toBeGreaterThan(1.5)
  })

  test('ends soon after the rate is back', () => {
    const detector = learnt(residuals(500, -3))
    learnt(residuals(130, 0, 2), detector)
    expect(detector.ratio).toBeLessThan(0.25)
  })

  test('a level that is adopted leaves no suspicion', () => {
    const detector = learnt(residuals(100, -3))
    expect(detector.presentRatio).toBeLessThan(0.7)
    detector.adopt()
    expect([detector.ratio, detector.highRatio, detector.presentRatio]).toEqual([0, 0, 1])
  })

  test('scores one half exactly where it alarms', () => {
    const detector = new ThroughputShift()
    for (const residual of residuals(60, -2)) {
      const score = detector.score(residual)
      detector.learn(residual)
      expect(score >= 0.5).toBe(detector.ratio >= 1)
    }
  })
})

test.each([
  [0.6, 'minor'],
  [0.599, 'major'],
  [0.3, 'major'],
  [0.299, 'critical'],
])('when %d of the usual rate is left, that is %s', (share, expected) => {
  expect(slownessSeverity(share)).toBe(expected)
})
