import { describe, expect, test } from 'vitest'
import { Curve, estimateAt } from '../../anomaly/curve.ts'

const shape = { width: 1, capacity: 64, floor: 0.1 }

/** 40 values in each bin 0...5, a tenth apart around ten times the bin's middle. */
function aCurve(level = 0): Curve {
  const curve = new Curve(shape)
  for (let bin = 0; bin <= 5; bin += 1)
    for (let i = 0; i < 40; i += 1) curve.learn(bin + 0.5, level + 10 * (bin + 0.5) + (i % 5) / 10)
  return curve
}

const centerAt = (x: number, ...chain: Curve[]): number => estimateAt(chain, shape.width, x)?.center ?? Number.NaN

describe('a curve of what is usual', () => {
  test('joins the middles of its bins by straight lines', () => {
    expect(centerAt(2.5, aCurve())).toBeCloseTo(25.2, 5)
    expect(centerAt(3, aCurve())).toBeCloseTo(30.2, 5)
    expect(centerAt(3.25, aCurve())).toBeCloseTo(32.7, 5)
  })

  test('goes on level beyond its last bin, and knows nothing far away', () => {
    expect(centerAt(5.9, aCurve())).toBeCloseTo(55.2, 5)
    expect(centerAt(6.4, aCurve())).toBeCloseTo(55.2, 5)
    expect(estimateAt([aCurve()], shape.width, 9)).toBeUndefined()
  })

  test('takes the parent where it has seen nothing itself', () => {
    const own = new Curve(shape)
    for (let i = 0; i < 40; i += 1) own.learn(0.5, 100)
    expect(centerAt(0.5, own, aCurve())).toBe(100)
    expect(centerAt(4.5, own, aCurve())).toBeCloseTo(45.2, 5)
  })

  test('shifts every bin by as many of its own standard deviations', () => {
    const curve = aCurve()
    const before = estimateAt([curve], shape.width, 2.5)
    curve.shift(-2)
    expect(centerAt(2.5, curve)).toBeCloseTo((before?.center ?? Number.NaN) - 2 * (before?.scale ?? Number.NaN), 4)
  })

  test('comes back from its state as it was', () => {
    const curve = aCurve()
    const restored = Curve.restore(shape, structuredClone(curve.save()))
    for (const x of [0, 1.7, 3, 6]) expect(centerAt(x, restored)).toBe(centerAt(x, curve))
    curve.learn(-3.5, 1)
    restored.learn(-3.5, 1)
    expect(restored.save()).toEqual(curve.save())
  })
})
