import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../../lib/random.ts'
import {
  bonferroni,
  correlationP,
  effectivePairs,
  incompleteBeta,
  logGamma,
  PairMoments,
  studentP,
} from '../../../lib/stats/correlation.ts'

/** Known values were computed with 40 digits (mpmath 1.3, betainc and loggamma). */
function relativeError(value: number, known: number): number {
  return known === 0 ? Math.abs(value) : Math.abs(value / known - 1)
}

describe('the incomplete beta function', () => {
  it.each([
    [0.5, 0.5, 0.5, 0.5],
    [0.1, 2, 3, 0.0523],
    [0.9, 2, 3, 0.9963],
    [0.3, 10, 0.5, 1.220522927953171e-6],
    [0.999, 500, 0.5, 0.3173104473097172],
    [0.9999, 5000, 0.5, 0.3173105072579534],
    [1e-6, 0.5, 0.5, 0.0006366198784709245],
    [0.2, 0.5, 20, 0.9970155470011657],
    [0.7, 1, 0.5, 0.4522774424948338],
  ])('I_%d(%d, %d) is %d', (x, a, b, known) => {
    expect(relativeError(incompleteBeta(x, a, b), known)).toBeLessThan(1e-10)
  })

  it('is 0 at and below 0, 1 at and above 1, and 0 where the true value is below any double', () => {
    expect([-1, 0, 1, 2].map((x) => incompleteBeta(x, 3, 4))).toEqual([0, 0, 1, 1])
    expect(incompleteBeta(0.5, 5000, 0.5)).toBe(0)
  })

  it('never decreases and mirrors I_x(a, b) = 1 - I_1-x(b, a)', () => {
    const shape = fc.double({ min: 0.1, max: 2000, noNaN: true })
    const x = fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true })
    fc.assert(
      fc.property(x, x, shape, shape, (p, q, a, b) => {
        const [low, high] = [Math.min(p, q), Math.max(p, q)]
        expect(incompleteBeta(low, a, b)).toBeLessThanOrEqual(incompleteBeta(high, a, b) + 1e-9)
        expect(incompleteBeta(p, a, b)).toBeCloseTo(1 - incompleteBeta(1 - p, b, a), 8)
      }),
    )
  })
})

describe('the logarithm of gamma', () => {
  it.each([
    [0.5, 0.5723649429247001],
    [1, 0],
    [2, 0],
    [3.7, 1.4280723266653881],
    [14.99, 25.164481163825506],
    [15, 25.19122118273868],
    [100, 359.1342053695754],
    [5000.5, 37586.88488728106],
  ])('at %d is %d', (z, known) => {
    expect(Math.abs(logGamma(z) - known)).toBeLessThan(1e-12 * Math.max(1, known))
  })
})

describe("Student's two-sided p", () => {
  it.each([
    [0, 5, 1],
    [1, 1, 0.5],
    [2.570581836, 5, 0.0499999999779],
    [12.706204736, 1, 0.0500000000007],
    [1.959963985, 1e7, 0.0500000276757],
    [3.5, 30, 0.00147680743764],
    [-3.5, 30, 0.00147680743764],
    [10, 100, 9.90168898459e-17],
    [40, 1000, 1.04788521552e-209],
  ])('of t = %d with %d degrees of freedom is %d', (t, freedom, known) => {
    expect(relativeError(studentP(t, freedom), known)).toBeLessThan(1e-8)
  })
})

describe('the p of a coefficient', () => {
  it.each([
    [0.5, 30, 0.00489993366707],
    [-0.5, 30, 0.00489993366707],
    [0.05, 1440, 0.057840422173],
    [0.999999, 4, 1.00000000003e-6],
    [0.1, 10_080, 7.97668161239e-24],
    [0, 10, 1],
    [1, 10, 0],
  ])('r = %d from %d pairs is %d', (r, pairs, known) => {
    expect(relativeError(correlationP(r, pairs) ?? Number.NaN, known)).toBeLessThan(1e-9)
  })

  it('does not exist for two pairs and does for a little more', () => {
    expect(correlationP(0.5, 2)).toBeUndefined()
    expect(correlationP(0.5, 2.1)).toBeGreaterThan(0.9)
  })

  it('is multiplied by the number of looks and never passes 1', () => {
    expect(bonferroni(0.01, 21)).toBeCloseTo(0.21)
    expect(bonferroni(0.2, 21)).toBe(1)
  })
})

describe('moments of pairs', () => {
  const of = (xs: number[], ys: number[]): PairMoments => {
    const moments = new PairMoments()
    xs.forEach((x, i) => {
      moments.add(x, ys[i] as number)
    })
    return moments
  }

  it.each<[string, number[], number[], number | undefined]>([
    ['a straight line up', [1, 2, 3, 4], [10, 20, 30, 40], 1],
    ['a straight line down', [1, 2, 3, 4], [4, 3, 2, 1], -1],
    ['nothing in common', [1, 2, 1, 2], [1, 1, 2, 2], 0],
    ['the textbook five', [1, 2, 3, 4, 5], [2, 1, 4, 3, 5], 0.8],
    ['two pairs', [1, 2], [1, 2], undefined],
    ['a side that never changes', [1, 2, 3], [5, 5, 5], undefined],
    ['nothing', [], [], undefined],
  ])('%s', (_name, xs, ys, known) => {
    const coefficient = of(xs, ys).coefficient()
    if (known === undefined) expect(coefficient).toBeUndefined()
    else expect(coefficient).toBeCloseTo(known, 12)
  })

  it('keep their digits beside a large offset', () => {
    const random = createRandom(5, 'pairs')
    const xs = Array.from({ length: 1000 }, () => random.normal())
    const ys = xs.map((x) => x + random.normal())
    const near = of(xs, ys).coefficient() as number
    const far = of(
      xs.map((x) => x + 1e9),
      ys.map((y) => y + 1e9),
    ).coefficient() as number
    expect(Math.abs(near - far)).toBeLessThan(1e-6)
    expect(near).toBeGreaterThan(0.6)
  })
})

describe('the number of independent pairs', () => {
  const series = (memory: number, seed: number): number[] => {
    const random = createRandom(seed, 'series')
    let value = 0
    return Array.from({ length: 2000 }, () => {
      value = memory * value + random.normal()
      return value
    })
  }

  it('is nearly all of them without memory', () => {
    expect(effectivePairs(series(0, 1), series(0, 2), 60)).toBeGreaterThan(1700)
  })

  it('shrinks as the theory says when both sides remember', () => {
    const [a, b] = [0.9, 0.9]
    const theory = (2000 * (1 - a * b)) / (1 + a * b)
    const found = effectivePairs(series(a, 3), series(b, 4), 60)
    expect(found).toBeGreaterThan(theory / 2)
    expect(found).toBeLessThan(theory * 2)
  })

  it('counts only the pairs that are there and never falls below two', () => {
    expect(effectivePairs([1, Number.NaN, 3, 2], [1, Number.NaN, 3, 5], 60)).toBe(3)
    expect(effectivePairs([], [], 60)).toBe(2)
    expect(effectivePairs(new Array(50).fill(7), new Array(50).fill(7), 60)).toBe(50)
  })

  it('keeps the false alarms of unrelated series with memory near their nominal share', () => {
    let alarms = 0
    for (let seed = 0; seed < 200; seed += 1) {
      const [xs, ys] = [series(0.9, 1000 + seed), series(0.9, 5000 + seed)]
      const moments = new PairMoments()
      xs.forEach((x, i) => {
        moments.add(x, ys[i] as number)
      })
      const p = correlationP(moments.coefficient() as number, effectivePairs(xs, ys, 60)) as number
      if (p < 0.05) alarms += 1
    }
    expect(alarms / 200).toBeLessThan(0.1)
  })
})
