import { IsolationForest } from 'ml-isolation-forest'
import { createRandom, type Random } from '../lib/random.ts'
import { type Forest, type ForestEngine, SAMPLE_SIZE, TREES } from './engine.ts'
import type { Matrix } from './matrix.ts'
import { meanPathLength, scoreOfDepth } from './path-length.ts'

/**
 * The npm package `ml-isolation-forest` behind the same face, for those who want to compare (`DTMS_FOREST`).
 *
 * Version 0.1.0 as it comes never sub-samples, mis-computes c(n), draws constant columns, has no seed and cannot be
 * saved. So every tree is a model of its own on its own 256 seeded rows without the columns that are constant there, and
 * the depths are averaged here, with the right c(n). A second `train` of a model has no effect, so each is trained once.
 * It is several times slower than the `strict` engine and is fitted again after a restart.
 */
export const npmEngine: ForestEngine = {
  name: 'ml-isolation-forest',
  fit: (matrix, seed) => new NpmForest(matrix, seed),
}

interface NpmTree {
  model: IsolationForest
  /** Columns of the matrix that vary among the rows of this tree. */
  columns: number[]
  row: number[]
}

/** The package copies rows and recurses: more than this is refused rather than tried. */
const MAX_COLUMNS = 64

class NpmForest implements Forest {
  readonly engine = 'ml-isolation-forest'
  readonly columns: number
  readonly #sampleSize: number
  readonly #trees: NpmTree[] = []

  constructor(matrix: Matrix, seed: number) {
    if (matrix.rows < 2) throw new RangeError('a forest needs at least two rows')
    if (matrix.columns < 1 || matrix.columns > MAX_COLUMNS) throw new RangeError(`columns must be 1 to ${MAX_COLUMNS}`)
    this.columns = matrix.columns
    this.#sampleSize = Math.min(SAMPLE_SIZE, matrix.rows)
    for (let i = 0; i < TREES; i += 1) {
      const random = createRandom(seed, 'npm-tree', String(i))
      const tree = growTree(matrix, this.#sampleSize, random)
      if (tree !== undefined) this.#trees.push(tree)
    }
  }

  score(data: Float32Array, offset = 0): number {
    // Every column constant in every sample: all points are alike, and none is isolated sooner than another.
    if (this.#trees.length === 0) return 0.5
    let depths = 0
    for (const { model, columns, row } of this.#trees) {
      columns.forEach((column, i) => {
        row[i] = data[offset + column] as number
      })
      depths -= Math.log2(model.predict([row])[0] as number)
    }
    return scoreOfDepth(
      (depths / this.#trees.length) * packageMeanPathLength(this.#sampleSize),
      meanPathLength(this.#sampleSize),
    )
  }

  scoreAll(matrix: Matrix): Float64Array {
    const scores = new Float64Array(matrix.rows)
    for (let row = 0; row < matrix.rows; row += 1) scores[row] = this.score(matrix.data, row * matrix.columns)
    return scores
  }

  /** Its inner nodes do not know how many rows passed them. */
  drops(): undefined {
    return undefined
  }
}

function growTree(matrix: Matrix, sampleSize: number, random: Random): NpmTree | undefined {
  const picked = sample(matrix.rows, sampleSize, random)
  const at = (row: number, column: number): number => matrix.data[row * matrix.columns + column] as number
  const columns: number[] = []
  for (let column = 0; column < matrix.columns; column += 1) {
    const first = at(picked[0] as number, column)
    if (picked.some((row) => at(row, column) !== first)) columns.push(column)
  }
  if (columns.length === 0) return undefined
  const model = new IsolationForest({ nEstimators: 1 })
  const rows = picked.map((row) => columns.map((column) => at(row, column)))
  withSeededMath(random, () => model.train(rows))
  return { model, columns, row: new Array<number>(columns.length).fill(0) }
}

function sample(rows: number, count: number, random: Random): number[] {
  const all = Array.from({ length: rows }, (_, i) => i)
  for (let i = 0; i < count; i += 1) {
    const j = i + random.int(rows - i)
    const picked = all[j] as number
    all[j] = all[i] as number
    all[i] = picked
  }
  return all.slice(0, count)
}

/**
 * The package draws its splits from `Math.random` and takes no other source. It does so within one synchronous call, so
 * for the length of that call the global is exchanged; nothing else can run meanwhile.
 */
function withSeededMath(random: Random, work: () => void): void {
  const original = Math.random
  Math.random = () => random.next()
  try {
    work()
  } finally {
    Math.random = original
  }
}

/** c(n) as the package computes it: what its scores must be turned back into depths with. */
function packageMeanPathLength(n: number): number {
  if (n === 2) return 1
  return 2 * Math.log(n - 1) + 0.57721 - (2 * (n - 1)) / n
}
