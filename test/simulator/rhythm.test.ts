import { describe, expect, it } from 'vitest'
import { createRhythm } from '../../simulator/rhythm.ts'
import { aScenario } from '../support/world.ts'

const even = Array.from({ length: 24 }, () => 1)
/** Monday 2023-10-02 00:00 UTC. */
const MONDAY = 1_696_204_800

describe('the rhythm', () => {
  it('is 1 on average over a week', () => {
    const rhythm = createRhythm(aScenario().rhythm)
    let sum = 0
    for (let minute = 0; minute < 7 * 1440; minute += 1) sum += rhythm(MONDAY + minute * 60)
    expect(sum / (7 * 1440)).toBeCloseTo(1, 4)
  })

  it('meets the weight of an hour in its middle and changes linearly to the next', () => {
    const hours = even.with(6, 13)
    const rhythm = createRhythm({ hours, weekdays: [1, 1, 1, 1, 1, 1, 1] })
    const mean = 36 / 24
    expect(rhythm(MONDAY + 6.5 * 3600)).toBeCloseTo(13 / mean)
    expect(rhythm(MONDAY + 7 * 3600)).toBeCloseTo(7 / mean)
    expect(rhythm(MONDAY + 7.5 * 3600)).toBeCloseTo(1 / mean)
  })

  it('has no step at midnight within the day', () => {
    const hours = even.with(0, 5).with(23, 3)
    const rhythm = createRhythm({ hours, weekdays: [1, 1, 1, 1, 1, 1, 1] })
    expect(rhythm(MONDAY + 86_399)).toBeCloseTo(rhythm(MONDAY + 86_400), 2)
  })

  it.each([
    ['the last second of Sunday', MONDAY - 1, 4],
    ['the first second of Monday', MONDAY, 1],
    ['Saturday noon', MONDAY + 5.5 * 86_400, 2],
  ])('takes the weight of the weekday: %s', (_, instant, weight) => {
    const rhythm = createRhythm({ hours: even, weekdays: [1, 1, 1, 1, 1, 2, 4] })
    expect(rhythm(instant)).toBeCloseTo(weight / (11 / 7))
  })
})
