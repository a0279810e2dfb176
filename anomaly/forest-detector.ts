import type { Detector } from '../lib/detect/detector.ts'
import type { ForestEngine } from './engine.ts'
import { FEATURES } from './measurement.ts'
import type { Model } from './model.ts'
import { defaultRefitRules, isRefitDue, type RefitResult, type RefitRules, refit } from './refit.ts'
import { Ring, type RingState } from './ring.ts'

/** Rows in the training window. */
export const RING_CAPACITY = 4096

/**
 * Flagged records enter the training window only up to this share of it. Without them the window would be trimmed, and
 * each refit would find its limit a little lower than the one before; without a cap a flood of faults would become usual.
 */
const FLAGGED_CAP = 0.3

export interface ForestObservation {
  row: Float32Array
  flagged: boolean
  /** Record time, Unix seconds. */
  endedAt: number
}

export interface ForestDetectorOptions {
  engine: ForestEngine
  seed: number
  rules?: RefitRules
  k?: number
}

export interface ForestDetectorState {
  ring: RingState
  fits: number
  newRecords: number
  lastFitAt: number
  /** A confirmed drift that waits for the next record that is taken into the window. */
  driftConfirmed: boolean
  refits: Record<RefitResult, number>
}

/** An isolation forest over a moving window: it learns rows, and fits itself again when that is due (refit.ts). */
export class ForestDetector implements Detector<ForestObservation> {
  readonly name = 'forest'
  readonly #options: ForestDetectorOptions
  readonly #rules: RefitRules
  #ring = new Ring(FEATURES, RING_CAPACITY)
  #model: Model | undefined
  #previous: Model | undefined
  #fits = 0
  #newRecords = 0
  #lastFitAt = 0
  #driftConfirmed = false
  #refits: Record<RefitResult, number> = { first: 0, accepted: 0, rejected: 0 }

  constructor(options: ForestDetectorOptions) {
    this.#options = options
    this.#rules = options.rules ?? defaultRefitRules
  }

  /** Goes on with a saved model; without one (none was saved, or it was refused) it fits one to the saved window. */
  static restore(options: ForestDetectorOptions, state: ForestDetectorState, model: Model | undefined): ForestDetector {
    const detector = new ForestDetector(options)
    detector.#ring = Ring.restore(FEATURES, RING_CAPACITY, state.ring)
    detector.#fits = state.fits
    detector.#newRecords = state.newRecords
    detector.#lastFitAt = state.lastFitAt
    detector.#driftConfirmed = state.driftConfirmed
    detector.#refits = { ...state.refits }
    detector.#model = model
    if (model === undefined && detector.#ring.length >= detector.#rules.firstAt) detector.#fit(state.lastFitAt)
    return detector
  }

  get model(): Model | undefined {
    return this.#model
  }

  /** The model before the present one, kept for whoever wants to compare. */
  get previousModel(): Model | undefined {
    return this.#previous
  }

  get refits(): Readonly<Record<RefitResult, number>> {
    return this.#refits
  }

  get windowRows(): number {
    return this.#ring.length
  }

  score({ row }: Pick<ForestObservation, 'row'>): number | undefined {
    return this.#model?.forest.score(row)
  }

  learn({ row, flagged, endedAt }: ForestObservation): void {
    if (flagged && this.#ring.flaggedShare >= FLAGGED_CAP) return
    this.#ring.push(row, flagged, endedAt)
    this.#newRecords += 1
    const due = isRefitDue(this.#rules, this.#model, {
      rows: this.#ring.length,
      newRecords: this.#newRecords,
      now: endedAt,
      lastFitAt: this.#lastFitAt,
      driftConfirmed: this.#driftConfirmed,
    })
    if (due) this.#fit(endedAt)
  }

  /** A link has lastingly changed: fit again with the next record, and believe the result. */
  confirmDrift(): void {
    this.#driftConfirmed = true
  }

  save(): ForestDetectorState {
    return {
      ring: this.#ring.save(),
      fits: this.#fits,
      newRecords: this.#newRecords,
      lastFitAt: this.#lastFitAt,
      driftConfirmed: this.#driftConfirmed,
      refits: { ...this.#refits },
    }
  }

  #fit(now: number): void {
    this.#fits += 1
    const { engine, seed, k } = this.#options
    const { model, result } = refit(engine, this.#ring, this.#model, {
      fit: this.#fits,
      seed,
      driftConfirmed: this.#driftConfirmed,
      ...(k === undefined ? {} : { k }),
    })
    if (model !== this.#model) this.#previous = this.#model
    this.#model = model
    this.#refits[result] += 1
    this.#newRecords = 0
    this.#lastFitAt = now
    this.#driftConfirmed = false
  }
}
