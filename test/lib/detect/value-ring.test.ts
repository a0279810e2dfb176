import { describe, expect, test } from 'vitest'
import { ValueRing } from '../../../lib/detect/value-ring.ts'

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}

describe('a ring of values', () => {
  test.each([1, 63, 64, 65, 100, 128, 129, 1000])('keeps the newest 100 of %i by age', (count) => {
    const ring = new ValueRing(100)
    for (const value of numbers(count)) ring.push(value)
    expect(ring.length).toBe(Math.min(100, count))
    expect(ring.at(0)).toBe(count - 1)
    expect(ring.at(ring.length - 1)).toBe(count - ring.length)
    expect([...ring.save()]).toEqual(numbers(count).slice(-100))
  })

  test.each([0, 5, 64, 100, 101, 777])('goes on after restoring %i values', (count) => {
    const ring = new ValueRing(100)
    for (const value of numbers(count)) ring.push(value)
    const restored = new ValueRing(100)
    restored.restore(ring.save(), ring.pushed)
    for (const one of [ring, restored]) for (const value of [7, 8, 9]) one.push(value)
    expect(restored.pushed).toBe(count + 3)
    expect(restored.save()).toEqual(ring.save())
  })
})
