import { describe, expect, test } from 'vitest'
import { LinkAlarm } from '../../anomaly/link-alarm.ts'
import type { Severity } from '../../lib/streams/anomalies.ts'

function alarmsAt(steps: readonly [now: number, ratio: number, severity?: Severity][]): number[] {
  const alarm = new LinkAlarm()
  return steps.filter(([now, ratio, severity = 'minor']) => alarm.observe(ratio, severity, now)).map(([now]) => now)
}

describe('an alarm of a link', () => {
  test.each([
    [0.999, []],
    [1, [10]],
  ])('at %d of the limit: %j', (ratio, expected) => {
    expect(alarmsAt([[10, ratio]])).toEqual(expected)
  })

  test('that lasts is repeated every quarter of an hour and not between', () => {
    const minutes = Array.from({ length: 40 }, (_, minute): [number, number] => [60 * minute, 1.5])
    expect(alarmsAt(minutes)).toEqual([0, 900, 1800])
  })

  test('that grows worse speaks up sooner, but not at once', () => {
    expect(
      alarmsAt([
        [0, 1, 'minor'],
        [119, 1, 'major'],
        [120, 1, 'major'],
        [200, 1, 'minor'],
        [240, 1, 'critical'],
      ]),
    ).toEqual([0, 120, 240])
  })

  test('that comes back soon is the same trouble: a flapping statistic is no storm', () => {
    expect(
      alarmsAt([
        [0, 1],
        [60, 0.1],
        [120, 1],
        [300, 0],
        [899, 1],
        [900, 1],
      ]),
    ).toEqual([0, 900])
  })

  test('tells since when, and ends below a quarter of the limit', () => {
    const alarm = new LinkAlarm()
    alarm.observe(1, 'minor', 100)
    alarm.observe(0.25, 'minor', 200)
    expect(alarm.activeSince).toBe(100)
    alarm.observe(0.24, 'minor', 300)
    expect(alarm.activeSince).toBeUndefined()
  })

  test('goes on after a restart', () => {
    const alarm = new LinkAlarm()
    alarm.observe(1, 'major', 100)
    const restored = new LinkAlarm(alarm.save())
    expect(restored.save()).toEqual(alarm.save())
    expect(restored.observe(1, 'major', 999)).toBe(false)
    expect(restored.observe(1, 'major', 1000)).toBe(true)
    expect(new LinkAlarm().save()).toEqual({})
  })
})
