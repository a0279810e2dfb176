/** Width of a bin: a size that is twice as large. */
const BIN = Math.LN2
/** 2^63 bytes is more than any file has. */
const BINS = 64
/** Weight of the newest value of a bin, once the bin has so many. */
const MEMORY = 200

export type SavedCurve = [bin: number, mean: number, count: number][]

/**
 * What the rate of a link usually is given the size of the file, as logarithms: setting up dominates small files, so a
 * rate means little without the size. Running means by power of two, joined by straight lines between the bins' middles.
 */
export class SizeCurve {
  readonly #mean = new Float64Array(BINS)
  readonly #count = new Float64Array(BINS)

  /** Undefined where nothing of that size has been seen. */
  at(sizeBytes: number): number | undefined {
    const place = Math.log(Math.max(1, sizeBytes)) / BIN - 0.5
    const low = Math.max(0, Math.min(BINS - 1, Math.floor(place)))
    const high = Math.min(BINS - 1, low + 1)
    const hasLow = (this.#count[low] as number) > 0
    const hasHigh = (this.#count[high] as number) > 0
    if (!hasLow && !hasHigh) return undefined
    const from = this.#mean[hasLow ? low : high] as number
    const to = this.#mean[hasHigh ? high : low] as number
    return from + (to - from) * Math.max(0, Math.min(1, place - low))
  }

  learn(sizeBytes: number, value: number): void {
    const bin = Math.min(BINS - 1, Math.floor(Math.log(Math.max(1, sizeBytes)) / BIN))
    const count = Math.min(MEMORY, (this.#count[bin] as number) + 1)
    this.#count[bin] = count
    const mean = this.#mean[bin] as number
    this.#mean[bin] = mean + (value - mean) / count
  }

  save(): SavedCurve {
    return [...this.#count.keys()]
      .filter((bin) => (this.#count[bin] as number) > 0)
      .map((bin) => [bin, this.#mean[bin] as number, this.#count[bin] as number])
  }

  restore(saved: SavedCurve): void {
    for (const [bin, mean, count] of saved) {
      this.#mean[bin] = mean
      this.#count[bin] = count
    }
  }
}
