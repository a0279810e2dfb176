import type { EngineName, Forest } from './engine.ts'
import type { Matrix } from './matrix.ts'
import { FEATURES, featureNames } from './measurement.ts'
import { ScoreHistogram } from './score-histogram.ts'
import { type SeverityLevels, severityLevels } from './severity.ts'
import { thresholdOf } from './threshold.ts'

/** A forest together with what its own training window scored, and the limits that follow from that. */
export interface Model {
  forest: Forest
  engine: EngineName
  featureNames: readonly string[]
  /** Number of the fit, from 1: names the model and seeds its trees. */
  fit: number
  seed: number
  /** Record time covered by the training window, Unix seconds. */
  trainedFrom: number
  trainedTo: number
  rows: number
  reference: ScoreHistogram
  threshold: number
  levels: SeverityLevels
  /** Share of the training window above the threshold: measured, never assumed. */
  anomalousShare: number
}

export interface ModelFacts {
  fit: number
  seed: number
  trainedFrom: number
  trainedTo: number
}

export function createModel(forest: Forest, window: Matrix, facts: ModelFacts, k?: number): Model {
  return assembleModel(forest, ScoreHistogram.of(forest.scoreAll(window)), facts, window.rows, k)
}

/** The same from a stored reference: limits are computed, not stored, so that they cannot disagree with it. */
export function assembleModel(
  forest: Forest,
  reference: ScoreHistogram,
  facts: ModelFacts,
  rows: number,
  k?: number,
): Model {
  if (forest.columns !== FEATURES) throw new RangeError(`the model has ${forest.columns} features, not ${FEATURES}`)
  const threshold = thresholdOf(reference, k)
  return {
    ...facts,
    forest,
    engine: forest.engine,
    featureNames,
    rows,
    reference,
    threshold,
    levels: severityLevels(reference),
    anomalousShare: reference.total === 0 ? 0 : reference.atLeast(threshold) / reference.total,
  }
}
