import { describe, expect, test } from 'vitest'
import { SlidingMedian } from '../../../lib/detect/sliding-median.ts'
import { createRandom } from '../../../lib/random.ts'
import { medianAndScale } from '../../../lib/stats/robust.ts'

describe('a sliding median', () => {
  test.each([
    ['an odd window', 21, (x: number) => x],
    ['an even window', 20, (x: number) => x],
    ['many equal values', 20, (x: number) => Math.round(x)],
    ['a window of one', 1, (x: number) => x],
    ['wild values', 20, (x: number) => (x > 1 ? 1e12 * x : x)],
  ])('is the median of the window and its deviation: %s', (_, window, change) => {
    const random = createRandom(1, 'median')
    const values = Array.from({ length: 400 }, () => change(random.normal()))
    const sliding = new SlidingMedian(window + 1)
    values.forEach((value, i) => {
      sliding.add(value)
      if (i >= window) sliding.remove(values[i - window] as number)
      const seen = values.slice(Math.max(0, i + 1 - window), i + 1)
      const { median, scale } = medianAndScale(seen)
      expect(sliding.count).toBe(seen.length)
      expect(sliding.center).toBeCloseTo(median, 12)
      expect(Math.abs(sliding.scale - scale)).toBeLessThanOrEqual(1e-12 * Math.max(1, scale))
    })
  })

  test('starts anew from other values', () => {
    const sliding = new SlidingMedian(10)
    for (const value of [1, 2, 3]) sliding.add(value)
    sliding.renew([50, 10, 20, 99], 3)
    expect([sliding.count, sliding.center]).toEqual([3, 20])
  })
})
