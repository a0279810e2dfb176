import { describe, expect, it } from 'vitest'
import { checkScenario, scopeType } from '../../simulator/scenario-checks.ts'
import { A_TO_B, SITE_A } from '../support/world.ts'

describe('checks across a scenario', () => {
  it.each([null, 7, 'text', [], {}])('find nothing to compare in %j', (raw) => {
    expect(checkScenario(raw)).toEqual([])
  })

  it('look at sound parts even when others are broken', () => {
    const problems = checkScenario({
      name: 5,
      sites: ['SITE_A', 'SITE_B'],
      links: [{ source: 'nonsense' }, { source: 'SITE_A', destination: 'SITE_X' }],
      faults: ['broken', { kind: 'none', scope: { site: 'SITE_Y' }, startsAfterSeconds: 0, durationSeconds: 60 }],
    })
    expect(problems).toEqual([
      { path: ['links', 1, 'destination'], message: 'SITE_X is not among the sites' },
      { path: ['faults', 1, 'scope', 'site'], message: 'SITE_Y is not among the sites' },
    ])
  })

  it('do not call a site unknown when the list of sites itself is broken', () => {
    expect(checkScenario({ sites: 'SITE_A', links: [{ source: 'SITE_A', destination: 'SITE_X' }] })).toEqual([])
  })

  it('tell scopes apart', () => {
    expect([{ platform: true } as const, { site: SITE_A }, A_TO_B].map(scopeType)).toEqual(['platform', 'site', 'link'])
  })
})
