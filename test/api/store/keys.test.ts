import { expect, test } from 'vitest'
import { compareKeys } from '../../../api/store/keys.ts'

test.each([
  { a: { at: 1, writer: 'B', seq: 9 }, b: { at: 2, writer: 'A', seq: 1 }, name: 'time first' },
  { a: { at: 1, writer: 'A', seq: 9 }, b: { at: 1, writer: 'B', seq: 1 }, name: 'then the writer' },
  { a: { at: 1, writer: 'A', seq: 1 }, b: { at: 1, writer: 'A', seq: 2 }, name: 'then the number' },
])('entries are ordered by $name', ({ a, b }) => {
  expect(compareKeys(a, b)).toBeLessThan(0)
  expect(compareKeys(b, a)).toBeGreaterThan(0)
  expect(compareKeys(a, { ...a })).toBe(0)
})
