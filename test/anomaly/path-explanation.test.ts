import { describe, expect, test } from 'vitest'
import { strictEngine } from '../../anomaly/forest.ts'
import { npmEngine } from '../../anomaly/forest-npm.ts'
import { contributions } from '../../anomaly/path-explanation.ts'
import { aCloud } from '../contracts/forest.contract.ts'

const forest = strictEngine.fit(aCloud(1000, 4), 7)

describe('contributions to a score', () => {
  test('name the strange feature first, and the shares make a whole', () => {
    const found = contributions(forest, Float32Array.of(0, 0, 8, 0), 0)
    expect(found[0]?.feature).toBe(2)
    expect(found[0]?.share).toBeGreaterThan(0.7)
    expect(found.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12)
    expect(found).toEqual([...found].sort((a, b) => b.drop - a.drop))
  })

  test('hold only what spoke against the record', () => {
    for (const { drop } of contributions(forest, Float32Array.of(0, 6, 0, 0), 0)) expect(drop).toBeGreaterThan(0)
  })

  test('leave out what was not measured, however it looks', () => {
    const found = contributions(forest, Float32Array.of(0, 0, 8, 8), 0b0100)
    expect(found.map(({ feature }) => feature)).not.toContain(2)
    expect(found[0]?.feature).toBe(3)
  })

  test.each([
    ['before the first model', undefined],
    ['with a forest that does not tell its paths', npmEngine.fit(aCloud(50, 3), 1)],
  ])('are the sizes of the z %s', (_when, which) => {
    const found = contributions(which, Float32Array.of(1, -3, 0), 0)
    expect(found).toEqual([
      { feature: 1, drop: 3, share: 0.75 },
      { feature: 0, drop: 1, share: 0.25 },
    ])
  })
})
