import { describe, expect, it } from 'vitest'
import { runFault, SITE_B } from '../../support/world.ts'

describe('a frozen exporter', () => {
  const { bent, straight, from, to } = runFault({ kind: 'frozen-exporter', scope: { site: SITE_B } })

  it('writes nothing until it thaws, then everything at once', () => {
    expect(bent.filter(({ at }) => at > from && at < to)).toEqual([])
    const late = bent.filter(({ at, transfer }) => at !== transfer.endedAt)
    expect(late.length).toBeGreaterThan(100)
    expect(new Set(late.map(({ at }) => at))).toEqual(new Set([to]))
  })

  it('changes no record: the same transfers with the same times', () => {
    const transfers = (records: typeof bent) =>
      records
        .map(({ transfer }) => transfer)
        .toSorted((a, b) => a.endedAt - b.endedAt || String(a.origin.id).localeCompare(String(b.origin.id)))
    expect(transfers(bent)).toEqual(transfers(straight))
  })
})
