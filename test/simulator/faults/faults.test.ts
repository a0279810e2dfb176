import { describe, expect, it } from 'vitest'
import type { Scope } from '../../../lib/names.ts'
import { faults } from '../../../simulator/faults/faults.ts'
import { A_TO_B, runFault, SITE_B } from '../../support/world.ts'

const scopes: Record<string, Scope> = { site: { site: SITE_B }, link: A_TO_B, platform: { platform: true } }
const cases = [...faults.values()].flatMap((fault) =>
  fault.description.scopes.map((type) => ({ kind: fault.description.kind, type, scope: scopes[type] as Scope })),
)

describe('every fault on every scope that it allows', () => {
  it.each(cases)('$kind on a $type has witnesses that say whether it took effect', ({ kind, scope }) => {
    const { truth, from } = runFault({ kind, scope })
    const witnesses = truth.flatMap(({ entry }) => (entry.witness === undefined ? [] : [entry.witness]))
    expect(witnesses.length).toBeGreaterThan(0)
    for (const witness of witnesses) {
      expect(witness.tookEffect).toBe(kind !== 'none')
      // Something must be there to be noticed well within ten minutes.
      if (kind !== 'none') expect((witness.firstAffectedAt ?? Number.POSITIVE_INFINITY) - from).toBeLessThan(300)
    }
  })
})
