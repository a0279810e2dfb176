import { describe, expect, it } from 'vitest'
import { fitReport } from '../../simulator/fit.ts'
import { NOON } from '../support/builders.ts'
import { aWorld } from '../support/world.ts'

describe('the fit of the default world', () => {
  const records = aWorld()
    .runUntil(NOON + 3 * 86_400)
    .records.map(({ transfer }) => transfer)
  const rows = fitReport(records).rows

  it.each([
    ['requests per active minute', 10],
    ['size of', 5],
    ['throughput', 20],
    ['share of attempts', 5],
    // About 3,300 failures: two standard deviations of a share of 7 % are 12 %.
    ['failures', 15],
  ])('meets the published figures: %s within %i %%', (name, percent) => {
    const found = rows.filter((row) => row.name.startsWith(name))
    expect(found.length).toBeGreaterThan(0)
    for (const row of found) expect(Math.abs(row.errorPercent), row.name).toBeLessThanOrEqual(percent)
  })

  it('has links that are active in at least nine of ten minutes', () => {
    const row = rows.find(({ name }) => name.startsWith('share of active minutes'))
    expect(row?.simulated).toBeGreaterThanOrEqual(0.9)
  })

  it('has no gap of more than five minutes between the requests of a link', () => {
    const last = new Map<string, number>()
    let longest = 0
    for (const { source, destination, queuedAt } of records.toSorted((a, b) => a.queuedAt - b.queuedAt)) {
      const key = `${source}>${destination}`
      longest = Math.max(longest, queuedAt - (last.get(key) ?? queuedAt))
      last.set(key, queuedAt)
    }
    expect(longest).toBeLessThanOrEqual(300)
  })

  it('has up to 36 transfers of a link at the same time', () => {
    const changes = records
      .filter(({ source, destination }) => source === 'SITE_A' && destination === 'SITE_B')
      .flatMap(({ startedAt, endedAt, durationSeconds }) =>
        durationSeconds > 0 ? [[startedAt, 1] as const, [endedAt, -1] as const] : [],
      )
      .toSorted((a, b) => a[0] - b[0] || a[1] - b[1])
    let now = 0
    let most = 0
    for (const [, change] of changes) {
      now += change
      most = Math.max(most, now)
    }
    expect(most).toBeGreaterThan(15)
    expect(most).toBeLessThanOrEqual(36)
  })
})
