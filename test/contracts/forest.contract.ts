import { describe, expect, test } from 'vitest'
import type { ForestEngine } from '../../anomaly/engine.ts'
import { type Matrix, matrixOf } from '../../anomaly/matrix.ts'
import { createRandom } from '../../lib/random.ts'

export function aCloud(rows: number, columns: number, seed = 1): Matrix {
  const random = createRandom(seed, 'cloud')
  return { data: new Float32Array(rows * columns).map(() => random.normal()), rows, columns }
}

/** What every engine that `DTMS_FOREST` can name promises. */
export function forestContract(engine: ForestEngine): void {
  describe(`the engine ${engine.name}`, () => {
    test('gives a far point a higher score than a central one, both between 0 and 1', () => {
      const forest = engine.fit(aCloud(600, 3), 7)
      const far = forest.score(Float32Array.of(9, 9, 9))
      const central = forest.score(Float32Array.of(0, 0, 0))
      expect(far).toBeGreaterThan(central + 0.2)
      expect(far).toBeLessThan(1)
      expect(central).toBeGreaterThan(0)
    })

    test('gives the same scores for the same rows and seed, and others for another seed', () => {
      const matrix = aCloud(300, 3)
      const once = engine.fit(matrix, 7).scoreAll(matrix)
      expect(engine.fit(matrix, 7).scoreAll(matrix)).toEqual(once)
      expect(engine.fit(matrix, 8).scoreAll(matrix)).not.toEqual(once)
    })

    test('scores a row alone as it scores it among all', () => {
      const matrix = aCloud(300, 4)
      const forest = engine.fit(matrix, 3)
      const all = forest.scoreAll(matrix)
      for (const row of [0, 1, 150, 299]) expect(forest.score(matrix.data, 4 * row)).toBe(all[row])
    })

    test('does not mind a constant column', () => {
      const random = createRandom(2, 'rows')
      const forest = engine.fit(matrixOf(Array.from({ length: 300 }, () => [5, random.normal(), 5])), 1)
      expect(forest.score(Float32Array.of(5, 12, 5))).toBeGreaterThan(forest.score(Float32Array.of(5, 0, 5)))
    })

    test('calls no row stranger than another when all are alike', () => {
      const forest = engine.fit(matrixOf(Array.from({ length: 50 }, () => [1, 2])), 1)
      expect(forest.score(Float32Array.of(1, 2))).toBe(forest.score(Float32Array.of(-9, 9)))
    })

    test.each([2, 3, 255, 256, 257])('fits %i rows', (rows) => {
      const score = engine.fit(aCloud(rows, 2), 1).score(Float32Array.of(0, 0))
      expect(score).toBeGreaterThan(0)
      expect(score).toBeLessThan(1)
    })

    test('refuses a single row and a matrix without columns', () => {
      expect(() => engine.fit(matrixOf([[1]]), 1)).toThrow('at least two rows')
      expect(() => engine.fit({ data: new Float32Array(), rows: 5, columns: 0 }, 1)).toThrow('columns must be 1 to')
    })
  })
}
