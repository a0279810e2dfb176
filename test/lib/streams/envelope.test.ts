import { expect, test } from 'vitest'
import { instantSchema, scopeSchema, siteSchema } from '../../../lib/streams/envelope.ts'

test.each([
  [0, true],
  [7_258_118_400, true],
  [7_258_118_400.001, false],
  [-0.001, false],
  [Number.NaN, false],
  [Number.POSITIVE_INFINITY, false],
  ['0', false],
])('%j is an instant: %s', (value, good) => {
  expect(instantSchema.safeParse(value).success).toBe(good)
})

test.each([
  [{ platform: true }, true],
  [{ platform: false }, false],
  [{ site: 'SITE_A' }, true],
  [{ source: 'SITE_A', destination: 'SITE_B' }, true],
  [{ source: 'SITE_A' }, false],
  [{ site: 'SITE_A', platform: true }, false],
  [null, false],
])('%j is a scope: %s', (value, good) => {
  expect(scopeSchema.safeParse(value).success).toBe(good)
})

test('a bad site name is told what a good one is', () => {
  const result = siteSchema.safeParse('../etc')
  expect(result.error?.issues[0]?.message).toContain('A-Z')
})
