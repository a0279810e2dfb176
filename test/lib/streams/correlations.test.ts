import { expect, test } from 'vitest'
import { correlationItemSchema } from '../../../lib/streams/correlations.ts'
import { takes } from '../../support/schema.ts'

const item = {
  scope: { source: 'SITE_A', destination: 'SITE_B' },
  coefficient: -0.4,
  pairs: 120,
  pValue: 0.01,
  bestLagMinutes: -3,
  bestCoefficient: -0.5,
  bestPValue: 0.02,
  significant: false,
  lags: [{ lagMinutes: 0, coefficient: -0.4, pairs: 120 }],
}

test.each([
  [{ coefficient: null, pValue: null, bestLagMinutes: null, bestCoefficient: null, bestPValue: null }, true],
  [{ coefficient: 1 }, true],
  [{ coefficient: 1.001 }, false],
  [{ pValue: -0.1 }, false],
  [{ bestLagMinutes: 1.5 }, false],
  [{ scope: { platform: true } }, true],
  [{ scope: { site: 'lower' } }, false],
])('a result with %j is taken: %s', (change, taken) => {
  expect(takes(correlationItemSchema, item, change)).toBe(taken)
})
