import { describe, expect, test } from 'vitest'
import { type NabSeries, normalised, readNabSeries, scaledSigmoid, scoreSeries } from './nab-score.ts'

/** 1,000 values with windows of 100 at 400 and 700; the first 150 do not count. */
const series: NabSeries = {
  name: 'test/two',
  values: new Float64Array(1000),
  windows: [
    [400, 499],
    [700, 799],
  ],
}

describe('the NAB score', () => {
  test.each([
    [-1, 0.98661],
    [-0.5, 0.84828],
    [0, 0],
    [1, -0.98661],
    [3, -1],
    [3.01, -1],
  ])('weighs a position of %f with %f', (position, weight) => {
    expect(scaledSigmoid(position)).toBeCloseTo(weight, 5)
  })

  test.each([
    ['nothing said', [], 0],
    ['both windows at once', [400, 700], 100],
    ['one of them', [400], 50],
    ['a window twice counts once', [400, 450, 700], 100],
    ['alarms in the probationary period', [0, 149, 400, 700], 100],
  ])('of %s', (_, alarms, score) => {
    expect(normalised(scoreSeries(series, alarms).raw, 2)).toBeCloseTo(score, 9)
  })

  test('is lower the later a window is noticed, and hardly anything at its last value', () => {
    const at = (alarm: number): number => scoreSeries(series, [alarm]).raw + 1
    expect(at(401)).toBeLessThan(at(400))
    expect(at(450)).toBeCloseTo(0.8483 / 0.98661, 4)
    expect(at(499)).toBeCloseTo(0.025 / 0.98661, 3)
    expect(at(499)).toBeGreaterThan(0)
  })

  test('of a false alarm is 0.11, and less just behind a window', () => {
    const cost = (alarm: number): number => -(scoreSeries(series, [alarm]).raw + 2)
    expect(cost(150)).toBeCloseTo(0.11, 9)
    expect(cost(399)).toBeCloseTo(0.11, 9)
    expect(cost(500)).toBeCloseTo(0.11 * 0.02525, 4)
    expect(cost(598)).toBeCloseTo(0.11 * 0.98661, 6)
    expect(scoreSeries(series, [150, 400, 999])).toMatchObject({ found: 1, falseAlarms: 2 })
  })

  const published = readNabSeries()
  if (published === undefined) process.stdout.write('skipped: the NAB series are not here\n')
  test.skipIf(published === undefined)('finds each labelled window of the published series in its values', () => {
    expect(published?.length).toBe(24)
    for (const { windows, values } of published ?? [])
      for (const [from, to] of windows) {
        expect(from).toBeGreaterThanOrEqual(0)
        expect(to).toBeGreaterThan(from)
        expect(to).toBeLessThan(values.length)
      }
  })
})
