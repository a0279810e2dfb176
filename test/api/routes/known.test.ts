import { describe, expect, test } from 'vitest'
import { requireKnown, requireKnownScope } from '../../../api/routes/known.ts'
import { siteName } from '../../../lib/names.ts'

const known = ['SITE_A', 'SITE_B'].map(siteName)
const Z = siteName('SITE_Z')

describe('a name of a request', () => {
  test('that is known, or absent, passes', () => {
    expect(() =>
      requireKnown(
        'query',
        [
          { loc: ['site'], name: known[0] },
          { loc: ['source'], name: undefined },
        ],
        known,
      ),
    ).not.toThrow()
  })

  test('that is not known is named with those that are', () => {
    const check = () => requireKnown('query', [{ loc: ['site'], name: Z }], known)
    expect(check).toThrow(
      expect.objectContaining({
        status: 422,
        issues: [
          { type: 'unknown_site', loc: ['query', 'site'], msg: 'unknown site; known: SITE_A, SITE_B', input: 'SITE_Z' },
        ],
      }),
    )
  })

  test('among very many is answered in few words', () => {
    const many = Array.from({ length: 5000 }, (_, i) => siteName(`S${i}`))
    expect(() => requireKnown('query', [{ loc: ['site'], name: Z }], many)).toThrow(
      expect.objectContaining({
        issues: [expect.objectContaining({ msg: expect.stringMatching(/, S49 and 4950 more$/) })],
      }),
    )
  })
})

test('both ends of a link are looked up, a platform has none', () => {
  expect(() => requireKnownScope({ source: siteName('SITE_A'), destination: Z }, known)).toThrow()
  expect(() => requireKnownScope({ source: Z, destination: siteName('SITE_A') }, known)).toThrow()
  expect(() => requireKnownScope({ site: Z }, known)).toThrow()
  expect(() => requireKnownScope({ platform: true }, known)).not.toThrow()
})
