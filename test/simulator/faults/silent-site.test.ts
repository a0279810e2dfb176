import { describe, expect, it } from 'vitest'
import { runFault, SITE_B } from '../../support/world.ts'

describe('a silent site', () => {
  const { bent, straight, elsewhere, elsewhereStraight, from, to } = runFault({
    kind: 'silent-site',
    scope: { site: SITE_B },
  })

  it('records nothing at all from its beginning to its end', () => {
    expect(bent.filter(({ at }) => at > from && at < to)).toEqual([])
    expect(straight.filter(({ at }) => at > from && at < to).length).toBeGreaterThan(100)
  })

  it('goes on afterwards with what was under way, and no transfer fails for the silence', () => {
    const resumed = bent.filter(({ transfer }) => transfer.startedAt < from && transfer.endedAt >= to)
    expect(resumed.length).toBeGreaterThan(5)
    const failures = (records: typeof bent) => records.filter(({ transfer }) => transfer.status !== 'ok').length
    expect(failures(resumed)).toBeLessThanOrEqual(3)
    expect(resumed.some(({ transfer }) => transfer.error?.class === 'timeout')).toBe(false)
  })

  it('changes nothing for the others, not even for those who send to it', () => {
    expect(elsewhere).toEqual(elsewhereStraight)
  })
})
