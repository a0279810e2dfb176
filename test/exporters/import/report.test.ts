import { expect, test } from 'vitest'
import { ReportBuilder } from '../../../exporters/import/report.ts'
import { siteName } from '../../../lib/names.ts'
import { aTransfer, NOON } from '../../support/builders.ts'

const at = (seconds: number, site = 'SITE_A') => aTransfer({ endedAt: NOON + seconds, site: siteName(site) })

test('nothing read is a report of zeros', () => {
  expect(new ReportBuilder().report()).toEqual({
    read: 0,
    imported: 0,
    repeated: 0,
    quarantined: { total: 0, byReason: {} },
    outOfOrder: 0,
    from: null,
    to: null,
    sites: [],
    links: [],
    gaps: [],
    assumed: [],
  })
})

test.each([
  [3600, 0],
  [3601, 1],
])('a silence of %d s is %d gaps', (seconds, gaps) => {
  const builder = new ReportBuilder()
  builder.add(at(0), false)
  builder.add(at(seconds), false)
  expect(builder.report().gaps.length).toBe(gaps)
})

test('gaps are those of each site, whatever the order of the rows', () => {
  const builder = new ReportBuilder()
  for (const [seconds, site] of [
    [20_000, 'SITE_A'],
    [0, 'SITE_A'],
    [10, 'SITE_A'],
    [5000, 'SITE_B'],
    [19_990, 'SITE_A'],
  ] as const)
    builder.add(at(seconds, site), false)
  expect(builder.report().gaps).toEqual([{ site: 'SITE_A', from: NOON + 10, to: NOON + 19_990 }])
})

test('a row is out of order when the good row above it ended later; repeats are not counted', () => {
  const builder = new ReportBuilder()
  builder.add(at(100), false)
  builder.add(at(50), false)
  builder.add(at(60), false)
  builder.quarantine('columns')
  builder.add(at(40), true)
  expect(builder.report()).toMatchObject({ read: 5, imported: 3, repeated: 1, outOfOrder: 1 })
})

test('memory does not grow with links of a hostile file', () => {
  const builder = new ReportBuilder()
  for (let i = 0; i < 12_000; i += 1) builder.add({ ...at(i), destination: siteName(`D${i}`) }, false)
  expect(builder.report().links.length).toBe(10_000)
})
