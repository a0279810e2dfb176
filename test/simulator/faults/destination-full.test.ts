import { describe, expect, it } from 'vitest'
import { destinationFull } from '../../../simulator/faults/destination-full.ts'
import { A_TO_B, runFault, SITE_A, SITE_B, shareOf, startedWithin } from '../../support/world.ts'

describe('a full destination', () => {
  it('bends the links that end at the site, not those that start there', () => {
    expect(destinationFull.bends({ site: SITE_B }, A_TO_B)).toBe(true)
    expect(destinationFull.bends({ site: SITE_A }, A_TO_B)).toBe(false)
    expect(destinationFull.bends(A_TO_B, A_TO_B)).toBe(true)
  })

  it.each([0.3, 0.8, 1])('of severity %f fails that share of the attempts, before a byte is sent', (severity) => {
    const { bent, elsewhere, elsewhereStraight, from, to } = runFault({
      kind: 'destination-full',
      scope: { site: SITE_B },
      severity,
    })
    const attempts = startedWithin(bent, from, to)
    expect(Math.abs(shareOf(attempts, 'destination/no_space') - severity)).toBeLessThan(0.12)
    for (const { transfer } of attempts.filter(({ transfer }) => transfer.error?.class === 'no_space'))
      expect(transfer).toMatchObject({
        bytesTransferred: 0,
        status: 'failed',
        attempt: 1,
        error: { phase: 'preparation' },
      })
    expect(elsewhere).toEqual(elsewhereStraight)
  })
})
