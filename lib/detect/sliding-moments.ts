import type { SlidingReference } from './sliding-reference.ts'

/** A window whose squares have shrunk by this much since they were summed has lost as many digits: sum them anew. */
const MOST_SHRINKING = 1e6
/** The squared distance from the reference, in variances, at which the difference of the two has lost six digits. */
const MOST_DISTANCE = 1e6

/**
 * Mean and standard deviation of a sliding window in constant time: sums of (x - r) and (x - r)^2 against a reference
 * value r near the mean (Chan, Golub, LeVeque, "Algorithms for computing the sample variance", Am. Stat. 37, 1983). Plain
 * sums of squares have no digits left for values near 1e9 that vary by a few.
 *
 * What is taken away leaves its rounding behind. `worn` says when that could matter (the mean has left the reference, a
 * wild value has left the window, all values are others by now); the owner, who has the values, then calls `renew`.
 */
export class SlidingMoments implements SlidingReference {
  #reference = 0
  #sum = 0
  #squares = 0
  #peak = 0
  #count = 0
  /** Values taken away since the sums were made. */
  #removed = 0

  get count(): number {
    return this.#count
  }

  get center(): number {
    return this.#reference + this.#sum / this.#count
  }

  /** Of the window as a whole, not of a population that it is drawn from: divided by n. */
  get scale(): number {
    const mean = this.#sum / this.#count
    return Math.sqrt(Math.max(0, this.#squares / this.#count - mean * mean))
  }

  add(value: number): void {
    if (this.#count === 0) this.renew([value], 1)
    else {
      const distance = value - this.#reference
      this.#count += 1
      this.#sum += distance
      this.#squares += distance * distance
      if (this.#squares > this.#peak) this.#peak = this.#squares
    }
  }

  remove(value: number): void {
    const distance = value - this.#reference
    this.#count -= 1
    this.#removed += 1
    this.#sum -= distance
    this.#squares -= distance * distance
  }

  get worn(): boolean {
    if (this.#removed >= this.#count) return this.#removed > 0
    if (this.#squares * MOST_SHRINKING < this.#peak) return true
    const mean = this.#sum / this.#count
    const distance = mean * mean
    return distance > MOST_DISTANCE * (this.#squares / this.#count - distance)
  }

  renew(values: ArrayLike<number>, count: number): void {
    const first = count > 0 ? (values[0] as number) : 0
    let mean = 0
    for (let i = 0; i < count; i += 1) mean += ((values[i] as number) - first) / count
    const reference = first + mean
    let sum = 0
    let squares = 0
    for (let i = 0; i < count; i += 1) {
      const distance = (values[i] as number) - reference
      sum += distance
      squares += distance * distance
    }
    this.#reference = reference
    this.#sum = sum
    this.#squares = squares
    this.#peak = squares
    this.#count = count
    this.#removed = 0
  }

  save(): number[] {
    return [this.#reference, this.#sum, this.#squares, this.#peak, this.#count, this.#removed]
  }

  restore(saved: ArrayLike<number>): void {
    this.#reference = saved[0] ?? 0
    this.#sum = saved[1] ?? 0
    this.#squares = saved[2] ?? 0
    this.#peak = saved[3] ?? 0
    this.#count = saved[4] ?? 0
    this.#removed = saved[5] ?? 0
  }
}
