import { describe, expect, test } from 'vitest'
import { strictEngine } from '../../anomaly/forest.ts'
import { ForestDetector, type ForestDetectorState, type ForestObservation } from '../../anomaly/forest-detector.ts'
import { FEATURES } from '../../anomaly/measurement.ts'
import { createRandom } from '../../lib/random.ts'
import { detectorContract } from '../contracts/detector.contract.ts'

const options = { engine: strictEngine, seed: 5 }

function observations(count: number, seed = 1): ForestObservation[] {
  const random = createRandom(seed, 'rows')
  return Array.from({ length: count }, (_, n) => ({
    row: Float32Array.from({ length: FEATURES }, () => random.normal()),
    flagged: false,
    endedAt: 1_696_118_400 + 3 * n,
  }))
}

function learnt(seen: readonly ForestObservation[], detector = new ForestDetector(options)): ForestDetector {
  for (const observation of seen) detector.learn(observation)
  return detector
}

const strange: ForestObservation = {
  row: new Float32Array(FEATURES).fill(9),
  flagged: true,
  endedAt: 1_696_118_400,
}

detectorContract('forest', {
  create: () => new ForestDetector(options),
  // As after a restart whose model file was lost: the window alone brings the model back.
  restore: (saved) => ForestDetector.restore(options, saved as ForestDetectorState, undefined),
  observations: observations(250),
})

describe('the forest over a moving window', () => {
  test('says nothing until its window has 256 rows', () => {
    const detector = learnt(observations(255))
    expect(detector.score(strange)).toBeUndefined()
    learnt(observations(1, 2), detector)
    expect(detector.score(strange)).toBeGreaterThan(0.6)
    expect(detector.refits).toEqual({ first: 1, accepted: 0, rejected: 0 })
  })

  test('fits again while it grows, and keeps the model before', () => {
    const detector = learnt(observations(4096))
    expect(detector.refits.accepted).toBeGreaterThanOrEqual(3)
    expect(detector.previousModel?.fit).toBe((detector.model?.fit ?? 0) - 1)
    expect(detector.windowRows).toBe(4096)
  })

  test('with a saved model goes on bit for bit, refits included', () => {
    const seen = observations(4000)
    const whole = learnt(seen.slice(0, 1500))
    const restored = ForestDetector.restore(options, structuredClone(whole.save()), whole.model)
    for (const observation of seen.slice(1500)) {
      expect(restored.score(observation)).toBe(whole.score(observation))
      whole.learn(observation)
      restored.learn(observation)
    }
    expect(restored.save()).toEqual(whole.save())
  })

  test('without its model fits one to the saved window at once', () => {
    const whole = learnt(observations(1500))
    const restored = ForestDetector.restore(options, whole.save(), undefined)
    expect(restored.score(strange)).toBeGreaterThan(0.6)
  })

  test('half an hour of poisoning does not become normal', () => {
    const detector = learnt(observations(4096))
    const before = detector.score(strange) ?? 0
    for (let i = 0; i < 600; i += 1) detector.learn(strange)
    expect(detector.windowRows).toBe(4096)
    learnt(observations(1100, 3), detector)
    expect(detector.score(strange)).toBeGreaterThan(detector.model?.threshold ?? 1)
    expect(detector.score(strange)).toBeGreaterThan(before - 0.15)
  })

  test('a confirmed drift is learnt with the next record', () => {
    const detector = learnt(observations(2100))
    const { accepted } = detector.refits
    detector.confirmDrift()
    learnt(observations(1, 2), detector)
    expect(detector.refits.accepted).toBe(accepted + 1)
  })

  test('a confirmed drift that waits for a record waits over a restart too', () => {
    const detector = learnt(observations(2100))
    const { accepted } = detector.refits
    detector.confirmDrift()
    const restored = ForestDetector.restore(options, structuredClone(detector.save()), detector.model)
    learnt(observations(1, 2), restored)
    expect(restored.refits.accepted).toBe(accepted + 1)
  })
})
