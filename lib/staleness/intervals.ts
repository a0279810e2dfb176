/** Half-open stretch of time [from, to), Unix seconds. */
export interface Interval {
  from: number
  to: number
}

/** How many stretches one site keeps; the oldest go first. A week of pauses every half hour fits. */
const MOST_INTERVALS = 512

/** A set of stretches of time, kept merged and sorted, so that overlapping announcements never count twice. */
export class Intervals {
  #items: Interval[] = []

  /** An empty or reversed stretch is ignored: it covers no instant. */
  add(from: number, to: number): void {
    if (!(to > from)) return
    const merged: Interval = { from, to }
    const apart: Interval[] = []
    for (const item of this.#items) {
      if (item.to < merged.from || item.from > merged.to) apart.push(item)
      else {
        merged.from = Math.min(merged.from, item.from)
        merged.to = Math.max(merged.to, item.to)
      }
    }
    apart.push(merged)
    apart.sort((a, b) => a.from - b.from)
    this.#items = apart.slice(-MOST_INTERVALS)
  }

  /** The stretch that covers an instant. */
  at(instant: number): Interval | undefined {
    return this.#items.find((item) => item.from <= instant && instant < item.to)
  }

  /** Seconds of [from, to) that are covered. */
  overlap(from: number, to: number): number {
    let seconds = 0
    for (const item of this.#items) {
      const shared = Math.min(to, item.to) - Math.max(from, item.from)
      if (shared > 0) seconds += shared
    }
    return seconds
  }

  /** The instant at which `seconds` of uncovered time have passed since `from`. */
  after(from: number, seconds: number): number {
    let instant = from + seconds
    for (const item of this.#items) {
      if (item.to <= from) continue
      const start = Math.max(item.from, from)
      if (start >= instant) break
      instant += item.to - start
    }
    return instant
  }

  /** The newest end that is not after an instant. */
  lastEndBy(instant: number): number | undefined {
    let newest: number | undefined
    for (const item of this.#items) if (item.to <= instant) newest = item.to
    return newest
  }

  list(): Interval[] {
    return this.#items.map((item) => ({ ...item }))
  }
}
