import { MAD_TO_SD } from '../stats/robust.ts'
import type { SlidingReference } from './sliding-reference.ts'

const NONE = 0

/**
 * Median and median absolute deviation (times 1.4826) of a sliding window: half of the values may be wild. A treap
 * (Seidel and Aragon, "Randomized search trees", Algorithmica 16, 1996) that knows the size of every subtree, in typed
 * arrays: adding, removing and the median take O(log n), the deviation O(log^2 n). Both depend on the values alone and
 * never on the shape of the tree.
 */
export class SlidingMedian implements SlidingReference {
  readonly #value: Float64Array
  readonly #left: Int32Array
  readonly #right: Int32Array
  readonly #size: Int32Array
  readonly #priority: Uint32Array
  /** Nodes that are not in the tree, a stack. Node 0 is nobody. */
  readonly #free: Int32Array
  #freeCount: number
  #root = NONE
  #random = 0x9e37_79b9
  /** Second result of #split. */
  #high = NONE
  /** Where the last search for the deviation ended. */
  #place = 0
  readonly worn = false

  /** Holds up to `most` values. */
  constructor(most: number) {
    this.#value = new Float64Array(most + 1)
    this.#left = new Int32Array(most + 1)
    this.#right = new Int32Array(most + 1)
    this.#size = new Int32Array(most + 1)
    this.#priority = new Uint32Array(most + 1)
    this.#free = Int32Array.from({ length: most }, (_, i) => most - i)
    this.#freeCount = most
  }

  get count(): number {
    return this.#size[this.#root] as number
  }

  get center(): number {
    const { count } = this
    return this.#middle(this.#select((count - 1) >> 1), this.#select(count >> 1))
  }

  get scale(): number {
    const { count, center } = this
    const low = this.#deviation(center, (count - 1) >> 1)
    const high = count % 2 === 1 ? low : this.#deviation(center, count >> 1)
    return MAD_TO_SD * this.#middle(low, high)
  }

  add(value: number): void {
    this.#freeCount -= 1
    const node = this.#free[this.#freeCount] as number
    this.#value[node] = value
    this.#left[node] = NONE
    this.#right[node] = NONE
    this.#size[node] = 1
    this.#priority[node] = this.#draw()
    this.#root = this.#insert(this.#root, node)
  }

  remove(value: number): void {
    this.#root = this.#delete(this.#root, value)
  }

  renew(values: ArrayLike<number>, count: number): void {
    while (this.#root !== NONE) this.remove(this.#value[this.#root] as number)
    for (let i = 0; i < count; i += 1) this.add(values[i] as number)
  }

  #middle(low: number, high: number): number {
    return low + (high - low) / 2
  }

  /** xorshift32 (Marsaglia, "Xorshift RNGs", J. Stat. Softw. 8, 2003). */
  #draw(): number {
    let x = this.#random
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#random = x >>> 0
    return this.#random
  }

  #select(rank: number): number {
    let node = this.#root
    let wanted = rank
    for (;;) {
      const left = this.#left[node] as number
      const before = this.#size[left] as number
      if (wanted === before) return this.#value[node] as number
      if (wanted < before) node = left
      else {
        wanted -= before + 1
        node = this.#right[node] as number
      }
    }
  }

  /**
   * The distance from `center` with `rank` smaller ones: among the values by rank, those nearest to the centre are a run
   * i ... i + rank, and the run that reaches least far is where the left end stops being farther away than what follows
   * the right end. That place hardly moves from one value to the next, so it is looked for from where it was.
   */
  #deviation(center: number, rank: number): number {
    const last = this.count - 1 - rank
    let low = 0
    let high = last
    let step = 1
    let place = Math.min(this.#place, last)
    while (low < high) {
      if (place < high && center - this.#select(place) > this.#select(place + rank + 1) - center) {
        low = place + 1
        place = Math.min(high - 1, place + step)
      } else {
        high = place
        place = Math.max(low, place - step)
      }
      step *= 2
      if (step > high - low) place = (low + high) >>> 1
    }
    this.#place = low
    return Math.max(center - this.#select(low), this.#select(low + rank) - center)
  }

  #insert(root: number, node: number): number {
    if (root === NONE) return node
    const value = this.#value[node] as number
    if ((this.#priority[node] as number) > (this.#priority[root] as number)) {
      this.#left[node] = this.#split(root, value)
      this.#right[node] = this.#high
      return this.#sized(node)
    }
    if (value < (this.#value[root] as number)) this.#left[root] = this.#insert(this.#left[root] as number, node)
    else this.#right[root] = this.#insert(this.#right[root] as number, node)
    return this.#sized(root)
  }

  /** Returns the subtree of what is at most `value`; the rest is in #high. */
  #split(root: number, value: number): number {
    if (root === NONE) {
      this.#high = NONE
      return NONE
    }
    if ((this.#value[root] as number) <= value) {
      this.#right[root] = this.#split(this.#right[root] as number, value)
      return this.#sized(root)
    }
    const low = this.#split(this.#left[root] as number, value)
    this.#left[root] = this.#high
    this.#high = this.#sized(root)
    return low
  }

  /** Without one node of this value, which must be there. */
  #delete(root: number, value: number): number {
    if (root === NONE) return NONE
    const here = this.#value[root] as number
    if (value === here) {
      this.#free[this.#freeCount] = root
      this.#freeCount += 1
      return this.#merge(this.#left[root] as number, this.#right[root] as number)
    }
    if (value < here) this.#left[root] = this.#delete(this.#left[root] as number, value)
    else this.#right[root] = this.#delete(this.#right[root] as number, value)
    return this.#sized(root)
  }

  #merge(low: number, high: number): number {
    if (low === NONE) return high
    if (high === NONE) return low
    if ((this.#priority[low] as number) > (this.#priority[high] as number)) {
      this.#right[low] = this.#merge(this.#right[low] as number, high)
      return this.#sized(low)
    }
    this.#left[high] = this.#merge(low, this.#left[high] as number)
    return this.#sized(high)
  }

  #sized(node: number): number {
    const left = this.#size[this.#left[node] as number] as number
    this.#size[node] = 1 + left + (this.#size[this.#right[node] as number] as number)
    return node
  }
}
