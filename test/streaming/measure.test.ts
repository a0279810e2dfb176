import { expect, it } from 'vitest'
import { MeasureState } from '../../streaming/measure.ts'

function measureOf(values: readonly number[]): MeasureState {
  const state = new MeasureState()
  for (const value of values) state.accept(value)
  return state
}

it('says sum, extremes and percentiles', () => {
  const { sketch, p50, p95, p99, ...rest } = measureOf([4, 1, 3, 2]).toMeasure()
  expect(rest).toEqual({ count: 4, sum: 10, min: 1, max: 4 })
  expect(p50).toBeCloseTo(2, 1)
  expect(p95).toBeCloseTo(3, 1)
  expect(p99).toBeCloseTo(3, 1)
  expect(sketch).not.toBe('')
})

it('is all zeros while nothing was counted', () => {
  expect(new MeasureState().toMeasure()).toEqual({
    ...{ count: 0, sum: 0, min: 0, max: 0, p50: 0, p95: 0, p99: 0 },
    sketch: '0',
  })
})

it('is the same merged from parts, one of them empty and one restored', () => {
  const merged = new MeasureState()
  merged.merge(measureOf([5, 7]))
  merged.merge(new MeasureState())
  merged.merge(MeasureState.from(measureOf([0, 11]).toMeasure()))
  expect(merged.toMeasure()).toEqual(measureOf([0, 5, 7, 11]).toMeasure())
  expect(MeasureState.from(new MeasureState().toMeasure()).toMeasure()).toEqual(new MeasureState().toMeasure())
})
