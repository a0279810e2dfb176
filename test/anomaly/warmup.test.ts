import { expect, test } from 'vitest'
import { WarmupZScore } from '../../anomaly/warmup.ts'

test.each([
  [[0, 0], 0],
  [[8, 0], 0.5],
  [[-8, 1], 0.5],
  [[7.9, 7.9, 7.9], 7.9 / 15.9],
  [[12, 0], 0.6],
])('the largest of the z %j scores %d', (row, expected) => {
  expect(new WarmupZScore().score(Float32Array.from(row))).toBeCloseTo(expected, 6)
})
