import { describe, expect, test } from 'vitest'
import { median, medianAndScale, normalCdf, quantile, quantileOfSorted } from '../../../lib/stats/robust.ts'

describe('quantiles', () => {
  test.each([
    [[1], 0.5, 1],
    [[1, 2], 0.5, 1.5],
    [[3, 1, 2], 0, 1],
    [[3, 1, 2], 1, 3],
    [[4, 1, 3, 2], 0.25, 1.75],
    [[1, 2], 7, 2],
    [[1, 2], -1, 1],
  ])('of %j at %d is %d', (values, q, expected) => {
    expect(quantile(values, q)).toBe(expected)
  })

  test('of nothing is NaN', () => {
    expect(quantileOfSorted([], 0.5)).toBeNaN()
    expect(median([])).toBeNaN()
  })

  test('leave their argument in its order', () => {
    const values = [3, 1, 2]
    quantile(values, 0.5)
    expect(values).toEqual([3, 1, 2])
  })
})

describe('median and scale', () => {
  test('of a normal sample are its mean and standard deviation', () => {
    const values = Array.from({ length: 999 }, (_, i) => 10 + 2 * inverseNormal((i + 1) / 1000))
    const { median, scale } = medianAndScale(values)
    expect(median).toBeCloseTo(10, 9)
    expect(scale).toBeCloseTo(2, 1)
  })

  test('do not move when 4 of 9 values are wild', () => {
    const { median, scale } = medianAndScale([1, 2, 3, 4, 5, 1e9, 1e9, 1e9, 1e9])
    expect(median).toBe(5)
    expect(scale).toBeLessThan(10)
  })

  test('agree with a plain computation for every length', () => {
    for (let length = 1; length < 40; length += 1) {
      const values = Array.from({ length }, (_, i) => ((i * 7919) % 31) + i / 100)
      const middle = median(values)
      const plain = 1.482_602_218_505_602 * median(values.map((value) => Math.abs(value - middle)))
      expect(medianAndScale(values).scale).toBeCloseTo(plain, 12)
    }
  })

  test('of equal values have scale 0', () => {
    expect(medianAndScale([7, 7, 7])).toEqual({ median: 7, scale: 0 })
  })
})

test.each([
  [0, 0.5],
  [1, 0.841_344_7],
  [-1, 0.158_655_3],
  [3, 0.998_650_1],
  [-6, 0],
])('the normal distribution function at %d is %d', (z, expected) => {
  expect(normalCdf(z)).toBeCloseTo(expected, 6)
})

/** By bisection: slow and plain, for the test only. */
function inverseNormal(p: number): number {
  let low = -10
  let high = 10
  for (let i = 0; i < 80; i += 1) {
    const middle = (low + high) / 2
    if (normalCdf(middle) < p) low = middle
    else high = middle
  }
  return (low + high) / 2
}
