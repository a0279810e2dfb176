import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inverseDistribution, type QuantilePoint } from '../../simulator/distribution.ts'

const points: QuantilePoint[] = [
  [0, 1],
  [0.5, 100],
  [0.9, 100],
  [1, 1000],
]

describe('the inverse distribution function', () => {
  it.each([
    [0, 1],
    [0.25, 10],
    [0.5, 100],
    [0.7, 100],
    [0.95, 316.2278],
    [1, 1000],
  ])('at %f gives %f: exact at the listed quantiles, log-linear between them', (u, value) => {
    expect(inverseDistribution(points, u)).toBeCloseTo(value, 3)
  })

  it('never falls as the probability grows and never leaves the listed range', () => {
    const probability = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(probability, probability, (a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)].map((u) => inverseDistribution(points, u))
        expect(low).toBeGreaterThanOrEqual(1)
        expect(high).toBeLessThanOrEqual(1000 * (1 + 1e-12))
        expect(low).toBeLessThanOrEqual((high ?? 0) * (1 + 1e-12))
      }),
    )
  })
})
