/** How the day and the week shape the rate of arrivals: relative weights, of which only the proportions matter. */
export interface Rhythm {
  /** 24 weights, one for the middle of each hour of the day, UTC. */
  hours: readonly number[]
  /** 7 weights, Monday first. */
  weekdays: readonly number[]
}

const HOUR = 3600
const DAY = 24 * HOUR

/**
 * The factor on the mean rate at an instant, 1 on average over a week.
 *
 * Between the middles of two hours it changes linearly, so that no detector sees a step at a full hour.
 */
export function createRhythm(rhythm: Rhythm): (seconds: number) => number {
  const hours = scaledToMeanOne(rhythm.hours)
  const weekdays = scaledToMeanOne(rhythm.weekdays)
  return (seconds) => {
    const ofDay = (seconds % DAY) / HOUR - 0.5
    const hour = Math.floor(ofDay)
    const part = ofDay - hour
    const from = hours[(hour + 24) % 24] ?? 1
    const to = hours[(hour + 25) % 24] ?? 1
    // 1970-01-01 was a Thursday: the fourth day of a week that begins on Monday.
    const weekday = (Math.floor(seconds / DAY) + 3) % 7
    return (from + (to - from) * part) * (weekdays[weekday] ?? 1)
  }
}

function scaledToMeanOne(weights: readonly number[]): number[] {
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length
  return weights.map((weight) => weight / mean)
}
