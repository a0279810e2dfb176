import { describe, expect, test } from 'vitest'
import {
  createZScore,
  isScorable,
  restoreZScore,
  type SavedZScore,
  type ZScoreOptions,
} from '../../../lib/detect/zscore.ts'
import { createRandom } from '../../../lib/random.ts'
import { detectorContract } from '../../contracts/detector.contract.ts'

const classic: ZScoreOptions = { window: 100, threshold: 3, refractory: 0, channels: ['level'] }
const full: ZScoreOptions = { window: 60, threshold: 4, refractory: 20 }

function noise(count: number, center = 0, seed = 1): number[] {
  const random = createRandom(seed, 'zscore')
  return Array.from({ length: count }, () => center + random.normal())
}

const strange = [...noise(150), 40, ...noise(100, 3, 2), ...Array.from({ length: 80 }, () => 3), 1e9, ...noise(50)]

for (const robust of [false, true])
  detectorContract(robust ? 'robust z-score' : 'z-score', {
    create: () => createZScore({ ...full, robust }),
    restore: (saved) => restoreZScore({ ...full, robust }, saved as SavedZScore),
    observations: strange,
  })

describe('a z-score', () => {
  test('is not bounded by its own window: the value is compared with those before it', () => {
    const detector = createZScore({ ...classic, window: 10, minimum: 10 })
    for (const value of [1, 2, 1, 2, 1, 2, 1, 2, 1, 2]) detector.observe(value)
    // Inside its own window of ten, |z| could not exceed 9 / sqrt(10).
    expect(detector.observe(101.5)?.z).toBeCloseTo(200, 9)
  })

  test.each([
    [2.999, false],
    [3, true],
    [-2.999, false],
    [-3, true],
  ])('of %f with a threshold of 3 is an anomaly: %s', (z, anomalous) => {
    const detector = createZScore({ ...classic, window: 10, minimum: 10 })
    for (const value of [1, 3, 1, 3, 1, 3, 1, 3, 1, 3]) detector.observe(value)
    const verdict = detector.observe(2 + z)
    expect(verdict).toMatchObject({ anomalous, beyond: anomalous, center: 2, scale: 1 })
    expect(verdict?.z).toBeCloseTo(z, 12)
  })

  test('has a score of one half at the threshold, whatever it is', () => {
    for (const threshold of [2, 5]) {
      const detector = createZScore({ ...classic, window: 10, minimum: 10, threshold })
      for (const value of [1, 3, 1, 3, 1, 3, 1, 3, 1, 3]) detector.observe(value)
      expect(detector.score(2 + threshold)).toBe(0.5)
    }
  })

  test.each([
    ['0', 0, 1e-12],
    ['1e9', 1e9, 1e-6],
    ['-1e9', -1e9, 1e-6],
    // A short mean near 1e12 has no digits beyond a ten-thousandth.
    ['1e12', 1e12, 1e-3],
  ])('is the same for values near %s', (_, center, error) => {
    const [near, far] = [createZScore(full), createZScore(full)]
    const steps = noise(2000).map((value) => Math.round(8 * value) / 8)
    const zOf = (detector: typeof near, value: number): number => detector.observe(value)?.z ?? 0
    const gaps = steps.map((value) => zOf(near, value) - zOf(far, center + value))
    // Eighths are exact near 1e12, so that whatever differs is the arithmetic of the detector.
    expect(Math.max(...gaps.map(Math.abs))).toBeLessThan(error)
  })

  test.each([
    ['constant', () => 5],
    ['constant with rounding noise', (i: number) => 5 * (1 + (i % 3) * Number.EPSILON)],
    ['constantly zero', () => 0],
  ])('of a %s window is 0 for the same value and finite for another', (_, valueAt) => {
    const detector = createZScore({ ...full, refractory: 0 })
    for (let i = 0; i < 200; i += 1) expect(detector.observe(valueAt(i))?.anomalous ?? false).toBe(false)
    const verdict = detector.observe(6)
    expect(verdict?.anomalous).toBe(true)
    expect(Number.isFinite(verdict?.z)).toBe(true)
    expect(verdict?.score).toBeLessThan(1)
  })

  test('believes no standard deviation below its floor', () => {
    const detector = createZScore({ ...classic, floor: 2 })
    for (let i = 0; i < 200; i += 1) detector.observe(5)
    expect(detector.observe(10)?.z).toBeCloseTo(2.5, 12)
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e141, -1e300])(
    'of %d is not told, and it is not learnt',
    (value) => {
      const detector = createZScore(full)
      for (const one of noise(100)) detector.observe(one)
      const before = detector.save()
      expect(isScorable(value)).toBe(false)
      expect(detector.observe(value)).toBeUndefined()
      expect(detector.score(value)).toBeUndefined()
      expect(detector.save()).toEqual(before)
    },
  )

  test.each([
    [29, false],
    [30, true],
  ])('after %i values of a window of 100 is told: %s', (count, told) => {
    const detector = createZScore(classic)
    for (const value of noise(count)) detector.observe(value)
    expect(detector.score(0) !== undefined).toBe(told)
  })

  test('needs no memory of more than its window', () => {
    const [longer, shorter] = [createZScore(classic), createZScore(classic)]
    for (const value of [...noise(500, 1000, 4), ...noise(400)]) longer.observe(value)
    for (const value of noise(400)) shorter.observe(value)
    expect(longer.observe(2)?.z).toBeCloseTo(shorter.observe(2)?.z ?? 0, 9)
  })
})

describe('the channels of a z-score', () => {
  /** What the strongest channel was while the second stretch of values came in; `undefined` if nothing was found. */
  function found(before: readonly number[], after: readonly number[], robust = false): string | undefined {
    const detector = createZScore({ window: 400, threshold: 4.5, refractory: 0, short: 10, robust })
    for (const value of before) detector.observe(value)
    const verdicts = after.map((value) => ({ ...detector.observe(value) }))
    return verdicts.find(({ anomalous }) => anomalous === true)?.channel
  }
  const rhythm = Array.from({ length: 800 }, (_, i) => 100 * Math.sin(i / 20))

  test.each([
    ['level', 'a single value far off', noise(800), [12]],
    ['difference', 'a step within the usual range', rhythm.map((x, i) => x + (noise(1, 0, i)[0] ?? 0)), [-60]],
    ['mean', 'a level that has crept up', noise(800), Array.from({ length: 12 }, () => 2.2)],
    ['spread', 'values that are about as wide, all of them', noise(800), [3, 3, -3, -3, 3, 3, -3, -3, 3, 3]],
  ])('%s finds %s', (channel, _, before, after) => {
    expect(found(before, after)).toBe(channel)
  })

  test('none finds a thing in what has always been so', () => {
    expect(found(noise(800), noise(400, 0, 9))).toBeUndefined()
  })

  test('robust: wild values in the window do not hide another one', () => {
    const wild = noise(800).map((value, i) => (i % 40 === 0 ? 500 : value))
    const plain = createZScore({ ...classic, threshold: 3 })
    const robust = createZScore({ ...classic, threshold: 3, robust: true })
    for (const value of wild) for (const one of [plain, robust]) one.observe(value)
    expect(Math.abs(plain.observe(20)?.z ?? 0)).toBeLessThan(1)
    expect(Math.abs(robust.observe(20)?.z ?? 0)).toBeGreaterThan(10)
  })

  test.each([
    ['low', -9, true],
    ['low', 9, false],
    ['high', -9, false],
    ['high', 9, true],
    ['both', -9, true],
    ['both', 9, true],
  ] as const)('look at one side when told so: %s, a value of %i: %s', (side, value, anomalous) => {
    const detector = createZScore({ ...classic, channels: ['level', 'mean'], side, threshold: 5 })
    for (const one of noise(300)) detector.observe(one)
    expect(detector.observe(value)?.anomalous).toBe(anomalous)
  })

  test('where spikes are everyday life a spike is no news, a higher one is', () => {
    const detector = createZScore({ ...classic, window: 500, threshold: 4 })
    noise(5000).forEach((value, i) => {
      detector.observe(i % 50 === 0 ? 30 : value)
    })
    expect(detector.observe(30)).toMatchObject({ beyond: false })
    expect(detector.observe(200)).toMatchObject({ beyond: true })
  })
})

describe('the refractory time of a z-score', () => {
  /** Indexes of the reported ones among values that are all beyond the threshold, or not. */
  function reported(heights: readonly number[]): number[] {
    const detector = createZScore({ window: 10_000, minimum: 1000, threshold: 3, refractory: 5, channels: ['level'] })
    for (let i = 0; i < 10_000; i += 1) detector.observe(i % 2 === 0 ? 1 : -1)
    return heights.flatMap((height, i) => (detector.observe(height)?.anomalous === true ? [i] : []))
  }

  test('passes over five values, not over the sixth', () => {
    expect(reported([4, 4, 4, 4, 4, 4, 4])).toEqual([0, 6])
  })

  test('counts values, not anomalies', () => {
    expect(reported([4, 0, 0, 0, 0, 0, 4])).toEqual([0, 6])
    expect(reported([4, 0, 0, 0, 0, 4])).toEqual([0])
  })

  test('does not hide what is higher by a standard deviation', () => {
    expect(reported([4, 4.9, 5.2, 5.3, 6.5])).toEqual([0, 2, 4])
  })
})

test('other settings after a restart: the saved values are learnt anew', () => {
  const detector = createZScore(full)
  for (const value of noise(500, 50)) detector.observe(value)
  const restored = restoreZScore({ ...full, window: 40, short: 5, robust: true }, detector.save())
  expect(restored.observe(50)?.anomalous).toBe(false)
  expect(restored.observe(80)?.anomalous).toBe(true)
})

test('what an earlier release saved with fewer sums is learnt anew from its values', () => {
  const detector = createZScore(full)
  const values = noise(500)
  for (const value of values) detector.observe(value)
  const saved = detector.save()
  const restored = restoreZScore(full, { ...saved, sums: saved.sums.slice(0, -4) })
  const anew = createZScore(full)
  for (const value of saved.values) anew.learn(value)
  expect(restored.observe(3)?.z).toBe(anew.observe(3)?.z)
})
