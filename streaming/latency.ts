/** Widths of the buckets: every quantile is right within 5 %. */
const FACTOR = 1.05
const LEAST_SECONDS = 1e-6
const BUCKETS = 560
const LOG_FACTOR = Math.log(FACTOR)

/** Durations counted by size, so that quantiles of millions cost a few hundred numbers and nothing is allocated. */
export class Latencies {
  readonly #counts = new Float64Array(BUCKETS)
  #count = 0

  get count(): number {
    return this.#count
  }

  add(seconds: number, times = 1): void {
    const bucket = seconds <= LEAST_SECONDS ? 0 : Math.ceil(Math.log(seconds / LEAST_SECONDS) / LOG_FACTOR)
    const place = Math.min(BUCKETS - 1, Number.isNaN(bucket) ? 0 : bucket)
    this.#counts[place] = (this.#counts[place] ?? 0) + times
    this.#count += times
  }

  /** Seconds that the share `q` does not exceed; undefined while nothing was added. */
  quantile(q: number): number | undefined {
    if (this.#count === 0) return undefined
    const rank = Math.max(1, Math.ceil(q * this.#count))
    let seen = 0
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      seen += this.#counts[bucket] ?? 0
      if (seen >= rank) return LEAST_SECONDS * FACTOR ** (bucket - 0.5)
    }
    return undefined
  }

  reset(): void {
    this.#counts.fill(0)
    this.#count = 0
  }
}
