import type { Detector } from './detector.ts'
import { SlidingMedian } from './sliding-median.ts'
import { SlidingMoments } from './sliding-moments.ts'
import type { SlidingReference } from './sliding-reference.ts'
import { TailWeight } from './tail-weight.ts'
import { ValueRing } from './value-ring.ts'

/**
 * What of a stream is compared with its own past: the value, its step from the one before, and mean and standard
 * deviation of the newest few. A level that creeps shows in none of the single values, and a stream that goes quiet
 * only in its spread.
 */
export const channels = ['level', 'difference', 'mean', 'spread'] as const
export type Channel = (typeof channels)[number]

export interface ZScoreOptions {
  /** Values that a value is compared with. */
  window: number
  /** Height of |z| from which a value is anomalous. */
  threshold: number
  /** Values after an anomaly during which only one that is higher by a standard deviation is reported. */
  refractory: number
  /** Median and MAD instead of mean and standard deviation: for skewed values. */
  robust?: boolean
  /** All four when absent. */
  channels?: readonly Channel[]
  /** Where trouble lies: `low` for a rate, `high` for a delay. A spread is only ever too high then. */
  side?: 'both' | 'low' | 'high'
  /** Values in a short mean and a short standard deviation. */
  short?: number
  /** Values that must have been seen before anything is said. */
  minimum?: number
  /** Least standard deviation that is believed, in the unit of the values: for windows that hardly vary. */
  floor?: number
}

export interface ZVerdict {
  /** Beyond the threshold, and not within the refractory time of an anomaly that was nearly as high. */
  readonly anomalous: boolean
  /** The height reached the threshold. */
  readonly beyond: boolean
  /** height / (height + threshold): 0.5 at the threshold, whatever that is. */
  readonly score: number
  /** Signed, of the strongest channel. */
  readonly z: number
  /** |z| over the weight of the channel's tail (tail-weight.ts): what is compared with the threshold. 0 on the good side. */
  readonly height: number
  readonly channel: Channel
  /** Of the score. */
  readonly threshold: number
  /** What the strongest channel had, and its centre and standard deviation in the window, in the unit of the values. */
  readonly value: number
  readonly center: number
  readonly scale: number
}

export interface SavedZScore {
  window: number
  short: number
  robust: boolean
  channels: readonly Channel[]
  /** Values ever learnt. */
  learnt: number
  /** Values for which no anomaly will be reported that is not clearly higher than the last one. */
  quiet: number
  lastHeight: number
  /** The newest values, oldest first. */
  values: Float64Array
  /** Of each channel the weight of its tail and, unless robust, the sums of its moments. */
  sums: Float64Array
}

/** Score at which a value is anomalous. */
export const Z_SCORE_THRESHOLD = 0.5
/** Values beyond this would overflow when squared and summed. */
const LARGEST_VALUE = 1e140
const LARGEST_Z = 1e6
/** Rounding noise of a constant window, relative to its level. */
const RELATIVE_FLOOR = 1e-14
/** An anomaly so much higher than the last one is news within the refractory time too: the last one may have been nothing. */
const NEWS = 1
/** A tail is rare values: it takes longer to be known than a mean. */
const TAIL_WINDOWS = 4
const TAIL_NUMBERS = 2
const MOMENT_NUMBERS = 6

/** Scratch for renewing sums: one is enough, nothing here waits. */
let scratch = new Float64Array(1024)

export function createZScore(options: ZScoreOptions): ZScore {
  return new ZScore(options)
}

/** Goes on from what was saved; what other settings or an earlier release saved, it learns anew from the values in it. */
export function restoreZScore(options: ZScoreOptions, saved: SavedZScore): ZScore {
  const detector = new ZScore(options)
  detector.restore(saved)
  return detector
}

export function isScorable(value: number): boolean {
  return Math.abs(value) <= LARGEST_VALUE
}

/**
 * Sliding z-score. A value is scored before it is learnt: inside its own window |z| could not exceed (n-1)/sqrt(n).
 * Constant time for each value (O(log n) when robust), nothing allocated.
 */
export class ZScore implements Detector<number> {
  readonly name = 'zscore'
  readonly #window: number
  readonly #threshold: number
  readonly #refractory: number
  readonly #robust: boolean
  readonly #short: number
  readonly #minimum: number
  readonly #floor: number
  readonly #channels: readonly Channel[]
  readonly #references: readonly SlidingReference[]
  readonly #tails: readonly TailWeight[]
  /** 1 where only high values are trouble, -1 where only low ones are, by channel. */
  readonly #sides: readonly (-1 | 0 | 1)[]
  /** How many values before its own a channel looks at. */
  readonly #lookback: readonly number[]
  readonly #ring: ValueRing
  readonly #verdict: { -readonly [K in keyof ZVerdict]: ZVerdict[K] }
  /** z of each channel for the value that was judged last; NaN where nothing can be said. */
  readonly #z: Float64Array
  #quiet = 0
  #lastHeight = 0

  constructor(options: ZScoreOptions) {
    this.#window = options.window
    this.#threshold = options.threshold
    this.#refractory = options.refractory
    this.#robust = options.robust ?? false
    this.#short = options.short ?? Math.max(2, Math.min(10, Math.round(options.window / 10)))
    this.#minimum = options.minimum ?? Math.min(options.window, Math.max(30, Math.round(options.window / 10)))
    this.#floor = options.floor ?? 0
    this.#channels = options.channels ?? channels
    this.#references = this.#channels.map(() =>
      this.#robust ? new SlidingMedian(this.#window + 1) : new SlidingMoments(),
    )
    this.#lookback = this.#channels.map((channel) =>
      channel === 'level' ? 0 : channel === 'difference' ? 1 : this.#short - 1,
    )
    const side = options.side ?? 'both'
    this.#sides = this.#channels.map((channel) =>
      side === 'both' ? 0 : side === 'high' || channel === 'spread' ? 1 : -1,
    )
    this.#tails = this.#channels.map(() => new TailWeight(TAIL_WINDOWS * this.#window))
    this.#z = new Float64Array(this.#channels.length)
    this.#ring = new ValueRing(this.#window + this.#short)
    this.#verdict = {
      ...{ anomalous: false, beyond: false, score: 0, z: 0, height: 0, channel: this.#channels[0] ?? 'level' },
      ...{ threshold: Z_SCORE_THRESHOLD, value: 0, center: 0, scale: 0 },
    }
  }

  score(value: number): number | undefined {
    return this.#judge(value) ? this.#verdict.score : undefined
  }

  learn(value: number): void {
    this.#judge(value)
    this.#learn(value)
  }

  /**
   * Scores, decides and learns. Undefined while too little has been learnt, and for a value that is not a number to
   * count with (`isScorable`), which is not learnt either. The verdict is the same object each time.
   */
  observe(value: number): ZVerdict | undefined {
    const judged = this.#judge(value)
    this.#learn(value)
    if (!judged) return undefined
    const verdict = this.#verdict
    const { height, beyond } = verdict
    verdict.anomalous = beyond && (this.#quiet === 0 || height >= this.#lastHeight + NEWS)
    if (verdict.anomalous) {
      this.#quiet = this.#refractory
      this.#lastHeight = height
    } else if (this.#quiet > 0) this.#quiet -= 1
    return verdict
  }

  save(): SavedZScore {
    const sums = this.#references.flatMap((reference, c) => [
      ...(this.#tails[c] as TailWeight).save(),
      ...(reference instanceof SlidingMoments ? reference.save() : []),
    ])
    return {
      ...{ window: this.#window, short: this.#short, robust: this.#robust, channels: this.#channels },
      ...{ learnt: this.#ring.pushed, quiet: this.#quiet, lastHeight: this.#lastHeight },
      ...{ values: this.#ring.save(), sums: Float64Array.from(sums) },
    }
  }

  /** Only for a detector that has learnt nothing yet. */
  restore(saved: SavedZScore): void {
    const { window, short, robust, values, learnt, sums } = saved
    const numbers = TAIL_NUMBERS + (robust ? 0 : MOMENT_NUMBERS)
    const isOther =
      // An earlier release saved fewer of them.
      sums.length !== numbers * this.#channels.length ||
      window !== this.#window ||
      short !== this.#short ||
      robust !== this.#robust ||
      saved.channels.join() !== this.#channels.join()
    if (isOther) for (const value of values) this.learn(value)
    else {
      this.#ring.restore(values, learnt)
      this.#references.forEach((reference, c) => {
        const own = sums.subarray(c * numbers, (c + 1) * numbers)
        this.#tails[c]?.restore(own)
        if (reference instanceof SlidingMoments) reference.restore(own.subarray(TAIL_NUMBERS))
        else this.#renew(c)
      })
    }
    this.#quiet = Math.min(saved.quiet, this.#refractory)
    this.#lastHeight = saved.lastHeight
  }

  /** Fills the verdict and #z; false when nothing can be said. */
  #judge(value: number): boolean {
    this.#z.fill(Number.NaN)
    if (!isScorable(value)) return false
    const references = this.#references
    const floor = this.#leastScale()
    const verdict = this.#verdict
    let highest = -1
    for (let c = 0; c < references.length; c += 1) {
      const reference = references[c] as SlidingReference
      if (reference.count < this.#minimum) continue
      const current = this.#current(c, value)
      const { center } = reference
      const scale = Math.max(floor, reference.scale)
      const z = Math.max(-LARGEST_Z, Math.min(LARGEST_Z, (current - center) / scale))
      this.#z[c] = z
      const side = this.#sides[c] as number
      const height = Math.max(0, side === 0 ? Math.abs(z) : side * z) / (this.#tails[c] as TailWeight).factor
      if (height <= highest) continue
      highest = height
      verdict.z = z
      verdict.channel = this.#channels[c] as Channel
      verdict.value = current
      verdict.center = center
      verdict.scale = scale
    }
    if (highest < 0) return false
    verdict.height = highest
    verdict.beyond = highest >= this.#threshold
    verdict.score = highest / (highest + this.#threshold)
    return true
  }

  /** After #judge of the same value. */
  #learn(value: number): void {
    if (!isScorable(value)) return
    this.#ring.push(value)
    for (let c = 0; c < this.#channels.length; c += 1) {
      const z = this.#z[c] as number
      if (!Number.isNaN(z)) this.#tails[c]?.learn(z)
      this.#slide(c)
    }
  }

  /** Differences smaller than rounding noise of the level are none. */
  #leastScale(): number {
    const level = this.#ring.pushed === 0 ? 0 : Math.abs(this.#ring.at(0))
    return Math.max(this.#floor, RELATIVE_FLOOR * level, Number.MIN_VALUE)
  }

  /** What channel c has for a value that is not in the ring yet. */
  #current(c: number, value: number): number {
    const channel = this.#channels[c] as Channel
    if (channel === 'level') return value
    if (channel === 'difference') return value - this.#ring.at(0)
    return this.#ofShort(channel, value, 0)
  }

  /** What channel c had for the value that is `age` values old. */
  #past(c: number, age: number): number {
    const channel = this.#channels[c] as Channel
    const value = this.#ring.at(age)
    if (channel === 'level') return value
    if (channel === 'difference') return value - this.#ring.at(age + 1)
    return this.#ofShort(channel, value, age + 1)
  }

  /** Mean or standard deviation of `newest` and those before it, the first of which has the age `age`. */
  #ofShort(channel: Channel, newest: number, age: number): number {
    const before = this.#short - 1
    let mean = 0
    for (let i = 0; i < before; i += 1) mean += this.#ring.at(age + i) - newest
    mean /= this.#short
    if (channel === 'mean') return newest + mean
    let squares = mean * mean
    for (let i = 0; i < before; i += 1) {
      const distance = this.#ring.at(age + i) - newest - mean
      squares += distance * distance
    }
    return Math.sqrt(squares / this.#short)
  }

  /** The newest value of channel c comes in, the one that is `window` older goes. */
  #slide(c: number): void {
    const lookback = this.#lookback[c] as number
    const { pushed } = this.#ring
    if (pushed <= lookback) return
    const reference = this.#references[c] as SlidingReference
    reference.add(this.#past(c, 0))
    if (reference.count > this.#window) reference.remove(this.#past(c, this.#window))
    if (reference.worn) this.#renew(c)
  }

  #renew(c: number): void {
    const count = Math.min(this.#window, this.#ring.pushed - (this.#lookback[c] as number))
    if (count <= 0) return
    if (scratch.length < count) scratch = new Float64Array(count)
    for (let age = 0; age < count; age += 1) scratch[count - 1 - age] = this.#past(c, age)
    this.#references[c]?.renew(scratch, count)
  }
}
