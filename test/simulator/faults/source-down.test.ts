import { describe, expect, it } from 'vitest'
import { sourceDown } from '../../../simulator/faults/source-down.ts'
import { A_TO_B, runFault, SITE_A, SITE_B, shareOf, startedWithin } from '../../support/world.ts'

describe('a source that is down', () => {
  it('bends the links that start at the site, not those that end there', () => {
    expect(sourceDown.bends({ site: SITE_A }, A_TO_B)).toBe(true)
    expect(sourceDown.bends({ site: SITE_B }, A_TO_B)).toBe(false)
  })

  it('fails its share of the attempts within seconds, and has them tried again', () => {
    const { bent, straight, elsewhere, elsewhereStraight, from, to } = runFault({
      kind: 'source-down',
      scope: { site: SITE_A },
    })
    const attempts = startedWithin(bent, from, to)
    expect(Math.abs(shareOf(attempts, 'source/unavailable') - 0.8)).toBeLessThan(0.06)
    expect(attempts.length).toBeGreaterThan(1.5 * startedWithin(straight, from, to).length)
    const failed = attempts.filter(({ transfer }) => transfer.error?.scope === 'source')
    const seconds = failed.map(({ transfer }) => transfer.durationSeconds).toSorted((a, b) => a - b)
    expect(seconds[seconds.length >> 1]).toBeLessThan(10)
    expect(Math.max(...failed.map(({ transfer }) => transfer.attempt))).toBe(3)
    expect(elsewhere).toEqual(elsewhereStraight)
  })
})
