import type { Detector } from '../lib/detect/detector.ts'
import type { Severity } from '../lib/streams/anomalies.ts'

/** One wild value is not a shift: a z counts at most this much. */
const CLIP = 3

/**
 * Two sums at once: a quick one that lets small shifts pass and needs few records for a large one, and a patient one that
 * finds half as much when it lasts. Limits in standard deviations summed up: quiet days of the default world stay below 10
 * and 17 (docs/detection.md).
 */
const QUICK = { allowance: 0.75, limit: 10.5 }
const PATIENT = { allowance: 0.5, limit: 22 }

/** Weight of the newest transfer in the present level that people are told. */
const PRESENT_WEIGHT = 1 / 12

/** The rate of one transfer against what is usual for its size and load: in standard deviations, and in powers of ten. */
export interface RateResidual {
  z: number
  decades: number
}

export interface ThroughputShiftState {
  quick: number
  patient: number
  high: number
  present: number
}

/**
 * Has a link as a whole become slower? Cumulative sums (Page, 1954) of how slow each transfer was for its activity, size
 * and load: no single one need look wrong. Only the slow side alarms; a link that has become faster is a change (it
 * counts for the confirmation of a drift), not a trouble.
 */
export class ThroughputShift implements Detector<RateResidual> {
  readonly name = 'throughput-shift'
  #quick: number
  #patient: number
  #high: number
  #present: number

  constructor(state: ThroughputShiftState = { quick: 0, patient: 0, high: 0, present: 0 }) {
    this.#quick = state.quick
    this.#patient = state.patient
    this.#high = state.high
    this.#present = state.present
  }

  /** 0.5 at the limit. */
  score({ z }: Pick<RateResidual, 'z'>): number {
    const ratio = ratioOf(next(this.#quick, -z, QUICK), next(this.#patient, -z, PATIENT))
    return ratio / (ratio + 1)
  }

  /** The sums over their limits after the newest transfer, the larger one: 1 and above is an alarm. */
  get ratio(): number {
    return ratioOf(this.#quick, this.#patient)
  }

  /** The same for the fast side. */
  get highRatio(): number {
    return this.#high / PATIENT.limit
  }

  /** Rate of the newest transfers over the usual one: 1 is usual. */
  get presentRatio(): number {
    return 10 ** this.#present
  }

  learn({ z, decades }: RateResidual): void {
    this.#quick = next(this.#quick, -z, QUICK)
    this.#patient = next(this.#patient, -z, PATIENT)
    this.#high = next(this.#high, z, PATIENT)
    this.#present += PRESENT_WEIGHT * (clip(decades) - this.#present)
  }

  /** The new level has become what is usual. */
  adopt(): void {
    this.#quick = 0
    this.#patient = 0
    this.#high = 0
    this.#present = 0
  }

  save(): ThroughputShiftState {
    return { quick: this.#quick, patient: this.#patient, high: this.#high, present: this.#present }
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

/** Capped, so that the end of the trouble is noticed soon as well. */
function next(sum: number, excess: number, { allowance, limit }: typeof QUICK): number {
  return Math.min(2 * limit, Math.max(0, sum + clip(excess) - allowance))
}

function ratioOf(quick: number, patient: number): number {
  return Math.max(quick / QUICK.limit, patient / PATIENT.limit)
}
