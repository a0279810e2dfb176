import { expect, test } from 'vitest'
import { sortKey, sortKeysOf, writeSortKeys } from '../../anomaly/sort-key.ts'
import { createRandom } from '../../lib/random.ts'

test('keys are in the order of the numbers', () => {
  const ascending = [
    Number.NEGATIVE_INFINITY,
    -3.4e38,
    -1,
    -1e-3,
    0,
    1e-38,
    1e-3,
    1,
    1.001,
    3.4e38,
    Number.POSITIVE_INFINITY,
  ]
  const keys = ascending.map(sortKey)
  expect(keys).toEqual([...keys].sort((a, b) => a - b))
  expect(new Set(keys).size).toBe(keys.length)
})

test('comparing keys is comparing numbers, for a thousand random pairs', () => {
  const random = createRandom(3, 'pairs')
  for (let i = 0; i < 1000; i += 1) {
    const [a, b] = [Math.fround(random.normal()), Math.fround(random.normal())]
    if (Math.abs(a - b) > 3e-7 * Math.abs(a)) expect(sortKey(a) < sortKey(b)).toBe(a < b)
  }
})

test('minus zero counts as zero, and so do two neighbours that differ in the last bit alone', () => {
  expect(sortKey(-0)).toBe(sortKey(0))
  expect(sortKey(1 + 2 ** -23)).toBe(sortKey(1))
  expect(sortKey(1 + 2 ** -22)).toBeGreaterThan(sortKey(1))
})

test('a difference of two keys never overflows 32 bits', () => {
  const difference = sortKey(Number.POSITIVE_INFINITY) - sortKey(Number.NEGATIVE_INFINITY)
  expect(difference | 0).toBe(difference)
})

test('keys of a part of an array are the keys of its values', () => {
  const data = Float32Array.of(1, -2, 3, -4)
  const keys = new Int32Array(2)
  writeSortKeys(data, 1, keys, 2)
  expect([...keys]).toEqual([...sortKeysOf(data)].slice(1, 3))
})
