import { describe, expect, test } from 'vitest'
import { Baseline, ENOUGH, estimateOf } from '../../anomaly/baseline.ts'
import { createRandom } from '../../lib/random.ts'

function aBaseline(values: Iterable<number>, capacity = 256, floor = 0.1): Baseline {
  const baseline = new Baseline(capacity, floor)
  for (const value of values) baseline.learn(value)
  return baseline
}

function normal(count: number, mean = 0, seed = 1): number[] {
  const random = createRandom(seed, 'values')
  return Array.from({ length: count }, () => mean + random.normal())
}

describe('a baseline', () => {
  test('tells median and robust standard deviation of what it has learnt', () => {
    const { center, scale } = aBaseline(normal(256, 5)).own() ?? { center: Number.NaN, scale: Number.NaN }
    expect(Math.abs(center - 5)).toBeLessThan(0.3)
    expect(Math.abs(scale - 1)).toBeLessThan(0.3)
  })

  test('knows nothing at first', () => {
    expect(new Baseline(16, 0.1).own()).toBeUndefined()
  })

  test('believes no scale below its floor', () => {
    expect(aBaseline(new Array<number>(50).fill(3)).own()).toEqual({ center: 3, scale: 0.1 })
  })

  test('is not moved by four wild values in ten', () => {
    const values = normal(100).map((value, i) => (i % 10 < 4 ? 1e6 : value))
    expect(aBaseline(values).own()?.center).toBeLessThan(3)
  })

  test('forgets what is older than its capacity', () => {
    const baseline = aBaseline([...normal(40, 100), ...normal(40, 0)], 32)
    expect(baseline.observations).toBe(32)
    expect(Math.abs(baseline.own()?.center ?? 100)).toBeLessThan(1)
  })

  test('refused values do not teach it', () => {
    const baseline = aBaseline(normal(100))
    const before = baseline.own()
    for (let i = 0; i < 100; i += 1) baseline.refuse(50)
    expect(baseline.own()).toEqual(before)
    expect(baseline.refusedCenter()).toBe(50)
  })

  test.each([
    [7, 0],
    [8, 50],
  ])('adopts what was refused when that is enough to tell: %i values give a middle near %d', (refused, expected) => {
    const baseline = aBaseline(normal(100))
    for (let i = 0; i < refused; i += 1) baseline.refuse(50)
    baseline.adopt()
    expect(Math.abs((baseline.own()?.center ?? Number.NaN) - expected)).toBeLessThan(1)
  })

  test('moves as a whole when it is shifted', () => {
    const baseline = aBaseline(normal(100))
    const before = baseline.own() ?? { center: Number.NaN, scale: Number.NaN }
    baseline.shift(10)
    expect(baseline.own()?.center).toBeCloseTo(before.center + 10, 4)
    expect(baseline.own()?.scale).toBeCloseTo(before.scale, 4)
  })

  test.each([0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65])(
    'goes on after a restart at value %i as if nothing had happened',
    (cut) => {
      const values = normal(160)
      const whole = new Baseline(32, 0.1)
      for (const value of values.slice(0, cut)) {
        whole.learn(value)
        whole.own()
      }
      whole.refuse(9)
      const restored = Baseline.restore(32, 0.1, structuredClone(whole.save()))
      for (const value of values.slice(cut)) {
        whole.learn(value)
        restored.learn(value)
        expect(restored.own()).toEqual(whole.own())
      }
      expect(restored.save()).toEqual(whole.save())
    },
  )
})

describe('an estimate from a chain of baselines', () => {
  const parent = aBaseline(normal(200, 10, 2))

  test('is the most special one that has seen enough', () => {
    const own = aBaseline(normal(ENOUGH))
    expect(estimateOf([own, parent])).toEqual(own.own())
  })

  test('leans on the parent in proportion to what is missing', () => {
    const own = aBaseline(new Array<number>(15).fill(0))
    expect(estimateOf([own, parent])?.center).toBeCloseTo((parent.own()?.center ?? Number.NaN) / 2, 6)
  })

  test('is the parent when the child is new or absent', () => {
    expect(estimateOf([new Baseline(16, 0.1), parent])).toEqual(parent.own())
    expect(estimateOf([undefined, parent])).toEqual(parent.own())
  })

  test.each([
    [7, false],
    [8, true],
  ])('of %i observations in all says something: %s', (count, expected) => {
    expect(estimateOf([aBaseline(normal(count))]) !== undefined).toBe(expected)
  })
})
