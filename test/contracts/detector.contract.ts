import { describe, expect, test } from 'vitest'
import type { Detector } from '../../lib/detect/detector.ts'

export interface DetectorUnderTest<Observation> {
  create(): Detector<Observation>
  /** The detector that the saved state of another one belongs to. */
  restore(saved: unknown): Detector<Observation>
  /** At least a few dozen, in order, some of them strange. */
  observations: readonly Observation[]
}

/** What every detector promises (lib/detect/detector.ts), whatever it looks at. */
export function detectorContract<Observation>(name: string, subject: DetectorUnderTest<Observation>): void {
  const { create, restore, observations } = subject

  function scoresOf(detector: Detector<Observation>, seen: readonly Observation[]): (number | undefined)[] {
    return seen.map((observation) => {
      const score = detector.score(observation)
      detector.learn(observation)
      return score
    })
  }

  describe(`${name} as a detector`, () => {
    test('has a name that can stand in an id', () => {
      expect(create().name).toMatch(/^[a-z][a-z0-9-]*$/)
    })

    test('scores between 0 and 1, or says nothing', () => {
      for (const score of scoresOf(create(), observations)) {
        if (score === undefined) continue
        expect(score).toBeGreaterThanOrEqual(0)
        expect(score).toBeLessThanOrEqual(1)
      }
    })

    test('is not changed by scoring', () => {
      const asked = create()
      const left = create()
      for (const observation of observations) {
        for (let i = 0; i < 3; i += 1) asked.score(observation)
        expect(asked.score(observation)).toBe(left.score(observation))
        asked.learn(observation)
        left.learn(observation)
      }
      expect(asked.save()).toEqual(left.save())
    })

    test('gives the same scores for the same observations', () => {
      expect(scoresOf(create(), observations)).toEqual(scoresOf(create(), observations))
    })

    test.each([0, 1, 2, 3])('goes on after a restart as if nothing had happened, %i quarters in', (quarters) => {
      const cut = Math.floor((observations.length * quarters) / 4)
      const whole = create()
      scoresOf(whole, observations.slice(0, cut))
      const restored = restore(structuredClone(whole.save()))
      const rest = observations.slice(cut)
      expect(scoresOf(restored, rest)).toEqual(scoresOf(whole, rest))
      expect(restored.save()).toEqual(whole.save())
    })

    test('saves a state of its own that later observations do not change', () => {
      const detector = create()
      scoresOf(detector, observations.slice(0, 20))
      const saved = detector.save()
      const copy = structuredClone(saved)
      scoresOf(detector, observations.slice(20))
      expect(saved).toEqual(copy)
    })
  })
}
