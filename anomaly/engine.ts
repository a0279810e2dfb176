import type { Matrix } from './matrix.ts'

/** A fitted isolation forest, whichever engine made it. Scores are 0...1 and high is anomalous. */
export interface Forest {
  readonly engine: EngineName
  readonly columns: number
  /** Score of the row that begins at `offset` of `data`. No allocation. */
  score(data: Float32Array, offset?: number): number
  /** The same numbers, bit for bit, for all rows. */
  scoreAll(matrix: Matrix): Float64Array
  /**
   * For each feature the drop in expected depth that its splits caused along this row's paths, averaged over the trees
   * (positive: the feature made the row easier to isolate); undefined when the engine's trees do not tell.
   */
  drops(data: Float32Array, offset?: number): Float64Array | undefined
}

export interface ForestEngine {
  readonly name: EngineName
  /** Same matrix and seed, same forest, bit for bit. At least two rows. */
  fit(matrix: Matrix, seed: number): Forest
}

export const engineNames = ['strict', 'ml-isolation-forest'] as const
export type EngineName = (typeof engineNames)[number]

/** Trees of a forest, and rows each tree sees: the values of the paper, which every published figure uses. */
export const TREES = 100
export const SAMPLE_SIZE = 256
