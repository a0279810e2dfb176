const FIRST_CAPACITY = 64

/** The newest values of a stream, by age; as large as it had to become, and never larger than asked for. */
export class ValueRing {
  readonly #most: number
  #values: Float64Array
  #mask: number
  /** Values ever pushed. */
  #pushed = 0

  /** Keeps at least `most` values. */
  constructor(most: number) {
    this.#most = most
    this.#values = new Float64Array(FIRST_CAPACITY)
    this.#mask = FIRST_CAPACITY - 1
  }

  get pushed(): number {
    return this.#pushed
  }

  /** How many are there to ask for, at most `most`. */
  get length(): number {
    return Math.min(this.#pushed, this.#most)
  }

  /** Age 0 is the newest. */
  at(age: number): number {
    return this.#values[(this.#pushed - 1 - age) & this.#mask] as number
  }

  push(value: number): void {
    if (this.#pushed > this.#mask && this.#values.length < this.#most) this.#grow()
    this.#values[this.#pushed & this.#mask] = value
    this.#pushed += 1
  }

  /** The oldest first. */
  save(): Float64Array {
    const length = this.length
    return Float64Array.from({ length }, (_, i) => this.at(length - 1 - i))
  }

  /** `pushed` is how many there had been when these were saved. */
  restore(values: Iterable<number>, pushed: number): void {
    const list = [...values]
    this.#pushed = 0
    for (const value of list) this.push(value)
    const shift = pushed - list.length
    if (shift <= 0) return
    const old = list.length
    this.#pushed = pushed
    for (let age = 0; age < old; age += 1) this.#values[(pushed - 1 - age) & this.#mask] = list[old - 1 - age] as number
  }

  #grow(): void {
    const length = this.#values.length
    const larger = new Float64Array(2 * length)
    const mask = larger.length - 1
    for (let age = 0; age < length; age += 1) larger[(this.#pushed - 1 - age) & mask] = this.at(age)
    this.#values = larger
    this.#mask = mask
  }
}
