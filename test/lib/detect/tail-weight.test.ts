import { describe, expect, test } from 'vitest'
import { TailWeight } from '../../../lib/detect/tail-weight.ts'
import { createRandom } from '../../../lib/random.ts'

function weightOf(zs: readonly number[], memory = 1000): TailWeight {
  const tail = new TailWeight(memory)
  for (const z of zs) tail.learn(z)
  return tail
}

const random = createRandom(1, 'tail')
const normal = Array.from({ length: 5000 }, () => random.normal())

describe('the weight of a tail', () => {
  test('is about 1 where values are normal', () => {
    expect(weightOf(normal).factor).toBeLessThan(1.15)
  })

  test('is never less than 1', () => {
    expect(weightOf(normal.map((z) => z / 10)).factor).toBe(1)
  })

  test('is 2 where z to the fourth is 48 on average', () => {
    expect(weightOf(Array.from({ length: 100 }, () => 48 ** 0.25)).factor).toBeCloseTo(2, 9)
  })

  test.each([
    [29, 1],
    [30, 2],
  ])('is believed after %i values: %f', (count, factor) => {
    expect(weightOf(Array.from({ length: count }, () => 48 ** 0.25)).factor).toBeCloseTo(factor, 9)
  })

  test('of one wild value wears off, however wild', () => {
    const [wild, wilder] = [weightOf([...normal, 30]), weightOf([...normal, 1e6])]
    expect(wild.factor).toBe(wilder.factor)
    expect(wild.factor).toBeGreaterThan(3)
    for (const z of normal) wild.learn(z)
    expect(wild.factor).toBeLessThan(1.4)
  })

  test('goes on after saving as if nothing had happened', () => {
    const tail = weightOf(normal.slice(0, 100))
    const restored = new TailWeight(1000)
    restored.restore(tail.save())
    for (const one of [tail, restored]) one.learn(5)
    expect(restored.save()).toEqual(tail.save())
  })
})
