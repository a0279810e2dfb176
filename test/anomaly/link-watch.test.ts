import { describe, expect, test } from 'vitest'
import { LinkWatch } from '../../anomaly/link-watch.ts'
import { createRandom } from '../../lib/random.ts'
import type { TransferRecord } from '../../lib/record/record.ts'
import { aTransfer, NOON } from '../support/builders.ts'
import { failedRecord } from '../support/transfer-stream.ts'

interface Seen {
  failureAlarms: number[]
  shiftAlarms: number[]
  confirmed: number[]
}

/** One record every ten seconds on a link whose rate strays by `z` and of which a share fails or is flagged. */
function watched(
  watch: LinkWatch,
  life: { fromMinute: number; minutes: number; z?: number; failureShare?: number; flaggedShare?: number },
): Seen {
  const { fromMinute, minutes, z = 0, failureShare = 0, flaggedShare = 0 } = life
  const random = createRandom(fromMinute, 'life')
  const seen: Seen = { failureAlarms: [], shiftAlarms: [], confirmed: [] }
  for (let i = 0; i < 6 * minutes; i += 1) {
    const minute = fromMinute + i / 6
    const ok: TransferRecord = {
      ...aTransfer({ endedAt: NOON + 60 * minute }),
      v: 1,
      seq: i + 1,
      id: `SITE_A-${i + 1}`,
    }
    const failed = random.chance(failureShare)
    const rate = failed ? undefined : { z: z + 0.5 * random.normal(), decades: 0.1 * z }
    const news = watch.observe(failed ? failedRecord(ok) : ok, rate, random.chance(flaggedShare))
    if (news.failureAlarm) seen.failureAlarms.push(minute)
    if (news.shiftAlarm) seen.shiftAlarms.push(minute)
    if (news.changeConfirmed) seen.confirmed.push(minute)
  }
  return seen
}

const silent: Seen = { failureAlarms: [], shiftAlarms: [], confirmed: [] }

describe('the watch over a link', () => {
  test('is silent on a quiet day', () => {
    expect(watched(new LinkWatch(), { fromMinute: 0, minutes: 1440, failureShare: 0.03 })).toEqual(silent)
  })

  test('alarms of slowness once and then every quarter of an hour', () => {
    const watch = new LinkWatch()
    watched(watch, { fromMinute: 0, minutes: 60 })
    const { shiftAlarms, failureAlarms } = watched(watch, { fromMinute: 60, minutes: 40, z: -4 })
    expect(shiftAlarms[0]).toBeLessThan(65)
    expect(shiftAlarms.length).toBeLessThanOrEqual(4)
    expect(failureAlarms).toEqual([])
    expect(watch.suspicious).toBe(true)
  })

  test('alarms of failures and names the error that most of them had', () => {
    const watch = new LinkWatch()
    watched(watch, { fromMinute: 0, minutes: 60, failureShare: 0.03 })
    const { failureAlarms } = watched(watch, { fromMinute: 60, minutes: 10, failureShare: 0.8 })
    expect(failureAlarms[0]).toBeLessThan(65)
    expect(watch.commonestError()).toBe('destination/no_space')
  })

  test('has no error to name where nothing failed', () => {
    expect(new LinkWatch().commonestError()).toBeUndefined()
  })

  test.each([
    [30, 0],
    [60, 1],
  ])('%i minutes of another level are confirmed as the new normal %i times', (minutes, times) => {
    const watch = new LinkWatch()
    watched(watch, { fromMinute: 0, minutes: 60 })
    expect(watched(watch, { fromMinute: 60, minutes, z: -4 }).confirmed.length).toBe(times)
  })

  test('a link that has lastingly become faster is confirmed as well, without an alarm', () => {
    const watch = new LinkWatch()
    const { shiftAlarms, confirmed } = watched(watch, { fromMinute: 0, minutes: 60, z: 4 })
    expect(shiftAlarms).toEqual([])
    expect(confirmed.length).toBe(1)
  })

  test('many flagged records are a change too, even when neither rate nor failures say so', () => {
    const { confirmed } = watched(new LinkWatch(), { fromMinute: 0, minutes: 90, flaggedShare: 0.7 })
    expect(confirmed.length).toBe(1)
  })

  test('failures count as normal only after many hours', () => {
    const watch = new LinkWatch()
    watched(watch, { fromMinute: 0, minutes: 60, failureShare: 0.03 })
    watched(watch, { fromMinute: 60, minutes: 300, failureShare: 0.5 })
    expect(watch.failures.usualShare).toBeLessThan(0.1)
    watched(watch, { fromMinute: 360, minutes: 90, failureShare: 0.5 })
    expect(watch.failures.usualShare).toBeGreaterThan(0.2)
  })

  test.each([60, 63, 100])('goes on after a restart in minute %i as if nothing had happened', (cut) => {
    const whole = new LinkWatch()
    watched(whole, { fromMinute: 0, minutes: 60, failureShare: 0.03 })
    watched(whole, { fromMinute: 60, minutes: cut - 60, z: -4, failureShare: 0.3 })
    const restored = new LinkWatch(structuredClone(whole.save()))
    const rest = { fromMinute: cut, minutes: 60, z: -4, failureShare: 0.3 }
    expect(watched(restored, rest)).toEqual(watched(whole, rest))
    expect(restored.save()).toEqual(whole.save())
  })
})
