import { describe, expect, test } from 'vitest'
import { SAMPLE_SIZE, TREES } from '../../anomaly/engine.ts'
import { nodesOf, type StrictForest, strictEngine } from '../../anomaly/forest.ts'
import { type Matrix, matrixOf } from '../../anomaly/matrix.ts'
import { createRandom } from '../../lib/random.ts'
import { areaUnderRoc, quickSets, readLabelledSet, readReference } from '../support/labelled-sets.ts'

function normalCloud(rows: number, columns: number, seed = 1): Matrix {
  const random = createRandom(seed, 'cloud')
  return { data: new Float32Array(rows * columns).map(() => random.normal()), rows, columns }
}

const grow = (matrix: Matrix, seed: number): StrictForest => strictEngine.fit(matrix, seed) as StrictForest

describe('the strict isolation forest', () => {
  test('gives a far point a higher score than a central one, both between 0 and 1', () => {
    const forest = grow(normalCloud(1000, 3), 7)
    const far = forest.score(Float32Array.of(9, 9, 9))
    const central = forest.score(Float32Array.of(0, 0, 0))
    expect(far).toBeGreaterThan(0.7)
    expect(central).toBeLessThan(0.5)
    expect(far).toBeLessThan(1)
    expect(central).toBeGreaterThan(0)
  })

  test('is the same bit for bit when fitted twice, and another with another seed', () => {
    const matrix = normalCloud(600, 4)
    expect(grow(matrix, 7).trees).toEqual(grow(matrix, 7).trees)
    expect(grow(matrix, 7).trees.threshold).not.toEqual(grow(matrix, 8).trees.threshold)
  })

  test('scores one record, a slice and the whole matrix bit for bit alike', () => {
    const matrix = normalCloud(500, 5)
    const forest = grow(matrix, 3)
    const all = forest.scoreAll(matrix)
    const slice = forest.scoreAll({ data: matrix.data.subarray(100 * 5, 200 * 5), rows: 100, columns: 5 })
    for (let row = 0; row < 500; row += 1) expect(forest.score(matrix.data, row * 5)).toBe(all[row])
    expect(slice).toEqual(all.subarray(100, 200))
  })

  test('every tree sees exactly min(psi, n) different rows', () => {
    // With all rows different and one column, a tree of height 8 holds its rows in leaves; the root's expected depth
    // for n rows that are perfectly known equals the mean of depth + c(leaf) over exactly n rows.
    for (const [rows, expected] of [
      [2, 2],
      [255, 255],
      [256, SAMPLE_SIZE],
      [257, SAMPLE_SIZE],
      [5000, SAMPLE_SIZE],
    ] as const) {
      expect(grow(normalCloud(rows, 2), 1).trees.sampleSize).toBe(expected)
    }
    // Three rows, three samples: a sample with repeats would leave trees whose root does not vary.
    const { trees } = grow(matrixOf([[0], [1], [2]]), 5)
    for (let tree = 0; tree < TREES; tree += 1) expect(trees.threshold[tree * nodesOf(trees.height)]).toBeLessThan(3)
  })

  test('never splits on a constant column, and a constant matrix scores every row alike', () => {
    const rows = Array.from({ length: 300 }, (_, i) => [5, i, 5])
    const { trees } = grow(matrixOf(rows), 2)
    trees.feature.forEach((column, i) => {
      if (Number.isFinite(trees.threshold[i])) expect(column).toBe(1)
    })
    const constant = grow(matrixOf(Array.from({ length: 300 }, () => [1, 2])), 2)
    expect(constant.score(Float32Array.of(1, 2))).toBe(constant.score(Float32Array.of(100, -100)))
  })

  test('thresholds lie strictly above the minimum and not above the maximum of the split rows', () => {
    // Neighbouring single-precision numbers leave no room between them: only t = the larger one separates the rows.
    const low = Math.fround(1)
    const high = Math.fround(1 + 2 ** -20)
    const { trees } = grow(matrixOf([[low], [high], [low], [high]]), 4)
    for (let tree = 0; tree < TREES; tree += 1) {
      const t = trees.threshold[tree * nodesOf(trees.height)] as number
      expect(t).toBeGreaterThan(low)
      expect(t).toBeLessThanOrEqual(high)
    }
  })

  test('the drops of the features add up to the difference of expected depth within 1e-9', () => {
    const matrix = normalCloud(2000, 6)
    const forest = grow(matrix, 11)
    for (const row of [Float32Array.of(0, 0, 0, 0, 0, 0), Float32Array.of(0, 8, 0, 0, -3, 0)]) {
      const sum = forest.drops(row).reduce((total, drop) => total + drop, 0)
      expect(Math.abs(sum - (forest.expectedDepth() - forest.meanDepth(row)))).toBeLessThan(1e-9)
    }
  })

  test('names the one planted feature first in at least 9 of 10 anomalies at six dimensions', () => {
    const matrix = normalCloud(2000, 6)
    const forest = grow(matrix, 11)
    const random = createRandom(5, 'planted')
    let hits = 0
    for (let i = 0; i < 200; i += 1) {
      const row = Float32Array.from({ length: 6 }, () => random.normal())
      const planted = random.int(6)
      row[planted] = random.chance(0.5) ? 6 : -6
      const drops = forest.drops(row)
      hits += Number(drops.indexOf(Math.max(...drops)) === planted)
    }
    expect(hits / 200).toBeGreaterThanOrEqual(0.9)
  })

  test('refuses fewer than two rows and more columns than one byte can number', () => {
    expect(() => grow(matrixOf([[1]]), 1)).toThrow('at least two rows')
    expect(() => grow(normalCloud(4, 257), 1)).toThrow('columns must be 1 to 256')
  })
})

describe('the labelled sets of the paper table', () => {
  const reference = readReference()
  if (reference === undefined) {
    test.skip('skipped: no labelled sets (set DTMS_SHARED_DATA to the folder that holds anomaly/)', () => {})
    return
  }
  test.each(quickSets)('%s: the mean AUC of ten seeds is within noise of the reference', (name) => {
    const set = readLabelledSet(name)
    const expected = reference.get(name)
    if (set === undefined || expected === undefined) throw new Error(`${name} is listed but absent`)
    let sum = 0
    for (let seed = 0; seed < 10; seed += 1) {
      sum += areaUnderRoc(strictEngine.fit(set.matrix, seed).scoreAll(set.matrix), set.labels)
    }
    expect(sum / 10).toBeGreaterThanOrEqual(expected.auc - 3 * expected.auc_sd * Math.sqrt(2 / 10))
  })
})
