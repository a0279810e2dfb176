import { createHash } from 'node:crypto'

/** The whole state of a stream: four unsigned 32-bit integers. Plain data, so that a world can be saved and resumed. */
export type RandomState = [number, number, number, number]

/**
 * A seeded stream of random numbers (xoshiro128**, Blackman and Vigna, "Scrambled linear pseudorandom number
 * generators", ACM TOMS 2021).
 *
 * Streams are derived by name, so that drawing more numbers in one part of the world never shifts another part. No
 * method keeps anything outside the four words of state (the normal draws both uniforms each time), so that
 * save-and-resume continues bit for bit.
 */
export class Random {
  #a: number
  #b: number
  #c: number
  #d: number

  constructor(state: RandomState) {
    ;[this.#a, this.#b, this.#c, this.#d] = state
  }

  state(): RandomState {
    return [this.#a >>> 0, this.#b >>> 0, this.#c >>> 0, this.#d >>> 0]
  }

  uint32(): number {
    const product = Math.imul(this.#b, 5)
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0
    const shifted = this.#b << 9
    this.#c ^= this.#a
    this.#d ^= this.#b
    this.#b ^= this.#c
    this.#a ^= this.#d
    this.#c ^= shifted
    this.#d = (this.#d << 11) | (this.#d >>> 21)
    return result
  }

  /** Uniform in [0, 1), 53 bits. */
  next(): number {
    const high = this.uint32() >>> 5
    const low = this.uint32() >>> 6
    return (high * 67_108_864 + low) / 9_007_199_254_740_992
  }

  uniform(low: number, high: number): number {
    return low + (high - low) * this.next()
  }

  /** Uniform integer in [0, n), without modulo bias worth naming for n far below 2^53. */
  int(n: number): number {
    return Math.floor(this.next() * n)
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.next())
  }

  /** Standard normal (Box-Muller, one of the pair thrown away to keep the state in four words). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()))
    return radius * Math.cos(2 * Math.PI * this.next())
  }

  /** Number of failures before the first success, with the given mean (>= 0). */
  geometric(mean: number): number {
    if (mean <= 0) return 0
    return Math.floor(Math.log(1 - this.next()) / Math.log(mean / (1 + mean)))
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.int(items.length)]
    if (item === undefined) throw new RangeError('pick from an empty list')
    return item
  }
}

/** `createRandom(7, 'link', 'SITE_A', 'SITE_B', 'sizes')`: the same seed and names give the same stream everywhere. */
export function createRandom(seed: number | string, ...names: string[]): Random {
  const digest = createHash('sha256')
    .update(JSON.stringify([String(seed), ...names]))
    .digest()
  const state: RandomState = [
    digest.readUInt32LE(0),
    digest.readUInt32LE(4),
    digest.readUInt32LE(8),
    digest.readUInt32LE(12),
  ]
  if (state.every((word) => word === 0)) state[0] = 1
  return new Random(state)
}
