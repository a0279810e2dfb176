import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RELATIVE_ERROR, Sketch } from '../../../lib/detect/sketch.ts'

const ranks = [0, 0.25, 0.5, 0.95, 0.99, 1]
const value = fc.oneof(fc.double({ min: 0, max: 1e15, noNaN: true }), fc.constantFrom(0, 1, 5e-324, 1e-300, 1e300))

function sketchOf(values: readonly number[]): Sketch {
  const sketch = new Sketch()
  for (const one of values) sketch.accept(one)
  return sketch
}

function expectNear(sketch: Sketch, values: readonly number[]): void {
  const sorted = [...values].sort((a, b) => a - b)
  for (const rank of ranks) {
    const exact = sorted[Math.floor(rank * (sorted.length - 1))] ?? Number.NaN
    const found = sketch.quantile(rank) ?? Number.NaN
    // Below the least value that has a bin of its own, zero is the answer.
    if (exact < 2e-308) expect(found).toBeLessThan(1e-300)
    else expect(Math.abs(found - exact) / exact).toBeLessThanOrEqual(RELATIVE_ERROR * (1 + 1e-9))
  }
}

describe('a sketch', () => {
  it('gives quantiles within its stated error, for few values and for many', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 400 }), (values) => expectNear(sketchOf(values), values)),
      { numRuns: 200 },
    )
  })

  it('is the same whether its values came in one or in parts, in any order of the parts', () => {
    const parts = fc.array(fc.array(value, { maxLength: 120 }), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(parts, (lists) => {
        const merged = new Sketch()
        for (const list of lists) merged.merge(sketchOf(list))
        expect(merged.toText()).toBe(sketchOf(lists.flat().reverse()).toText())
        expect(merged.count).toBe(lists.flat().length)
      }),
      { numRuns: 100 },
    )
  })

  it('merges a part whose highest bin has the key 0', () => {
    const high = sketchOf(Array.from({ length: 60 }, () => 1000))
    const low = sketchOf([...Array.from({ length: 30 }, () => 0.5), ...Array.from({ length: 30 }, () => 1)])
    const tiny = sketchOf(Array.from({ length: 60 }, () => 1e-9))
    tiny.merge(low)
    tiny.merge(high)
    expect(tiny.quantile(0.6)).toBeCloseTo(1, 1)
    expect(tiny.quantile(1)).toBeCloseTo(1000, -2)
  })

  it('comes back from its text as it was', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 200 }), (values) => {
        const before = sketchOf(values)
        const after = Sketch.fromText(before.toText())
        expect(after.toText()).toBe(before.toText())
        expect(after.count).toBe(before.count)
        for (const rank of ranks) expect(after.quantile(rank)).toBe(before.quantile(rank))
      }),
      { numRuns: 100 },
    )
  })

  it('has no quantile while it is empty', () => {
    expect(new Sketch().quantile(0.5)).toBeUndefined()
    expect(Sketch.fromText(new Sketch().toText()).quantile(0.5)).toBeUndefined()
  })

  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY])('refuses the value %s', (wrong) => {
    expect(() => new Sketch().accept(wrong)).toThrow(RangeError)
  })

  it.each([
    '',
    ' ',
    'x.y',
    '0 1',
    '0 1.0',
    '0 1.-1',
    '-1',
    '0 5.1 0.1',
    '0 zzzzz.1',
    '0 1.1 zzzzzzzzzzzzzz.1',
    '0  1.1',
  ])('refuses the text %j', (wrong) => {
    expect(() => Sketch.fromText(wrong)).toThrow(RangeError)
  })
})
