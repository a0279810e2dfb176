import { expect, test } from 'vitest'
import { matrixOf } from '../../anomaly/matrix.ts'

test('rows lie one behind the other in single precision', () => {
  expect(
    matrixOf([
      [1, 2],
      [3, 0.1],
    ]),
  ).toEqual({ data: Float32Array.of(1, 2, 3, 0.1), rows: 2, columns: 2 })
})

test('no rows have no columns', () => {
  expect(matrixOf([])).toEqual({ data: new Float32Array(), rows: 0, columns: 0 })
})
