import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HOURS_KEPT, SlotHistory } from '../../../lib/staleness/slots.ts'
import { NOON } from '../../support/builders.ts'

function of(instants: number[]): SlotHistory {
  const history = new SlotHistory()
  for (const instant of instants) history.add(instant)
  return history
}

describe('the slots in which a site sent', () => {
  it('knows the exact newest instant and every 10-second slot once', () => {
    const history = of([NOON + 3, NOON, NOON + 9.999, NOON + 10, NOON + 3599])
    expect(history.newestAt).toBe(NOON + 3599)
    expect(history.slotsOf(NOON / 3600).map((slot) => slot - NOON / 10)).toEqual([0, 1, 359])
  })

  it('finds the last slot at or before another, across empty hours', () => {
    const history = of([NOON, NOON + 86_400])
    expect(history.lastSlotBy(NOON / 10 + 8639)).toBe(NOON / 10)
    expect(history.lastSlotBy(NOON / 10 + 8640)).toBe(NOON / 10 + 8640)
    expect(history.lastSlotBy(NOON / 10 - 1)).toBeUndefined()
  })

  it('keeps the newest hours whatever came first', () => {
    const hours = Array.from({ length: HOURS_KEPT + 5 }, (_, i) => NOON + i * 3600)
    const forwards = of(hours)
    expect(forwards.hours.length).toBe(HOURS_KEPT)
    expect(forwards.hours[0]).toBe(NOON / 3600 + 5)
    expect(of(hours.toReversed()).save()).toEqual(forwards.save())
  })

  it('is the same for any order, any repeats, and after save and restore', () => {
    const instant = fc.integer({ min: NOON, max: NOON + 40 * 3600 })
    fc.assert(
      fc.property(fc.array(instant, { minLength: 1, maxLength: 200 }), fc.nat(), (instants, cut) => {
        const whole = of(instants)
        const sorted = of([...instants, ...instants].sort((a, b) => a - b))
        expect(sorted.save()).toEqual(whole.save())
        const saved = of(instants.slice(0, cut % instants.length)).save()
        const resumed = saved === undefined ? new SlotHistory() : SlotHistory.restore(saved)
        for (const item of instants) resumed.add(item)
        expect(resumed.save()).toEqual(whole.save())
      }),
    )
  })
})
