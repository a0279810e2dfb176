import { describe, expect, it } from 'vitest'
import { endsIn, startsIn } from '../../../simulator/faults/fault.ts'
import { A_TO_B, SITE_A, SITE_B, SITE_C } from '../../support/world.ts'

const platform = { platform: true } as const

describe('which links a scope holds by one of their ends', () => {
  it.each([
    ['the site that it starts at', { site: SITE_A }, true, false],
    ['the site that it ends at', { site: SITE_B }, false, true],
    ['another site', { site: SITE_C }, false, false],
    ['the link itself', A_TO_B, true, true],
    ['the way back', { source: SITE_B, destination: SITE_A }, false, false],
    ['the platform', platform, true, true],
  ])('%s', (_, scope, starts, ends) => {
    expect(startsIn(scope, A_TO_B)).toBe(starts)
    expect(endsIn(scope, A_TO_B)).toBe(ends)
  })
})
