import { describe, expect, test } from 'vitest'
import { SizeCurve } from '../../streaming/size-curve.ts'

describe('what is usual by size', () => {
  test('is unknown where nothing of that size has been seen', () => {
    const curve = new SizeCurve()
    expect(curve.at(1000)).toBeUndefined()
    curve.learn(1e9, 5)
    expect(curve.at(1000)).toBeUndefined()
    expect(curve.at(1e9)).toBe(5)
  })

  test('is a straight line between neighbouring powers of two', () => {
    const curve = new SizeCurve()
    const middle = (bin: number): number => 2 ** (bin + 0.5)
    curve.learn(middle(20), 10)
    curve.learn(middle(21), 12)
    expect(curve.at(middle(20))).toBeCloseTo(10, 9)
    expect(curve.at(2 ** 21)).toBeCloseTo(11, 9)
    expect(curve.at(middle(21))).toBeCloseTo(12, 9)
  })

  test.each([0, 1, 2 ** 63, 1e30, Number.MAX_VALUE])('takes a file of %d bytes', (size) => {
    const curve = new SizeCurve()
    curve.learn(size, 3)
    expect(curve.at(size)).toBe(3)
  })

  test('follows a link that has changed for good', () => {
    const curve = new SizeCurve()
    for (let i = 0; i < 1000; i += 1) curve.learn(1e6, 10)
    for (let i = 0; i < 1000; i += 1) curve.learn(1e6, 8)
    expect(curve.at(1e6)).toBeCloseTo(8, 1)
  })

  test('is the same after saving', () => {
    const [curve, restored] = [new SizeCurve(), new SizeCurve()]
    for (let i = 1; i < 40; i += 1) curve.learn(1.7 ** i, i)
    restored.restore(curve.save())
    expect(restored.save()).toEqual(curve.save())
    expect(restored.at(12_345)).toBe(curve.at(12_345))
  })
})
