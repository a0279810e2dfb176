import type { Detector } from '../lib/detect/detector.ts'
import type { Severity } from '../lib/streams/anomalies.ts'

/** One wild value is not a shift: a z counts at most this much. */
const CLIP = 3
/** A shift smaller than this many standard deviations is let pass (half of the smallest one that must be found soon). */
const ALLOWANCE = 0.75
/** Alarm limit in standard deviations summed up. */
const LIMIT = 16
/** Weight of the newest transfer in the present level that people are told. */
const PRESENT_WEIGHT = 1 / 12

/** The rate of one transfer against what is usual for its size and load: in standard deviations, and in powers of ten. */
export interface RateResidual {
  z: number
  decades: number
}

export interface ThroughputShiftState {
  low: number
  high: number
  present: number
}

/**
 * Has a link as a whole become slower? A two-sided cumulative sum (Page, 1954) of the robust z of the rate, given size
 * and load: no single transfer need look wrong. Only the slow side alarms; a link that has become faster is a change
 * (it counts for the confirmation of a drift), not a trouble.
 */
export class ThroughputShift implements Detector<RateResidual> {
  readonly name = 'throughput-shift'
  #low: number
  #high: number
  #present: number

  constructor(state: ThroughputShiftState = { low: 0, high: 0, present: 0 }) {
    this.#low = state.low
    this.#high = state.high
    this.#present = state.present
  }

  /** 0.5 at the limit. */
  score({ z }: Pick<RateResidual, 'z'>): number {
    const low = next(this.#low, -clip(z))
    return low / (low + LIMIT)
  }

  /** Sum over the limit after the newest transfer: 1 and above is an alarm. */
  get ratio(): number {
    return this.#low / LIMIT
  }

  get highRatio(): number {
    return this.#high / LIMIT
  }

  /** Rate of the newest transfers over the usual one: 1 is usual. */
  get presentRatio(): number {
    return 10 ** this.#present
  }

  learn({ z, decades }: RateResidual): void {
    this.#low = next(this.#low, -clip(z))
    this.#high = next(this.#high, clip(z))
    this.#present += PRESENT_WEIGHT * (clip(decades) - this.#present)
  }

  /** The new level has become what is usual. */
  adopt(): void {
    this.#low = 0
    this.#high = 0
    this.#present = 0
  }

  save(): ThroughputShiftState {
    return { low: this.#low, high: this.#high, present: this.#present }
  }
}

/** By what is left of the usual rate: below 60 %, below 30 %. */
export function slownessSeverity(remainingShare: number): Severity {
  if (remainingShare < 0.3) return 'critical'
  return remainingShare < 0.6 ? 'major' : 'minor'
}

function clip(z: number): number {
  return Math.max(-CLIP, Math.min(CLIP, z))
}

function next(sum: number, excess: number): number {
  return Math.min(2 * LIMIT, Math.max(0, sum + excess - ALLOWANCE))
}
