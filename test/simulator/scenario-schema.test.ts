import { describe, expect, it } from 'vitest'
import { DtmsError } from '../../lib/errors.ts'
import { aScenario } from '../support/world.ts'

function accepts(yaml: string): boolean {
  try {
    aScenario(yaml)
    return true
  } catch (error) {
    if (error instanceof DtmsError && error.code === 'scenario.invalid') return false
    throw error
  }
}

const sites = (count: number) => `sites: [${Array.from({ length: count }, (_, i) => `S${i}`).join(', ')}]`
const file = (quantiles: string) =>
  `files: [{ name: f, share: 1, sizeQuantilesMB: ${quantiles}, setup: { medianSeconds: 1, spread: 0 } }]`
const fault = (changes: string) =>
  `faults: [{ kind: silent-site, scope: { site: SITE_A }, startsAfterSeconds: 0, durationSeconds: 60, ${changes} }]`

describe('the bounds of a scenario', () => {
  it.each([
    ['sites', sites(2), sites(1)],
    ['links of all to all', sites(16), sites(17)],
    ['parallel transfers', 'link: { parallel: 256 }', 'link: { parallel: 257 }'],
    ['capacity', 'link: { capacityMBps: 0.001 }', 'link: { capacityMBps: 0.0009 }'],
    ['active share', 'link: { arrivals: { activeShare: 1 } }', 'link: { arrivals: { activeShare: 1.01 } }'],
    [
      'arrivals per minute together',
      'link: { arrivals: { meanPerActiveMinute: 333 } }',
      'link: { arrivals: { meanPerActiveMinute: 334 } }',
    ],
    ['failure share', 'failures: { share: 1 }', 'failures: { share: 1.0001 }'],
    ['attempts', 'retries: { attempts: 10 }', 'retries: { attempts: 11 }'],
    ['quantiles from 0', file('[[0, 1], [1, 2]]'), file('[[0.1, 1], [1, 2]]')],
    ['quantiles to 1', file('[[0, 1], [1, 1]]'), file('[[0, 1], [0.9, 1]]')],
    ['sizes above 0', file('[[0, 0.000001], [1, 2]]'), file('[[0, 0], [1, 2]]')],
    ['severity', fault('severity: 1'), fault('severity: 0')],
  ])('%s', (_, last, first) => {
    expect(accepts(last)).toBe(true)
    expect(accepts(first)).toBe(false)
  })
})
