import { describe, expect, it } from 'vitest'
import { arrivalsOfMinute, startArrivals } from '../../simulator/arrivals.ts'
import { createModel } from '../../simulator/model.ts'
import { NOON } from '../support/builders.ts'
import { aScenario } from '../support/world.ts'

const MINUTE = 60_000

/** Requests of the first link, minute by minute. */
function minutesOf(yaml: string, minutes: number) {
  const model = createModel(aScenario(yaml), 7)
  const link = model.links[0] as (typeof model.links)[number]
  const state = startArrivals(link)
  const counts: { atMs: number; count: number; instants: number[] }[] = []
  let atMs = NOON * 1000
  for (let i = 0; i < minutes; i += 1) {
    const { requests, nextMs } = arrivalsOfMinute(model, link, state, atMs)
    counts.push({ atMs, count: requests.length, instants: requests.map((request) => request.queuedMs) })
    atMs = nextMs
  }
  return { counts, state }
}

describe('arrivals', () => {
  it('lie inside their minute, in order', () => {
    for (const { atMs, instants } of minutesOf('', 500).counts) {
      expect(instants).toEqual(instants.toSorted((a, b) => a - b))
      expect(instants.every((instant) => instant >= atMs && instant < atMs + MINUTE)).toBe(true)
    }
  })

  it('have the mean, tail and activity of the scenario over a week', () => {
    const counts = minutesOf('', 7 * 1440).counts.map((minute) => minute.count)
    const active = counts.filter((count) => count > 0).toSorted((a, b) => a - b)
    expect(active.reduce((sum, count) => sum + count, 0) / active.length).toBeCloseTo(4.6, 0)
    expect(active[Math.floor(active.length * 0.95)]).toBe(13)
    expect(Math.abs((active[Math.floor(active.length * 0.99)] ?? 0) - 20)).toBeLessThanOrEqual(1)
    expect(active.at(-1)).toBe(29)
    expect(active.length / counts.length).toBeGreaterThan(0.92)
  })

  it.each([0, 3])('are never quiet for more than %i minutes in a row when the scenario says so', (longest) => {
    const { counts } = minutesOf(`link: { arrivals: { activeShare: 0.3, longestQuietMinutes: ${longest} } }`, 2000)
    let quiet = 0
    let longestSeen = 0
    for (const { count } of counts) {
      quiet = count === 0 ? quiet + 1 : 0
      longestSeen = Math.max(longestSeen, quiet)
    }
    expect(longestSeen).toBe(longest)
  })

  it('make gaps of hours where the scenario has them, never longer than the longest', () => {
    const { counts } = minutesOf(
      'link: { arrivals: { gaps: { meanHoursBetween: 2, meanHours: 5, maxHours: 6 } } }',
      5000,
    )
    const distances = counts.slice(1).map((minute, index) => (minute.atMs - (counts[index]?.atMs ?? 0)) / 3_600_000)
    expect(distances.filter((hours) => hours > 1).length).toBeGreaterThan(10)
    expect(Math.max(...distances)).toBeLessThanOrEqual(6 + 2 / 60)
  })

  it('count their requests', () => {
    const { counts, state } = minutesOf('', 100)
    expect(state.count).toBe(counts.reduce((sum, minute) => sum + minute.count, 0))
  })
})
