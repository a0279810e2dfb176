import { Baseline, type BaselineState, type Estimate, estimateOf } from './baseline.ts'

export interface CurveShape {
  /** Width of a bin, in the unit of x. */
  width: number
  capacity: number
  floor: number
}

export interface CurveState {
  bins: [number, BaselineState][]
}

/**
 * What is usual as a function of one number: medians in bins, joined by straight lines between the bins' middles. For
 * the rate of a transfer given its size there is no formula that holds for every storage; medians need none.
 */
export class Curve {
  readonly #shape: CurveShape
  readonly #bins = new Map<number, Baseline>()

  constructor(shape: CurveShape) {
    this.#shape = shape
  }

  static restore(shape: CurveShape, state: CurveState): Curve {
    const curve = new Curve(shape)
    for (const [bin, baseline] of state.bins)
      curve.#bins.set(bin, Baseline.restore(shape.capacity, shape.floor, baseline))
    return curve
  }

  bin(index: number): Baseline | undefined {
    return this.#bins.get(index)
  }

  learn(x: number, value: number): void {
    const index = Math.floor(x / this.#shape.width)
    let bin = this.#bins.get(index)
    if (bin === undefined) {
      bin = new Baseline(this.#shape.capacity, this.#shape.floor)
      this.#bins.set(index, bin)
    }
    bin.learn(value)
  }

  /** Moves every bin by so many of its own standard deviations. */
  shift(deviations: number): void {
    for (const bin of this.#bins.values()) bin.shift(deviations * (bin.own()?.scale ?? 0))
  }

  save(): CurveState {
    return { bins: [...this.#bins].sort(([a], [b]) => a - b).map(([index, bin]) => [index, bin.save()]) }
  }
}

/** What is usual at x by the chain of curves (link first, everything last); undefined when none knows the place. */
export function estimateAt(chain: readonly Curve[], width: number, x: number): Estimate | undefined {
  const place = x / width - 0.5
  const low = Math.floor(place)
  const left = estimateOf(chain.map((curve) => curve.bin(low)))
  const right = estimateOf(chain.map((curve) => curve.bin(low + 1)))
  if (left === undefined || right === undefined) return left ?? right
  const part = place - low
  return {
    center: left.center + (right.center - left.center) * part,
    scale: left.scale + (right.scale - left.scale) * part,
  }
}
