import { describe, expect, test } from 'vitest'
import { SlidingMoments } from '../../../lib/detect/sliding-moments.ts'
import { createRandom } from '../../../lib/random.ts'

/** Slides a window over the values as an owner does, and hands the newest window to `look` after each. */
function slide(values: readonly number[], window: number, look: (moments: SlidingMoments, seen: number[]) => void) {
  const moments = new SlidingMoments()
  let renewals = 0
  values.forEach((value, i) => {
    const seen = values.slice(Math.max(0, i + 1 - window), i + 1)
    moments.add(value)
    if (i >= window) moments.remove(values[i - window] as number)
    if (moments.worn) {
      moments.renew(seen, seen.length)
      renewals += 1
    }
    look(moments, seen)
  })
  return renewals
}

/** Two passes against the first value: no digits to lose. */
function exact(values: readonly number[]): { mean: number; sd: number } {
  const first = values[0] as number
  const mean = values.reduce((sum, value) => sum + (value - first), 0) / values.length
  const square = values.reduce((sum, value) => sum + (value - first - mean) ** 2, 0) / values.length
  return { mean: first + mean, sd: Math.sqrt(square) }
}

function noise(count: number, center: number, sd = 1): number[] {
  const random = createRandom(center, 'moments')
  return Array.from({ length: count }, () => center + sd * random.normal())
}

describe('sliding moments', () => {
  test.each([
    ['near zero', noise(500, 0)],
    ['near 1e9', noise(500, 1e9)],
    ['near 1e9 with a spread of a thousandth', noise(500, 1e9, 1e-3)],
    ['on a ramp', noise(500, 0).map((value, i) => value + 1e6 * i)],
    ['after a jump from 0 to 1e9', [...noise(200, 0), ...noise(300, 1e9)]],
    ['after wild values', [...noise(100, 5), 1e15, ...noise(200, 5), -1e30, 1e18, ...noise(200, 5)]],
  ])('are those of the window: %s', (_, values) => {
    slide(values, 50, (moments, seen) => {
      const { mean, sd } = exact(seen)
      expect(Math.abs(moments.center - mean)).toBeLessThanOrEqual(1e-6 * sd + 1e-12 * Math.abs(mean))
      expect(Math.abs(moments.scale - sd)).toBeLessThanOrEqual(1e-6 * sd)
    })
  })

  test('are exact for a constant, whatever left the window before', () => {
    const values = [7, 1e20, ...Array.from({ length: 60 }, () => 0.1)]
    let last = { center: 0, scale: 1 }
    slide(values, 50, ({ center, scale }) => {
      last = { center, scale }
    })
    expect(last).toEqual({ center: 0.1, scale: 0 })
  })

  test('are summed anew a few times for wild values, not for each value', () => {
    const values = noise(2000, 5).map((value, i) => (i % 90 === 0 ? 1e12 : value))
    expect(slide(values, 50, () => {})).toBeLessThanOrEqual(2 * Math.ceil(2000 / 90) + 2000 / 50)
  })

  test('go on after saving as if nothing had happened', () => {
    const [moments, restored] = [new SlidingMoments(), new SlidingMoments()]
    for (const value of noise(10, 3)) moments.add(value)
    restored.restore(moments.save())
    for (const one of [moments, restored]) one.add(8)
    expect(restored.save()).toEqual(moments.save())
  })
})
