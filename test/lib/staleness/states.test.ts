import { describe, expect, it } from 'vitest'
import { type FreshnessState, type StateFacts, stateOf } from '../../../lib/staleness/states.ts'

const calm: StateFacts = {
  readable: true,
  inMaintenance: false,
  paused: false,
  quietSeconds: 10,
  expectedSeconds: 120,
  backForSeconds: undefined,
}

describe('the state of a site', () => {
  const cases: [string, Partial<StateFacts>, FreshnessState][] = [
    ['a site that never sent waits', { quietSeconds: undefined }, 'waiting'],
    ['an age of exactly the expected one is fresh', { quietSeconds: 120 }, 'fresh'],
    ['an age just above the expected one is late', { quietSeconds: 120.001 }, 'late'],
    ['an age of exactly twice the expected one is still late', { quietSeconds: 240 }, 'late'],
    ['an age just above twice the expected one is silent', { quietSeconds: 240.001 }, 'silent'],
    ['a site that came back this instant has recovered', { backForSeconds: 0 }, 'recovered'],
    ['recovered lasts less than five minutes', { backForSeconds: 299.999 }, 'recovered'],
    ['after exactly five minutes it is fresh', { backForSeconds: 300 }, 'fresh'],
    ['one that fell late again is not recovered', { backForSeconds: 200, quietSeconds: 121 }, 'late'],
    ['a pause wins over silence', { paused: true, quietSeconds: 9999 }, 'paused'],
    ['a pause wins over waiting', { paused: true, quietSeconds: undefined }, 'paused'],
    ['maintenance wins over a pause', { inMaintenance: true, paused: true }, 'maintenance'],
    ['maintenance wins over silence', { inMaintenance: true, quietSeconds: 9999 }, 'maintenance'],
    ['a volume that cannot be read wins over everything', { readable: false, inMaintenance: true }, 'unknown'],
    ['an unreadable volume hides even freshness', { readable: false }, 'unknown'],
  ]
  it.each(cases)('%s', (_name, facts, state) => {
    expect(stateOf({ ...calm, ...facts })).toBe(state)
  })
})
