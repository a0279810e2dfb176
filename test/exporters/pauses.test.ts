import { describe, expect, it } from 'vitest'
import { isPaused, pauseOf } from '../../exporters/pauses.ts'

describe('the gap rule', () => {
  it.each([
    { recordedUntil: 1000, now: 1000, expected: undefined, why: 'no gap' },
    { recordedUntil: 1000, now: 1600, expected: undefined, why: 'ten minutes are made up for' },
    { recordedUntil: 1000, now: 1600.001, expected: { from: 1000, to: 1600.001 }, why: 'a moment more is a pause' },
    { recordedUntil: 1000, now: 400, expected: undefined, why: 'the clock was set back' },
  ])('$recordedUntil to $now: $why', ({ recordedUntil, now, expected }) => {
    expect(pauseOf(recordedUntil, now)).toEqual(expected)
  })

  it.each([
    { at: 1000, expected: false },
    { at: 1000.001, expected: true },
    { at: 2000, expected: true },
    { at: 2000.001, expected: false },
    { at: 3500, expected: true },
  ])('leaves out a record of $at: $expected', ({ at, expected }) => {
    const pauses = [
      { from: 1000, to: 2000 },
      { from: 3000, to: 4000 },
    ]
    expect(isPaused(pauses, at)).toBe(expected)
  })
})
