import { describe, expect, it } from 'vitest'
import { createRandom } from '../../../lib/random.ts'
import { ageQuantile, expectedAge, learnGaps } from '../../../lib/staleness/expectation.ts'
import { Intervals } from '../../../lib/staleness/intervals.ts'
import { SlotHistory } from '../../../lib/staleness/slots.ts'
import { NOON } from '../../support/builders.ts'

const HOUR = 3600
const DAY = 86_400

function expectedOf(instants: number[], newestAt = Math.max(...instants), excluded = new Intervals()): number {
  const history = new SlotHistory()
  for (const instant of instants) history.add(instant)
  return expectedAge(learnGaps(history, excluded), newestAt)
}

function poisson(from: number, to: number, meanGap: number, seed: number): number[] {
  const random = createRandom(seed, 'arrivals')
  const instants: number[] = []
  for (let t = from; t < to; t += random.exponential(meanGap)) instants.push(t)
  return instants
}

function without(instants: number[], from: number, to: number): number[] {
  return instants.filter((t) => t < from || t >= to)
}

describe('the age below which a site stays', () => {
  const cases: [string, [number, number][], number, number][] = [
    ['equal silences: the share itself', [[10, 100]], 0.9, 9],
    [
      'one long silence owns its share of the time',
      [
        [1, 100],
        [100, 1],
      ],
      0.9,
      80,
    ],
    [
      'many short ones beside a rare long one',
      [
        [1, 9900],
        [100, 1],
      ],
      0.9,
      9000 / 9901,
    ],
    ['no silences', [], 0.9, 0],
  ]
  it.each(cases)('%s', (_name, gaps, q, age) => {
    expect(ageQuantile(new Map(gaps), q)).toBeCloseTo(age, 6)
  })
})

describe('the expected age', () => {
  it('of a busy site is the floor', () => {
    expect(expectedOf(poisson(NOON, NOON + DAY, 6.5, 1))).toBe(120)
  })

  it('of a site that sends once a minute is some minutes', () => {
    const expected = expectedOf(poisson(NOON, NOON + DAY, 60, 2))
    expect(expected).toBeGreaterThan(300)
    expect(expected).toBeLessThan(900)
  })

  it('of a busy site is not moved by outages of half an hour', () => {
    const instants = [3, 8, 13].reduce(
      (kept, hour) => without(kept, NOON + hour * HOUR, NOON + hour * HOUR + 1800),
      poisson(NOON, NOON + DAY, 6.5, 3),
    )
    expect(expectedOf(instants)).toBe(120)
  })

  it('of a site that sends in bursts between silent days covers those days', () => {
    const instants = [0, 3, 5, 9, 12].flatMap((day) => poisson(NOON + day * DAY, NOON + day * DAY + 3 * HOUR, 20, day))
    const expected = expectedOf(instants)
    expect(expected).toBeGreaterThan(4 * DAY)
    expect(expected).toBeLessThan(8 * DAY)
  })

  it('is 300 seconds while little is known, more when the little says so', () => {
    expect(expectedOf([NOON])).toBe(300)
    expect(expectedOf([NOON, NOON + 30])).toBe(300)
    expect(expectedOf([NOON, NOON + HOUR])).toBeGreaterThan(HOUR)
  })

  it('knows no more than a month', () => {
    expect(expectedOf([NOON, NOON + 400 * DAY])).toBe(31 * DAY)
  })

  it('learns nothing from a silence that was a pause or announced', () => {
    const paused = new Intervals()
    paused.add(NOON + 2 * HOUR, NOON + 7 * HOUR)
    paused.add(NOON + 9 * HOUR, NOON + 16 * HOUR)
    const instants = poisson(NOON, NOON + DAY, 20, 4).filter((t) => paused.at(t) === undefined)
    expect(expectedOf(instants)).toBeGreaterThan(HOUR)
    expect(expectedOf(instants, NOON + DAY, paused)).toBeLessThan(300)
  })
})

describe('the habit of an hour of the week', () => {
  /** Monday 2023-10-02 00:00 UTC. */
  const MONDAY = NOON - 12 * HOUR + DAY
  const working = (weeks: number): number[] =>
    Array.from({ length: weeks * 7 }, (_, day) => day)
      .filter((day) => day % 7 < 5)
      .flatMap((day) => poisson(MONDAY + day * DAY + 8 * HOUR, MONDAY + day * DAY + 18 * HOUR, 20, day))
  const at = (week: number, day: number, hour: number): number => MONDAY + (week * 7 + day) * DAY + hour * HOUR

  it('expects a weekend after Friday evening and minutes on Tuesday morning', () => {
    const instants = working(5)
    expect(expectedOf(instants, at(5, 4, 17.9))).toBeGreaterThan(62 * HOUR)
    expect(expectedOf(instants, at(5, 1, 11))).toBeLessThan(600)
    expect(expectedOf(instants, at(5, 1, 17.9))).toBeGreaterThan(14 * HOUR)
    expect(expectedOf(instants, at(5, 1, 17.9))).toBeLessThan(24 * HOUR)
  })

  it('is not believed before three weeks', () => {
    const twoWeeks = working(2)
    expect(expectedOf(twoWeeks, at(2, 1, 11))).toBeGreaterThan(HOUR)
    const threeWeeks = working(4)
    expect(expectedOf(threeWeeks, at(4, 1, 11))).toBeLessThan(600)
  })

  it('leaves one outage out', () => {
    const instants = without(working(5), at(3, 1, 11), at(3, 1, 14))
    expect(expectedOf(instants, at(5, 1, 11))).toBeLessThan(600)
  })
})
