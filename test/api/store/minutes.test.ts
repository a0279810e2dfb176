import { describe, expect, test } from 'vitest'
import { KEPT_MINUTES, MinuteCounters, minuteOf } from '../../../api/store/minutes.ts'
import { siteName } from '../../../lib/names.ts'
import type { Transfer, TransferRecord } from '../../../lib/record/record.ts'
import { anAnomaly } from '../../support/api.ts'
import { aTransfer, NOON } from '../../support/builders.ts'

let seq = 0
function aRecord(changes: Partial<Transfer> = {}): TransferRecord {
  seq += 1
  return { ...aTransfer(changes), v: 1, seq, id: `SITE_A-${seq}` }
}
const verdict = (changes: Parameters<typeof anAnomaly>[0]) => ({ v: 1, seq: 1, ...anAnomaly(changes) })
const DAY = KEPT_MINUTES * 60

describe('counters by minute', () => {
  test('sum a link over a window; the rate is that of the good transfers', () => {
    const counters = new MinuteCounters()
    counters.observe(aRecord({ endedAt: NOON + 1, bytesTransferred: 600, durationSeconds: 2 }))
    counters.observe(aRecord({ endedAt: NOON + 2, bytesTransferred: 400, durationSeconds: 3 }))
    counters.observe(aRecord({ endedAt: NOON + 3, bytesTransferred: 5, durationSeconds: 60, status: 'failed' }))
    counters.observeAnomaly(verdict({ at: NOON + 2 }))
    expect(counters.links(NOON + 3, 1)).toEqual([
      {
        source: 'SITE_A',
        destination: 'SITE_B',
        count: 3,
        failures: 1,
        bytesTransferred: 1005,
        meanRateBytesPerSecond: 200,
        anomalies: 1,
        newestEndedAt: NOON + 3,
      },
    ])
  })

  test.each([
    ['the last second of the minute before the window', NOON - 60 - 0.001, 0],
    ['the first instant of the window', NOON - 60, 1],
    ['now', NOON, 1],
  ])('a window of two minutes: %s counts %d', (_name, endedAt, count) => {
    const counters = new MinuteCounters()
    counters.observe(aRecord({ endedAt }))
    expect(counters.links(NOON, 2)[0]).toMatchObject({ count, meanRateBytesPerSecond: count === 0 ? null : 1e8 })
  })

  test('a record 24 hours older than the newest one is forgotten, one that is younger is not', () => {
    const counters = new MinuteCounters()
    const site = siteName('SITE_A')
    counters.observe(aRecord({ endedAt: NOON }))
    counters.observe(aRecord({ endedAt: NOON + 60 }))
    expect(counters.site(site).records).toBe(2)
    counters.observe(aRecord({ endedAt: NOON + DAY - 1 }))
    expect(counters.site(site).records).toBe(3)
    counters.observe(aRecord({ endedAt: NOON + DAY }))
    expect(counters.site(site).records).toBe(3)
    counters.observe(aRecord({ endedAt: NOON + 30 }))
    expect(counters.site(site).records).toBe(3)
  })

  test('a site counts flagged transfers and their highest score, and not verdicts about whole links', () => {
    const counters = new MinuteCounters()
    counters.observe(aRecord())
    counters.observeAnomaly(verdict({ score: 0.7 }))
    counters.observeAnomaly(verdict({ score: 0.8 }))
    counters.observeAnomaly(verdict({ score: 0.9, level: 'link' }))
    expect(counters.site(siteName('SITE_A'))).toMatchObject({ records: 1, anomalies: 2, highestScore: 0.8 })
    expect(counters.links(NOON, 1)[0]).toMatchObject({ anomalies: 3 })
    expect(counters.site(siteName('SITE_B'))).toMatchObject({ records: 0, anomalies: 0, highestScore: null })
  })

  test('averages come from the newest minute that has records and is over', () => {
    const counters = new MinuteCounters()
    expect(counters.averagesBefore(minuteOf(NOON))).toEqual([])
    counters.observe(aRecord({ endedAt: NOON - 300, bytesTransferred: 10, firstByteSeconds: 1 }))
    counters.observe(aRecord({ endedAt: NOON, bytesTransferred: 99 }))
    expect(counters.averagesBefore(minuteOf(NOON))).toEqual([
      { source: 'SITE_A', meanBytes: 10, meanLatencySeconds: 1 },
    ])
    expect(counters.averagesBefore(minuteOf(NOON) + 1)).toMatchObject([{ meanBytes: 99 }])
  })

  test('a flood of link names is not counted link by link, sites still are', () => {
    const counters = new MinuteCounters()
    for (let i = 0; i < 5000; i += 1) counters.observe(aRecord({ destination: siteName(`D${i}`) }))
    expect(counters.links(NOON, 1)).toHaveLength(4096)
    expect(counters.site(siteName('SITE_A')).records).toBe(5000)
  })
})
