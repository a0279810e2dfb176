/** A standard deviation beyond this says nothing more about the tail; one wild value must not deafen the channel for long. */
const MOST_Z = 30
/** Fourth moment of the standard normal distribution. */
const NORMAL_FOURTH_MOMENT = 3
/** Before so many values the tail is taken for a normal one. */
const LEAST_COUNT = 30

/**
 * How much heavier the tail of a channel is than a normal one, from the fourth moment of its own z: (E z^4 / 3)^(1/4),
 * at least 1. A z over this factor is comparable between streams and channels: where spikes are everyday life a spike
 * has to be higher to be news, and a threshold of 3 keeps its meaning where values are normal.
 */
export class TailWeight {
  readonly #memory: number
  #moment = 0
  #count = 0

  /** Weighs the newest value with 1 / memory. */
  constructor(memory: number) {
    this.#memory = memory
  }

  get factor(): number {
    if (this.#count < LEAST_COUNT) return 1
    return Math.max(1, Math.sqrt(Math.sqrt(this.#moment / NORMAL_FOURTH_MOMENT)))
  }

  learn(z: number): void {
    const square = Math.min(MOST_Z * MOST_Z, z * z)
    this.#count = Math.min(this.#memory, this.#count + 1)
    this.#moment += (square * square - this.#moment) / this.#count
  }

  save(): number[] {
    return [this.#moment, this.#count]
  }

  restore(saved: ArrayLike<number>): void {
    this.#moment = saved[0] ?? 0
    this.#count = saved[1] ?? 0
  }
}
