import { expect, test } from 'vitest'
import { engineNames, SAMPLE_SIZE, TREES } from '../../anomaly/engine.ts'

test('forests have the size of the paper, and the engine of the paper is named first', () => {
  expect({ TREES, SAMPLE_SIZE, first: engineNames[0] }).toEqual({ TREES: 100, SAMPLE_SIZE: 256, first: 'strict' })
})
