import { describe, expect, test } from 'vitest'
import { npmEngine } from '../../anomaly/forest-npm.ts'
import { aCloud } from '../contracts/forest.contract.ts'
import { areaUnderRoc, readLabelledSet, readReference } from '../support/labelled-sets.ts'

describe('the forest of the npm package', () => {
  test('leaves the global source of chance as it found it', () => {
    const original = Math.random
    npmEngine.fit(aCloud(300, 2), 1)
    expect(Math.random).toBe(original)
    // A column of NaN never varies sensibly: whatever the package does with it, the source is put back.
    const broken = { data: new Float32Array(600).fill(Number.NaN), rows: 300, columns: 2 }
    try {
      npmEngine.fit(broken, 1)
    } catch {}
    expect(Math.random).toBe(original)
  })

  test('refuses more columns than it can take', () => {
    expect(() => npmEngine.fit(aCloud(4, 65), 1)).toThrow('columns must be 1 to 64')
  })

  test('does not tell which feature isolated a row', () => {
    expect(npmEngine.fit(aCloud(50, 2), 1).drops(Float32Array.of(0, 0))).toBeUndefined()
  })

  const set = readLabelledSet('vowels')
  const expected = readReference()?.get('vowels')
  if (set === undefined || expected === undefined) {
    test.skip('skipped: no labelled sets (set DTMS_SHARED_DATA to the folder that holds anomaly/)', () => {})
  } else {
    test('finds what the reference finds in a labelled set, once it is fed 256 rows a tree', () => {
      const scores = npmEngine.fit(set.matrix, 1).scoreAll(set.matrix)
      expect(Math.abs(areaUnderRoc(scores, set.labels) - expected.auc)).toBeLessThan(4 * expected.auc_sd)
    })
  }
})
