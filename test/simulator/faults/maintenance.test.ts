import { describe, expect, it } from 'vitest'
import { runFault, SITE_B, startedWithin } from '../../support/world.ts'

describe('a maintenance window', () => {
  const { bent, straight, truth, from, to } = runFault({ kind: 'maintenance', scope: { site: SITE_B } })

  it('starts nothing, to the site or from it, and lets what is under way end', () => {
    expect(startedWithin(bent, from, to)).toEqual([])
    const during = bent.filter(({ at }) => at > from && at < to)
    expect(during.length).toBeGreaterThan(10)
    expect(during.every(({ transfer }) => transfer.startedAt < from)).toBe(true)
  })

  it('fails nothing: only what would have failed anyway does', () => {
    const failed = (records: typeof bent) =>
      records
        .filter(({ at, transfer }) => at > from && at < to && transfer.error !== undefined)
        .map(({ transfer }) => transfer.origin.id)
    const usual = new Set(failed(straight))
    expect(failed(bent).filter((id) => !usual.has(id))).toEqual([])
  })

  it('is followed by usual life, not by a crowd', () => {
    const later = (records: typeof bent) => startedWithin(records, to, to + 600).length
    expect(later(bent)).toBeLessThan(1.2 * later(straight))
  })

  it('is no anomaly in the truth', () => {
    expect(truth.length).toBe(9)
    expect(truth.every(({ entry }) => !entry.anomalous)).toBe(true)
  })
})
