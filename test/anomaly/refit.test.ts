import { describe, expect, test } from 'vitest'
import { strictEngine } from '../../anomaly/forest.ts'
import { FEATURES } from '../../anomaly/measurement.ts'
import { assembleModel, type Model } from '../../anomaly/model.ts'
import { isBelievable, isRefitDue, refit, defaultRefitRules as rules } from '../../anomaly/refit.ts'
import { Ring } from '../../anomaly/ring.ts'
import { createRandom } from '../../lib/random.ts'

/** A window of ordinary rows; a share of them lies far out. */
function aRing(rows: number, seed = 1, farShare = 0): Ring {
  const random = createRandom(seed, 'rows')
  const ring = new Ring(FEATURES, 4096)
  for (let n = 0; n < rows; n += 1) {
    const far = random.chance(farShare) ? 7 : 0
    ring.push(
      Float32Array.from({ length: FEATURES }, () => far + random.normal()),
      false,
      1000 + n,
    )
  }
  return ring
}

function fitted(ring: Ring, old?: Model, driftConfirmed = false) {
  return refit(strictEngine, ring, old, { fit: 1, seed: 1, driftConfirmed })
}

const model = fitted(aRing(4096)).model

describe('when a refit is due', () => {
  const calm = { rows: 4096, newRecords: 0, now: 0, lastFitAt: 0, driftConfirmed: false }

  test.each([
    [rules.firstAt - 1, false],
    [rules.firstAt, true],
  ])('the first, with %i rows: %s', (rows, due) => {
    expect(isRefitDue(rules, undefined, { ...calm, rows })).toBe(due)
  })

  test.each([
    [rules.everyRecords - 1, false],
    [rules.everyRecords, true],
  ])('with %i new records: %s', (newRecords, due) => {
    expect(isRefitDue(rules, model, { ...calm, newRecords })).toBe(due)
  })

  test.each([
    [rules.everySeconds - 1, rules.fewestRecords, false],
    [rules.everySeconds, rules.fewestRecords - 1, false],
    [rules.everySeconds, rules.fewestRecords, true],
  ])('after %i s with %i new records: %s', (now, newRecords, due) => {
    expect(isRefitDue(rules, model, { ...calm, now, newRecords })).toBe(due)
  })

  test('a confirmed drift needs neither', () => {
    expect(isRefitDue(rules, model, { ...calm, driftConfirmed: true })).toBe(true)
  })

  test.each([
    [255, false],
    [256, true],
  ])('a model of 256 rows, with %i new ones: %s', (newRecords, due) => {
    expect(isRefitDue(rules, { ...model, rows: 256 }, { ...calm, rows: 512, newRecords })).toBe(due)
  })
})

describe('a refit', () => {
  test('is the first when there was none, and knows its window', () => {
    const { model: first, result } = fitted(aRing(300))
    expect(result).toBe('first')
    expect(first).toMatchObject({ rows: 300, trainedFrom: 1000, trainedTo: 1299, fit: 1 })
  })

  test('of a window like the one before is accepted', () => {
    const { model: fresh, result } = fitted(aRing(4096, 2), model)
    expect(result).toBe('accepted')
    expect(fresh).not.toBe(model)
  })

  test('that has learnt the trouble is rejected, and the old model kept', () => {
    const { model: kept, result } = fitted(aRing(4096, 3, 0.3), model)
    expect(result).toBe('rejected')
    expect(kept).toBe(model)
  })

  test('is believed when a drift was confirmed', () => {
    expect(fitted(aRing(4096, 3, 0.3), model, true).result).toBe('accepted')
  })

  test.each([
    [2047, 'accepted'],
    [2048, 'rejected'],
  ])('is compared with a model of %i rows: %s', (rows, result) => {
    const { forest, reference } = model
    const old = assembleModel(forest, reference, model, rows)
    expect(fitted(aRing(4096, 3, 0.3), old).result).toBe(result)
  })
})

test.each([
  [0.02, 0.02, true],
  [0.004, 0.02, true],
  [0.0039, 0.02, false],
  [0.06, 0.02, true],
  [0.0601, 0.02, false],
  [0, 0.005, true],
  [0, 0.0051, false],
  [0.015, 0, true],
  [0.0151, 0, false],
])('a refit that flags %d where the old model flags %d is believable: %s', (fresh, before, expected) => {
  expect(isBelievable(fresh, before)).toBe(expected)
})
