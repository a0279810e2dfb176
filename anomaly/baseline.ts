import { medianAndScaleOfSorted } from '../lib/stats/robust.ts'

/** What is usual: a middle and a robust standard deviation, in the unit of what was learnt. */
export interface Estimate {
  center: number
  scale: number
}

/** Below this many observations a baseline leans on its parent, in proportion. */
export const ENOUGH = 30

/** Fewer than this in all, parents included, say nothing. */
const FEWEST = 8

/** Refused values that are kept so that a confirmed change can be adopted at once. */
const REFUSED = 32

export interface BaselineState {
  seen: number
  values: Float32Array
  refused: Float32Array
  /** The estimate in force and how many values it has not seen: what it says next must not depend on a restart. */
  estimate?: Estimate
  sinceEstimate: number
}

/**
 * Median and scale of the last values, exact: a ring of values that is sorted again after every eighth of its length.
 * Values are scored before they are learnt; whoever flags a value passes it to `refuse` instead of `learn`, so that
 * trouble does not become usual. `adopt` replaces what was known by what was refused last: for a lasting change that
 * has been confirmed.
 */
export class Baseline {
  readonly #capacity: number
  readonly #floor: number
  #seen = 0
  #values: Float32Array
  #refused: number[] = []
  #estimate: Estimate | undefined
  #sinceEstimate = 0

  /** `floor`: the least scale, so that constant values do not make every other value infinitely strange. */
  constructor(capacity: number, floor: number) {
    this.#capacity = capacity
    this.#floor = floor
    this.#values = new Float32Array(Math.min(16, capacity))
  }

  static restore(capacity: number, floor: number, state: BaselineState): Baseline {
    const baseline = new Baseline(capacity, floor)
    baseline.#seen = state.seen
    baseline.#values = Float32Array.from(state.values)
    baseline.#refused = [...state.refused]
    baseline.#estimate = state.estimate
    baseline.#sinceEstimate = state.sinceEstimate
    return baseline
  }

  /** Values in the ring. */
  get observations(): number {
    return Math.min(this.#seen, this.#values.length)
  }

  learn(value: number): void {
    if (this.#seen === this.#values.length && this.#values.length < this.#capacity) {
      const grown = new Float32Array(Math.min(this.#capacity, 2 * this.#values.length))
      grown.set(this.#values)
      this.#values = grown
    }
    this.#values[this.#seen % this.#values.length] = value
    this.#seen += 1
    // The ring is never larger than the count it has seen, so wrapping starts only at full capacity.
    if (this.#seen >= 2 * this.#capacity) this.#seen -= this.#capacity
    this.#sinceEstimate += 1
  }

  refuse(value: number): void {
    this.#refused.push(value)
    if (this.#refused.length > REFUSED) this.#refused.shift()
  }

  adopt(): void {
    if (this.#refused.length < FEWEST) return
    const refused = this.#refused
    this.#seen = 0
    this.#values = new Float32Array(Math.min(16, this.#capacity))
    this.#refused = []
    this.#estimate = undefined
    for (const value of refused) this.learn(value)
  }

  /** Moves everything known by `delta`: for values of which only the level has changed. */
  shift(delta: number): void {
    this.#values = this.#values.map((value) => value + delta)
    this.#estimate = undefined
  }

  /** Middle of what was refused last; undefined when that is too little to tell. */
  refusedCenter(): number | undefined {
    if (this.#refused.length < FEWEST) return undefined
    return medianAndScaleOfSorted(Float32Array.from(this.#refused).sort()).median
  }

  /** Own values alone; undefined when there are none. */
  own(): Estimate | undefined {
    const count = this.observations
    if (count === 0) return undefined
    if (this.#estimate === undefined || this.#sinceEstimate > count >> 3) {
      const { median, scale } = medianAndScaleOfSorted(this.#values.slice(0, count).sort())
      this.#estimate = { center: median, scale: Math.max(scale, this.#floor) }
      this.#sinceEstimate = 0
    }
    return this.#estimate
  }

  save(): BaselineState {
    return {
      seen: this.#seen,
      values: Float32Array.from(this.#values),
      refused: Float32Array.from(this.#refused),
      ...(this.#estimate === undefined ? {} : { estimate: this.#estimate }),
      sinceEstimate: this.#sinceEstimate,
    }
  }
}

/**
 * The estimate of the most special baseline that has seen enough; one that has seen less is shrunk towards its parent:
 * own weight n / 30. The chain goes from special (a link) to general (everything).
 */
export function estimateOf(chain: readonly (Baseline | undefined)[]): Estimate | undefined {
  const first = chain[0]
  if (first !== undefined && first.observations >= ENOUGH) return first.own()
  let estimate: Estimate | undefined
  let observations = 0
  for (let i = chain.length - 1; i >= 0; i -= 1) {
    const baseline = chain[i]
    const own = baseline?.own()
    if (baseline === undefined || own === undefined) continue
    observations = Math.max(observations, baseline.observations)
    const weight = estimate === undefined ? 1 : Math.min(1, baseline.observations / ENOUGH)
    estimate = {
      center: mix(estimate?.center ?? 0, own.center, weight),
      scale: mix(estimate?.scale ?? 0, own.scale, weight),
    }
  }
  return observations < FEWEST ? undefined : estimate
}

function mix(from: number, to: number, weight: number): number {
  return from + (to - from) * weight
}
