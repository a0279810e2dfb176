import { createRandom } from '../lib/random.ts'
import type { ForestEngine } from './engine.ts'
import { createModel, type Model } from './model.ts'
import type { Ring } from './ring.ts'
import { isAnomalous } from './threshold.ts'

/** When to fit again, and whether to believe the result. Times are record time, so that a replay refits at the same places. */
export interface RefitRules {
  /** Rows before the first model. */
  firstAt: number
  /** New records after which a refit is due. */
  everyRecords: number
  /** Seconds after which a refit is due when at least `fewestRecords` are new. */
  everySeconds: number
  fewestRecords: number
}

export const defaultRefitRules: RefitRules = {
  firstAt: 256,
  everyRecords: 1024,
  everySeconds: 600,
  fewestRecords: 768,
}

/** A model that has seen fewer rows than this is replaced without a comparison: it knows too little to be a judge. */
const YOUNG = 2048
/** The new flagged share must lie within these factors of the old one ... */
const LEAST_FACTOR = 0.2
const MOST_FACTOR = 3
/** ... where shares below half a percent count as that: three records of a thousand more or less are chance. */
const LEAST_SHARE = 0.005

export type RefitResult = 'first' | 'accepted' | 'rejected'

export function isRefitDue(
  rules: RefitRules,
  model: Model | undefined,
  state: { rows: number; newRecords: number; now: number; lastFitAt: number; driftConfirmed: boolean },
): boolean {
  if (model === undefined) return state.rows >= rules.firstAt
  if (state.driftConfirmed || state.newRecords >= rules.everyRecords) return true
  // A young model is replaced as soon as the window has doubled.
  if (model.rows < YOUNG && state.newRecords >= model.rows) return true
  return state.now - state.lastFitAt >= rules.everySeconds && state.newRecords >= rules.fewestRecords
}

/**
 * Fits a new forest to the window. It replaces the old one only when both find about as much in that window: a model
 * that suddenly finds nothing has learnt the trouble, one that finds three times as much is ill-fitted. A confirmed
 * drift is a reason for a difference, so it is not asked then.
 */
export function refit(
  engine: ForestEngine,
  ring: Ring,
  old: Model | undefined,
  facts: { fit: number; seed: number; driftConfirmed: boolean; k?: number },
): { model: Model; result: RefitResult } {
  const window = ring.matrix()
  const { from, to } = ring.period()
  const seed = createRandom(facts.seed, 'fit', String(facts.fit)).uint32()
  const forest = engine.fit(window, seed)
  const fresh = createModel(forest, window, { fit: facts.fit, seed, trainedFrom: from, trainedTo: to }, facts.k)
  if (old === undefined) return { model: fresh, result: 'first' }
  if (facts.driftConfirmed || old.rows < YOUNG) return { model: fresh, result: 'accepted' }
  const before = flaggedShare(old, ring)
  const believable = isBelievable(fresh.anomalousShare, before)
  return believable ? { model: fresh, result: 'accepted' } : { model: old, result: 'rejected' }
}

export function isBelievable(fresh: number, before: number): boolean {
  const least = LEAST_FACTOR * before
  const most = MOST_FACTOR * Math.max(before, LEAST_SHARE)
  return (fresh >= least || before <= LEAST_SHARE) && fresh <= most
}

/** By every fourth row: the comparison is coarse anyway, and the old model need not be asked about all of them. */
function flaggedShare(model: Model, ring: Ring): number {
  const { data, rows, columns } = ring.matrix()
  let asked = 0
  let above = 0
  for (let row = 0; row < rows; row += 4) {
    asked += 1
    above += Number(isAnomalous(model.forest.score(data, row * columns), model.threshold))
  }
  return above / Math.max(1, asked)
}
