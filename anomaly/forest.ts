import { createRandom, type Random } from '../lib/random.ts'
import { type Forest, type ForestEngine, SAMPLE_SIZE, TREES } from './engine.ts'
import type { Matrix } from './matrix.ts'
import { meanPathLength, scoreOfDepth } from './path-length.ts'
import { sortKey, sortKeysOf, writeSortKeys } from './sort-key.ts'

/**
 * The published isolation forest (Liu, Ting, Zhou, ICDM 2008; TKDD 2012), axis-parallel, with nothing added.
 *
 * Every tree takes exactly min(psi, n) different rows, splits only on features that are not constant in the node, sends
 * x < t to the left with t strictly above the node's minimum, and ends at height ceil(log2 psi). Tree number t draws
 * from a stream of its own, hash(seed, t), so it is the same tree however many are built and in whatever order.
 *
 * Trees lie in heap layout: node i has its children at 2i+1 and 2i+2, and every path is walked to the full height. A
 * leaf above the bottom sends everything to the left down to the bottom, so that the walk has no leaf test and no
 * unpredictable branch. `value` is the expected depth of the training rows that pass a node; at the bottom it is the
 * depth plus c(rows left), the path length itself.
 */
export interface StrictTrees {
  columns: number
  trees: number
  height: number
  /** Rows that each tree has seen: min(psi, n). */
  sampleSize: number
  /** Nodes of all trees, (2^(height+1) - 1) for each. */
  feature: Uint8Array
  threshold: Float32Array
  value: Float32Array
}

/** Features are numbered in one byte. */
export const MAX_COLUMNS = 256

export const strictEngine: ForestEngine = {
  name: 'strict',
  fit: (matrix, seed) => new StrictForest(growTrees(matrix, seed)),
}

export class StrictForest implements Forest {
  readonly engine = 'strict'
  readonly columns: number
  readonly trees: StrictTrees
  readonly #thresholdKeys: Int32Array
  readonly #usualDepth: number

  constructor(trees: StrictTrees) {
    this.trees = trees
    this.columns = trees.columns
    this.#thresholdKeys = sortKeysOf(trees.threshold)
    this.#usualDepth = meanPathLength(trees.sampleSize)
  }

  score(data: Float32Array, offset = 0): number {
    writeSortKeys(data, offset, rowKeys, this.columns)
    return scoreOfDepth(this.#sumOfDepths() / this.trees.trees, this.#usualDepth)
  }

  scoreAll(matrix: Matrix): Float64Array {
    const scores = new Float64Array(matrix.rows)
    for (let row = 0; row < matrix.rows; row += 1) scores[row] = this.score(matrix.data, row * matrix.columns)
    return scores
  }

  /** Mean depth of a row over the trees, before it becomes a score. */
  meanDepth(data: Float32Array, offset = 0): number {
    writeSortKeys(data, offset, rowKeys, this.columns)
    return this.#sumOfDepths() / this.trees.trees
  }

  /** Mean over the trees of the expected depth at the root: what a typical training row has. */
  expectedDepth(): number {
    const { trees, height, value } = this.trees
    const size = nodesOf(height)
    let sum = 0
    for (let root = 0; root < value.length; root += size) sum += value[root] as number
    return sum / trees
  }

  drops(data: Float32Array, offset = 0): Float64Array {
    const { columns, trees, height, feature, value } = this.trees
    const size = nodesOf(height)
    const drops = new Float64Array(columns)
    writeSortKeys(data, offset, rowKeys, this.columns)
    for (let root = 0; root < feature.length; root += size) {
      let at = root
      for (let level = 0; level < height; level += 1) {
        const column = feature[at] as number
        const right = (rowKeys[column] as number) >= (this.#thresholdKeys[at] as number)
        const child = 2 * at - root + (right ? 2 : 1)
        // Below a leaf the values repeat, so the walk to the bottom adds nothing.
        drops[column] = (drops[column] as number) + ((value[at] as number) - (value[child] as number))
        at = child
      }
    }
    for (let column = 0; column < columns; column += 1) drops[column] = (drops[column] as number) / trees
    return drops
  }

  #sumOfDepths(): number {
    const { height, feature, value } = this.trees
    const size = nodesOf(height)
    let sum = 0
    for (let root = 0; root < feature.length; root += AT_ONCE * size) {
      sum += depthsAt(root, size, height, feature, this.#thresholdKeys, value)
    }
    return sum
  }
}

/** Sort keys of the row that is scored, for all forests: a score is one synchronous call, and no column is out of range. */
const rowKeys = new Int32Array(MAX_COLUMNS)

/** Divides the number of trees. */
const AT_ONCE = 5

/**
 * The sum of the depths in the five trees from `root` on. They are walked side by side: each step waits for the one
 * before it, and independent chains fill the waiting. Node i has its children at 2i + 1 and 2i + 2; (x - t) >> 31 is -1
 * when x < t, else 0.
 */
function depthsAt(
  root: number,
  size: number,
  height: number,
  feature: Uint8Array,
  keys: Int32Array,
  value: Float32Array,
): number {
  const rootA = root | 0
  const rootB = (rootA + size) | 0
  const rootC = (rootB + size) | 0
  const rootD = (rootC + size) | 0
  const rootE = (rootD + size) | 0
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  let e = 0
  for (let level = 0; level < height; level += 1) {
    const atA = (rootA + a) | 0
    a = (2 * a + 2 + (((rowKeys[feature[atA] as number] as number) - (keys[atA] as number)) >> 31)) | 0
    const atB = (rootB + b) | 0
    b = (2 * b + 2 + (((rowKeys[feature[atB] as number] as number) - (keys[atB] as number)) >> 31)) | 0
    const atC = (rootC + c) | 0
    c = (2 * c + 2 + (((rowKeys[feature[atC] as number] as number) - (keys[atC] as number)) >> 31)) | 0
    const atD = (rootD + d) | 0
    d = (2 * d + 2 + (((rowKeys[feature[atD] as number] as number) - (keys[atD] as number)) >> 31)) | 0
    const atE = (rootE + e) | 0
    e = (2 * e + 2 + (((rowKeys[feature[atE] as number] as number) - (keys[atE] as number)) >> 31)) | 0
  }
  const ends = (value[rootA + a] as number) + (value[rootB + b] as number) + (value[rootC + c] as number)
  return ends + (value[rootD + d] as number) + (value[rootE + e] as number)
}

export function nodesOf(height: number): number {
  return 2 ** (height + 1) - 1
}

function growTrees(matrix: Matrix, seed: number): StrictTrees {
  if (matrix.rows < 2) throw new RangeError('a forest needs at least two rows')
  if (matrix.columns < 1 || matrix.columns > MAX_COLUMNS) throw new RangeError(`columns must be 1 to ${MAX_COLUMNS}`)
  const sampleSize = Math.min(SAMPLE_SIZE, matrix.rows)
  const height = Math.ceil(Math.log2(sampleSize))
  const size = nodesOf(height)
  const trees: StrictTrees = {
    columns: matrix.columns,
    trees: TREES,
    height,
    sampleSize,
    feature: new Uint8Array(TREES * size),
    threshold: new Float32Array(TREES * size).fill(Number.POSITIVE_INFINITY),
    value: new Float32Array(TREES * size),
  }
  const grower = new TreeGrower(matrix, trees)
  for (let tree = 0; tree < TREES; tree += 1) grower.grow(tree, createRandom(seed, 'grow', String(tree)))
  return trees
}

/** Builds one tree after the other in the same scratch arrays. */
class TreeGrower {
  readonly #matrix: Matrix
  readonly #keys: Int32Array
  readonly #trees: StrictTrees
  readonly #all: Uint32Array
  readonly #rows: Uint32Array
  readonly #columns: Uint8Array

  constructor(matrix: Matrix, trees: StrictTrees) {
    this.#matrix = matrix
    this.#keys = sortKeysOf(matrix.data)
    this.#trees = trees
    this.#all = new Uint32Array(matrix.rows)
    this.#rows = new Uint32Array(trees.sampleSize)
    this.#columns = new Uint8Array(matrix.columns)
  }

  grow(tree: number, random: Random): void {
    const root = tree * nodesOf(this.#trees.height)
    this.#sample(random)
    this.#split(root, 0, 0, 0, this.#rows.length, random)
  }

  /** The first sampleSize places of a Fisher-Yates shuffle that always starts from the same order. */
  #sample(random: Random): void {
    const all = this.#all
    for (let i = 0; i < all.length; i += 1) all[i] = i
    for (let i = 0; i < this.#rows.length; i += 1) {
      const j = i + random.int(all.length - i)
      const picked = all[j] as number
      all[j] = all[i] as number
      all[i] = picked
      this.#rows[i] = picked
    }
  }

  /** Splits rows[from, to) at the node; returns the expected depth of these rows. */
  #split(root: number, node: number, depth: number, from: number, to: number, random: Random): number {
    const { height, feature, threshold, value } = this.#trees
    const count = to - from
    if (depth < height && count > 1) {
      const column = this.#chooseColumn(from, to, random)
      if (column !== undefined) {
        const limit = this.#chooseThreshold(column, from, to, random)
        const middle = this.#partition(column, limit, from, to)
        feature[root + node] = column
        threshold[root + node] = limit
        const left = this.#split(root, 2 * node + 1, depth + 1, from, middle, random)
        const right = this.#split(root, 2 * node + 2, depth + 1, middle, to, random)
        const expected = (left * (middle - from) + right * (to - middle)) / count
        value[root + node] = expected
        return expected
      }
    }
    const length = depth + meanPathLength(count)
    for (let at = node, level = depth; ; at = 2 * at + 1, level += 1) {
      value[root + at] = length
      if (level === height) return length
    }
  }

  /** A feature that is not constant among these rows, each with the same chance; undefined when all are constant. */
  #chooseColumn(from: number, to: number, random: Random): number | undefined {
    const columns = this.#columns
    for (let i = 0; i < columns.length; i += 1) columns[i] = i
    for (let left = columns.length; left > 0; left -= 1) {
      const pick = random.int(left)
      const column = columns[pick] as number
      if (this.#varies(column, from, to)) return column
      columns[pick] = columns[left - 1] as number
    }
    return undefined
  }

  #varies(column: number, from: number, to: number): boolean {
    const first = this.#keyAt(from, column)
    for (let i = from + 1; i < to; i += 1) if (this.#keyAt(i, column) !== first) return true
    return false
  }

  /** Uniform over the range of these rows, and strictly above the minimum even after rounding. */
  #chooseThreshold(column: number, from: number, to: number, random: Random): number {
    let low = Number.POSITIVE_INFINITY
    let high = Number.NEGATIVE_INFINITY
    for (let i = from; i < to; i += 1) {
      const x = this.#matrix.data[this.#place(i, column)] as number
      if (x < low) low = x
      if (x > high) high = x
    }
    const limit = Math.fround(low + (high - low) * random.next())
    return sortKey(limit) > sortKey(low) ? limit : high
  }

  #partition(column: number, limit: number, from: number, to: number): number {
    const rows = this.#rows
    const limitKey = sortKey(limit)
    let left = from
    let right = to - 1
    while (left <= right) {
      if (this.#keyAt(left, column) < limitKey) left += 1
      else {
        const row = rows[left] as number
        rows[left] = rows[right] as number
        rows[right] = row
        right -= 1
      }
    }
    return left
  }

  #place(i: number, column: number): number {
    return (this.#rows[i] as number) * this.#matrix.columns + column
  }

  #keyAt(i: number, column: number): number {
    return this.#keys[this.#place(i, column)] as number
  }
}
