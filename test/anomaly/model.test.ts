import { describe, expect, test } from 'vitest'
import { strictEngine } from '../../anomaly/forest.ts'
import { FEATURES, featureNames } from '../../anomaly/measurement.ts'
import { assembleModel, createModel } from '../../anomaly/model.ts'
import { ScoreHistogram } from '../../anomaly/score-histogram.ts'
import { isAnomalous } from '../../anomaly/threshold.ts'
import { aCloud } from '../contracts/forest.contract.ts'

const facts = { fit: 3, seed: 9, trainedFrom: 100, trainedTo: 200 }
const window = aCloud(1000, FEATURES)
const forest = strictEngine.fit(window, 9)

describe('a model', () => {
  test('knows what its own window scored, and the share above its threshold is measured', () => {
    const model = createModel(forest, window, facts)
    const scores = [...forest.scoreAll(window)]
    const above = scores.filter((score) => isAnomalous(score, model.threshold)).length
    expect(model.reference.total).toBe(1000)
    expect(Math.abs(model.anomalousShare - above / 1000)).toBeLessThan(0.005)
    expect(model).toMatchObject({ ...facts, rows: 1000, engine: 'strict', featureNames })
  })

  test('has the same limits when it is put together from a stored reference', () => {
    const model = createModel(forest, window, facts)
    expect(assembleModel(forest, model.reference, facts, model.rows)).toEqual(model)
  })

  test('has a higher threshold for a higher k', () => {
    expect(createModel(forest, window, facts, 7).threshold).toBeGreaterThan(
      createModel(forest, window, facts).threshold,
    )
  })

  test('of another number of features is refused', () => {
    const other = strictEngine.fit(aCloud(50, 3), 1)
    expect(() => assembleModel(other, ScoreHistogram.of([]), facts, 50)).toThrow(`has 3 features, not ${FEATURES}`)
  })

  test('without a reference claims nothing', () => {
    const model = assembleModel(forest, ScoreHistogram.of([]), facts, 0)
    expect(model).toMatchObject({ threshold: 1, anomalousShare: 0 })
  })
})
