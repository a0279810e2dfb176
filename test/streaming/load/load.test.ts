import { describe, expect, it } from 'vitest'
import { linkKey, siteName } from '../../../lib/names.ts'
import { type Due, type LoadTarget, loadMaker, runLoad } from '../../../streaming/load/load.ts'
import { aTransfer, NOON } from '../../support/builders.ts'

const templates = [
  aTransfer({ id: 'SITE_A-1' }),
  aTransfer({ site: siteName('SITE_B'), source: siteName('SITE_B'), destination: siteName('SITE_A') }),
]

/** Takes everything; acknowledges what the test says. */
function aTarget(acknowledges: (due: Due, n: number) => boolean = () => true) {
  const taken: Due[] = []
  const target: LoadTarget & { refused: number } = {
    refused: 0,
    send(records, acknowledged) {
      const good = records.filter((due, i) => acknowledges(due, taken.length + i))
      taken.push(...records)
      acknowledged(good)
    },
    flush: () => {},
  }
  return { target, taken }
}

describe('a load', () => {
  it('is as many records as rate and time make, each due at its own instant', async () => {
    const { target, taken } = aTarget()
    const report = await runLoad({ rate: 2000, seconds: 0.05, templates, target })
    expect([report.sent, report.acknowledged, report.refused, taken.length]).toEqual([100, 100, 0, 100])
    const first = taken[0]?.dueAt ?? 0
    expect(taken.map(({ dueAt }) => Math.round((dueAt - first) * 1000) / 1000)).toEqual(taken.map((_, i) => i / 2))
    expect(report.p50Ms).toBeLessThanOrEqual(report.p99Ms ?? 0)
    expect(report.p99Ms).toBeLessThanOrEqual((report.maxMs ?? 0) * 1.01)
  })

  it('whose records are not all acknowledged says how many were', async () => {
    const { target } = aTarget((_due, n) => n % 2 === 0)
    const report = await runLoad({ rate: 2000, seconds: 0.01, templates, target, patienceMs: 1 })
    expect([report.sent, report.acknowledged]).toEqual([20, 10])
  })

  it('that is refused as a whole has no delays to tell', async () => {
    const { target } = aTarget(() => false)
    const report = await runLoad({ rate: 1000, seconds: 0.01, templates, target, patienceMs: 1 })
    expect([report.p50Ms, report.p99Ms, report.maxMs, report.perSecond]).toEqual([null, null, null, 0])
  })

  it('that is interrupted ends with what was sent', async () => {
    const { target } = aTarget()
    const interrupt = new AbortController()
    const running = runLoad({ rate: 100, seconds: 3600, templates, target, signal: interrupt.signal })
    interrupt.abort()
    expect((await running).sent).toBeLessThan(360_000)
  })
})

describe('a record of a load', () => {
  const make = loadMaker(templates)

  it('has names of its own, the same for the same site', () => {
    const names = [make(0, NOON), make(1, NOON), make(2, NOON)].map(({ site, source, destination }) => [
      site,
      linkKey(source, destination),
    ])
    expect(names).toEqual([
      ['LOAD_A', 'LOAD_A>LOAD_B'],
      ['LOAD_B', 'LOAD_B>LOAD_A'],
      ['LOAD_A', 'LOAD_A>LOAD_B'],
    ])
  })

  it('ends when it is sent and is otherwise like its template, without its id', () => {
    const { id, endedAt, startedAt, queuedAt, sizeBytes, origin } = make(0, NOON + 1000.25)
    expect([id, endedAt, startedAt, queuedAt, sizeBytes, origin.kind]).toEqual([
      ...[undefined, NOON + 1000.25, NOON + 990.25, NOON + 988.25, 1_000_000_000, 'load'],
    ])
  })
})
