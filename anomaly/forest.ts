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
  readonly #row: Int32Array

  constructor(trees: StrictTrees) {
    this.trees = trees
    this.columns = trees.columns
    this.#thresholdKeys = sortKeysOf(trees.threshold)
    this.#row = new Int32Array(trees.columns)
  }

  score(data: Float32Array, offset = 0): number {
    writeSortKeys(data, offset, this.#row)
    return scoreOfDepth(this.#sumOfDepths() / this.trees.trees, this.trees.sampleSize)
  }

  scoreAll(matrix: Matrix): Float64Array {
    const scores = new Float64Array(matrix.rows)
    for (let row = 0; row < matrix.rows; row += 1) scores[row] = this.score(matrix.data, row * matrix.columns)
    return scores
  }

  /** Mean depth of a row over the trees, before it becomes a score. */
  meanDepth(data: Float32Array, offset = 0): number {
    writeSortKeys(data, offset, this.#row)
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
    writeSortKeys(data, offset, this.#row)
    for (let root = 0; root < feature.length; root += size) {
      let at = root
      for (let level = 0; level < height; level += 1) {
        const column = feature[at] as number
        const right = (this.#row[column] as number) >= (this.#thresholdKeys[at] as number)
        const child = 2 * at - root + (right ? 2 : 1)
        // Below a leaf the values repeat, so the walk to the bottom adds nothing.
        drops[column] = (drops[column] as number) + ((value[at] as number) - (value[child] as number))
        at = child
      }
    }
    for (let column = 0; column < columns; column += 1) drops[column] = (drops[column] as number) / trees
    return drops
  }

  /**
   * Four trees are walked side by side: each step waits for the one before it, and four independent chains fill the
   * waiting. Node i of the tree whose root is at r has its children at 2i - r + 1 and 2i - r + 2; (x - t) >> 31 is -1
   * when x < t, else 0.
   */
  #sumOfDepths(): number {
    const { height, feature, value } = this.trees
    const keys = this.#thresholdKeys
    const row = this.#row
    const size = nodesOf(height)
    let sum = 0
    for (let root = 0; root < feature.length; root += 4 * size) {
      const toA = (2 - root) | 0
      const toB = (toA - size) | 0
      const toC = (toB - size) | 0
      const toD = (toC - size) | 0
      let a = root | 0
      let b = (a + size) | 0
      let c = (b + size) | 0
      let d = (c + size) | 0
      for (let level = 0; level < height; level += 1) {
        a = (2 * a + toA + (((row[feature[a] as number] as number) - (keys[a] as number)) >> 31)) | 0
        b = (2 * b + toB + (((row[feature[b] as number] as number) - (keys[b] as number)) >> 31)) | 0
        c = (2 * c + toC + (((row[feature[c] as number] as number) - (keys[c] as number)) >> 31)) | 0
        d = (2 * d + toD + (((row[feature[d] as number] as number) - (keys[d] as number)) >> 31)) | 0
      }
      sum += (value[a] as number) + (value[b] as number) + (value[c] as number) + (value[d] as number)
    }
    return sum
  }
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
