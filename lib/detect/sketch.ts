import { DDSketch } from '@datadog/sketches-js'

/**
 * Quantiles of non-negative values that can be merged: a DDSketch (Masson, Rim, Lee, VLDB 2019), so a quantile that it
 * gives is within 1 % of a value of that rank, whatever the distribution and however many parts were merged.
 *
 * The library's own form for storage needs a package that it does not bring along; the text here lists the bins that are
 * not empty and gives back the very same sketch.
 */
export const RELATIVE_ERROR = 0.01

/** Most windows of a link see few transfers: so many values are kept as they are before bins pay. */
const FEW = 48

const { mapping } = new DDSketch({ relativeAccuracy: RELATIVE_ERROR })

export class Sketch {
  #few: number[] = []
  #bins: DDSketch | undefined
  #count = 0

  /** Values below about 1e-308 count as zero. @throws RangeError for NaN, infinite and negative values */
  accept(value: number): void {
    if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) throw new RangeError(`not a value for a sketch: ${value}`)
    this.#count += 1
    if (this.#bins !== undefined) this.#bins.accept(value)
    else if (this.#few.push(value) === FEW) this.#toBins()
  }

  get count(): number {
    return this.#count
  }

  /** The value at a rank 0...1, undefined while empty. */
  quantile(rank: number): number | undefined {
    if (this.#count === 0) return undefined
    return this.#toBins().getValueAtQuantile(rank)
  }

  merge(other: Sketch): void {
    if (other.#bins === undefined) {
      for (const value of other.#few) this.accept(value)
      return
    }
    addBins(this.#toBins(), other.#bins.zeroCount, filledBins(other.#bins))
    this.#count += other.#count
  }

  /** `<zeros>` and then, for each bin that is not empty, `<steps from the bin before>.<count>`: base 36, spaces between. */
  toText(): string {
    const bins = this.#bins ?? binned(this.#few)
    const parts = [bins.zeroCount.toString(36)]
    let before = 0
    for (const [key, count] of filledBins(bins)) {
      parts.push(`${(key - before).toString(36)}.${count.toString(36)}`)
      before = key
    }
    return parts.join(' ')
  }

  /** @throws RangeError when the text is not one that `toText` made */
  static fromText(text: string): Sketch {
    const [zeros = '', ...pairs] = text.split(' ')
    const bins: [number, number][] = []
    let key = 0
    for (const pair of pairs) {
      const [step = '', count = ''] = pair.split('.')
      key += parsePart(step, text)
      bins.push([key, parsePart(count, text)])
    }
    const sketch = new Sketch()
    const zeroCount = parsePart(zeros, text)
    // A bin below the first or above the last that doubles can reach would make the store as large as its key says.
    const within = bins.every(
      ([at, count], i) => count > 0 && at >= LOWEST && at <= HIGHEST && (i === 0 || at > (bins[i - 1]?.[0] ?? at)),
    )
    if (!within || zeroCount < 0) throw new RangeError(`not the text of a sketch: ${text.slice(0, 80)}`)
    addBins(sketch.#toBins(), zeroCount, bins)
    sketch.#count = zeroCount + bins.reduce((sum, [, count]) => sum + count, 0)
    return sketch
  }

  #toBins(): DDSketch {
    this.#bins ??= binned(this.#few)
    this.#few = []
    return this.#bins
  }
}

const LOWEST = mapping.key(Number.MIN_VALUE * 2 ** 52) - 1
const HIGHEST = mapping.key(Number.MAX_VALUE) + 1

function binned(values: readonly number[]): DDSketch {
  const bins = new DDSketch({ relativeAccuracy: RELATIVE_ERROR })
  for (const value of extremesFirst([...values].sort((a, b) => a - b))) bins.accept(value)
  return bins
}

/** The store of the bins moves all of them each time that a value is beyond those before it: this way twice at most. */
function extremesFirst<T>(ascending: readonly T[]): readonly T[] {
  const last = ascending.at(-1)
  return last === undefined ? ascending : [last, ...ascending.slice(0, -1)]
}

/** Ascending by key. */
function filledBins({ store }: DDSketch): [key: number, count: number][] {
  const filled: [number, number][] = []
  for (let i = 0; i < store.bins.length; i += 1) {
    const count = store.bins[i] ?? 0
    if (count > 0) filled.push([store.offset + i, count])
  }
  return filled
}

/** Bin by bin: the library's own merge loses the range when the other's highest bin has the key 0 (2.1.1). */
function addBins(target: DDSketch, zeroCount: number, bins: readonly (readonly [number, number])[]): void {
  target.zeroCount += zeroCount
  target.count += zeroCount
  for (const [key, count] of extremesFirst(bins)) {
    target.store.add(key, count)
    target.count += count
  }
}

function parsePart(part: string, text: string): number {
  const value = /^-?[0-9a-z]{1,11}$/.test(part) ? Number.parseInt(part, 36) : Number.NaN
  if (!Number.isSafeInteger(value)) throw new RangeError(`not the text of a sketch: ${text.slice(0, 80)}`)
  return value
}
