import { expect, test } from 'vitest'
import { engineNames } from '../../anomaly/engine.ts'
import { engines } from '../../anomaly/engines.ts'
import { forestContract } from '../contracts/forest.contract.ts'

for (const name of engineNames) forestContract(engines[name])

test.each(engineNames)('%s stands under its own name, and so do its forests', (name) => {
  expect(engines[name].name).toBe(name)
  expect(engines[name].fit({ data: Float32Array.of(1, 2, 3), rows: 3, columns: 1 }, 1).engine).toBe(name)
})
