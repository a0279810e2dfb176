import { describe, expect, test } from 'vitest'
import { instantText, limit, scope, windowText } from '../../api/schemas.ts'
import { NOON } from '../support/builders.ts'

describe('text of a query', () => {
  test.each([
    ['1', 1],
    ['1000', 1000],
    [undefined, 100],
    ['0', undefined],
    ['1001', undefined],
    ['1.5', undefined],
    ['+5', undefined],
    [' 5', undefined],
    ['0x10', undefined],
  ])('limit %j is %j', (text, expected) => {
    expect(limit.safeParse(text).data).toBe(expected)
  })

  test.each([
    ['1696161600', NOON],
    ['1696161600.25', NOON + 0.25],
    ['2023-10-01T12:00:00Z', NOON],
    ['2023-10-01T12:00Z', NOON],
    ['2023-10-01T14:00:00.5+02:00', NOON + 0.5],
    ['2023-10-01', NOON - 12 * 3600],
    ['2023-10-01T12:00:00', undefined],
    ['2023-13-01', undefined],
    ['12:00', undefined],
    ['-1', undefined],
    ['Infinity', undefined],
    ['', undefined],
  ])('instant %j is %j', (text, expected) => {
    expect(instantText.safeParse(text).data).toBe(expected)
  })

  test.each([
    ['60', 60],
    ['59', undefined],
    ['1m', 60],
    ['24h', 86_400],
    ['1441m', undefined],
    [undefined, 3600],
  ])('window %j is %j seconds', (text, expected) => {
    expect(windowText.safeParse(text).data).toBe(expected)
  })
})

test.each([
  [{ site: 'SITE_A' }, true],
  [{ source: 'SITE_A', destination: 'SITE_B' }, true],
  [{ platform: true }, true],
  [{ platform: false }, false],
  [{ site: 'SITE_A', platform: true }, false],
  [{ source: 'SITE_A' }, false],
  [{ site: 'site a' }, false],
  ['SITE_A', false],
  [null, false],
])('%j is a scope: %s', (value, expected) => {
  expect(scope.safeParse(value).success).toBe(expected)
})
