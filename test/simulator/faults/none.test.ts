import { describe, expect, it } from 'vitest'
import { runFault } from '../../support/world.ts'

describe('no fault', () => {
  it('changes nothing and says so', () => {
    const { bent, straight, truth } = runFault({ kind: 'none', scope: { platform: true } })
    expect(bent).toEqual(straight)
    const witnesses = truth.flatMap(({ entry }) => (entry.witness === undefined ? [] : [entry]))
    expect(witnesses).toHaveLength(3)
    for (const { witness, anomalous } of witnesses) {
      expect(anomalous).toBe(false)
      expect(witness?.with).toBe(witness?.without)
      expect(witness?.tookEffect).toBe(false)
      expect(witness).not.toHaveProperty('firstAffectedAt')
    }
  })
})
