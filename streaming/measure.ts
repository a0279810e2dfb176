import { Sketch } from '../lib/detect/sketch.ts'
import type { Measure } from '../lib/streams/windows.ts'

/** Sum, extremes and quantiles of one quantity in one window; plain parts of the same window can be merged. */
export class MeasureState {
  #sum = 0
  #min = Number.POSITIVE_INFINITY
  #max = 0
  #sketch = new Sketch()

  accept(value: number): void {
    this.#sketch.accept(value)
    this.#sum += value
    if (value < this.#min) this.#min = value
    if (value > this.#max) this.#max = value
  }

  merge(other: MeasureState): void {
    this.#sketch.merge(other.#sketch)
    this.#sum += other.#sum
    this.#min = Math.min(this.#min, other.#min)
    this.#max = Math.max(this.#max, other.#max)
  }

  /** Zeros when nothing was counted: JSON knows no infinity, and `count` says so. */
  toMeasure(): Measure {
    const count = this.#sketch.count
    const at = (rank: number) => this.#sketch.quantile(rank) ?? 0
    return {
      count,
      sum: this.#sum,
      min: count === 0 ? 0 : this.#min,
      max: this.#max,
      p50: at(0.5),
      p95: at(0.95),
      p99: at(0.99),
      sketch: this.#sketch.toText(),
    }
  }

  /** @throws RangeError when the sketch is not one */
  static from({ sum, min, max, sketch }: Pick<Measure, 'sum' | 'min' | 'max' | 'sketch'>): MeasureState {
    const state = new MeasureState()
    state.#sketch = Sketch.fromText(sketch)
    state.#sum = sum
    if (state.#sketch.count > 0) state.#min = min
    state.#max = max
    return state
  }
}
