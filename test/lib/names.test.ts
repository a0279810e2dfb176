import { expect, test } from 'vitest'
import { covers, isSiteName, linkEnds, linkKey, siteName } from '../../lib/names.ts'

test.each(['A', 'SITE_A', '0', 'A'.repeat(32)])('%s is a site name', (name) => {
  expect(isSiteName(name)).toBe(true)
})

test.each(['', '_A', 'site_a', 'A'.repeat(33), 'A B', 'A/B', '..', 'A\n', 'Ä', '__proto__', 'A>B'])(
  '%j is not a site name',
  (name) => {
    expect(isSiteName(name)).toBe(false)
    expect(() => siteName(name)).toThrow('not a site name')
  },
)

const [a, b, c] = [siteName('A'), siteName('B'), siteName('C')]

test('a link key gives its ends back', () => {
  expect(linkEnds(linkKey(a, b))).toEqual({ source: a, destination: b })
})

test.each([
  { scope: { platform: true } as const, covered: true },
  { scope: { site: a }, covered: true },
  { scope: { site: b }, covered: true },
  { scope: { site: c }, covered: false },
  { scope: { source: a, destination: b }, covered: true },
  { scope: { source: b, destination: a }, covered: false },
])('$scope covers the link A to B: $covered', ({ scope, covered }) => {
  expect(covers(scope, a, b)).toBe(covered)
})
