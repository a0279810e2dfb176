import type { Matrix } from './matrix.ts'

export interface RingState {
  rows: Float32Array
  flagged: Uint8Array
  endedAt: Float64Array
  seen: number
}

/**
 * The last records that were accepted for training, newest replacing oldest: feature rows, whether each was flagged,
 * and when it ended. 4,096 rows of ten features are 200 KB.
 */
export class Ring {
  readonly columns: number
  readonly capacity: number
  #rows: Float32Array
  #flagged: Uint8Array
  #endedAt: Float64Array
  #seen = 0
  #flaggedCount = 0

  constructor(columns: number, capacity: number) {
    this.columns = columns
    this.capacity = capacity
    this.#rows = new Float32Array(columns * capacity)
    this.#flagged = new Uint8Array(capacity)
    this.#endedAt = new Float64Array(capacity)
  }

  static restore(columns: number, capacity: number, state: RingState): Ring {
    const ring = new Ring(columns, capacity)
    ring.#rows.set(state.rows)
    ring.#flagged.set(state.flagged)
    ring.#endedAt.set(state.endedAt)
    ring.#seen = state.seen
    ring.#flaggedCount = ring.#flagged.reduce((sum, flag) => sum + flag, 0)
    return ring
  }

  get length(): number {
    return Math.min(this.#seen, this.capacity)
  }

  /** Share of the rows that were flagged when they came. */
  get flaggedShare(): number {
    return this.length === 0 ? 0 : this.#flaggedCount / this.length
  }

  push(row: Float32Array, flagged: boolean, endedAt: number): void {
    const i = this.#seen % this.capacity
    this.#flaggedCount += Number(flagged) - (this.#flagged[i] as number)
    this.#rows.set(row, i * this.columns)
    this.#flagged[i] = Number(flagged)
    this.#endedAt[i] = endedAt
    this.#seen += 1
    if (this.#seen >= 2 * this.capacity) this.#seen -= this.capacity
  }

  /** The rows as they lie, without a copy: valid until the next push. Their order says nothing. */
  matrix(): Matrix {
    return { data: this.#rows.subarray(0, this.length * this.columns), rows: this.length, columns: this.columns }
  }

  /** Earliest and latest end among the rows. */
  period(): { from: number; to: number } {
    let from = Number.POSITIVE_INFINITY
    let to = Number.NEGATIVE_INFINITY
    for (let i = 0; i < this.length; i += 1) {
      from = Math.min(from, this.#endedAt[i] as number)
      to = Math.max(to, this.#endedAt[i] as number)
    }
    return { from, to }
  }

  save(): RingState {
    const { length } = this
    return {
      rows: this.#rows.slice(0, length * this.columns),
      flagged: this.#flagged.slice(0, length),
      endedAt: this.#endedAt.slice(0, length),
      seen: this.#seen,
    }
  }
}
