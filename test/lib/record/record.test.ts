import { expect, test } from 'vitest'
import { errorClasses, errorScopes, throughputOf } from '../../../lib/record/record.ts'

test.each([
  [1000, 10, 100],
  [0, 10, 0],
  [1000, 0, 0],
])('%d bytes in %d s are %d bytes per second', (bytesTransferred, durationSeconds, rate) => {
  expect(throughputOf({ bytesTransferred, durationSeconds })).toBe(rate)
})

test('every scope of an error has its classes', () => {
  expect(Object.keys(errorClasses).sort()).toEqual([...errorScopes].sort())
  expect(errorClasses.destination).toContain('no_space')
  expect(errorClasses.scheduler).toEqual(['expired', 'cancelled'])
})
