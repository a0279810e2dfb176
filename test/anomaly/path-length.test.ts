import { expect, test } from 'vitest'
import { meanPathLength, scoreOfDepth } from '../../anomaly/path-length.ts'

test.each([
  [0, 0],
  [1, 0],
  [2, 1],
  [3, 1.207_392],
  [256, 10.244_771],
])('the mean path length among %i points is %d', (n, expected) => {
  expect(meanPathLength(n)).toBeCloseTo(expected, 5)
})

test('a depth of 0 scores 1, the mean depth scores one half, and deeper scores less', () => {
  expect(scoreOfDepth(0, meanPathLength(256))).toBe(1)
  expect(scoreOfDepth(meanPathLength(256), meanPathLength(256))).toBe(0.5)
  expect(scoreOfDepth(12, 10)).toBeLessThan(scoreOfDepth(11, 10))
})
