import { describe, expect, it } from 'vitest'
import { NOON } from '../support/builders.ts'
import { aFault, aWorld, runFault, SITE_A, SITE_B } from '../support/world.ts'

describe('the witness', () => {
  it('is measured on the records that were really emitted, against the same world without the fault', () => {
    const { truth, bent, straight, from, to } = runFault({ kind: 'destination-full', scope: { site: SITE_B } })
    const { witness } = truth.find(({ site, entry }) => site === SITE_A && entry.type === 'fault-witness')?.entry ?? {}
    const share = (records: typeof bent) => {
      const attempts = records.filter(
        ({ at, transfer: { site, startedAt } }) =>
          site === SITE_A && startedAt >= from && startedAt < to && at <= to + 600,
      )
      return attempts.filter(({ transfer }) => transfer.error?.class === 'no_space').length / attempts.length
    }
    expect(witness?.with).toBeCloseTo(share(bent), 5)
    expect(witness?.without).toBeCloseTo(share(straight), 5)
    expect(witness?.tookEffect).toBe(true)
  })

  it('dates the first record that the fault made different', () => {
    const { truth, bent, straight } = runFault({})
    const known = new Set(straight.map((record) => JSON.stringify(record)))
    const first = bent.find((record) => !known.has(JSON.stringify(record)))
    expect(truth.at(-1)?.entry.witness?.firstAffectedAt).toBe(first?.at)
  })

  it('of one fault has the other faults in both of its runs', () => {
    const world = aWorld()
    world.apply(aFault({ seq: 1, kind: 'slow-drift', effectiveAt: NOON + 3000, durationSeconds: 3000 }))
    world.apply(aFault({ seq: 2, kind: 'none', scope: { platform: true } }))
    const { truth } = world.runUntil(NOON + 7200)
    const ofNone = truth.filter(({ entry }) => entry.kind === 'none' && entry.type === 'fault-witness')
    expect(ofNone).toHaveLength(3)
    for (const { entry } of ofNone) expect(entry.witness).toMatchObject({ tookEffect: false })
    const ofDrift = truth.find(({ entry }) => entry.kind === 'slow-drift' && entry.type === 'fault-witness')
    expect(ofDrift?.entry.witness?.tookEffect).toBe(true)
  })

  it('of a day-long fault looks at its first two hours', () => {
    const world = aWorld()
    world.apply(aFault({ kind: 'silent-site', scope: { site: SITE_B }, durationSeconds: 86_400 }))
    const { truth } = world.runUntil(NOON + 3600 + 86_400 + 600)
    expect(truth.at(-1)?.entry).toMatchObject({ type: 'fault-witness', at: NOON + 3600 + 86_400 + 600 })
    expect(truth.at(-1)?.entry.witness).toMatchObject({ with: 0, tookEffect: true })
    expect(truth.at(-1)?.entry.witness?.without).toBeLessThan(2000)
  })
})
