import type { TransferRecord } from '../lib/record/record.ts'

/** Newest transfers of a link that are looked at for overlap; a longer memory would cost time for a hardly better figure. */
const RECENT = 256

/** Weight of the newest attempt in the smoothed failure share. */
const FAILURE_WEIGHT = 1 / 16

/** Weight of the newest transfer in the usual share of lost packets. */
const LOSS_WEIGHT = 1 / 128

export interface LinkContextState {
  startedAt: Float64Array
  endedAt: Float64Array
  seen: number
  failureShare: number
  lost: number
  packets: number
}

/** What a transfer's surroundings say about it: how busy its link was, and how its link has been failing and losing packets. */
export class LinkContext {
  #startedAt = new Float64Array(RECENT)
  #endedAt = new Float64Array(RECENT)
  #seen = 0
  #failureShare = 0
  #lost = 0
  #packets = 0

  static restore(state: LinkContextState): LinkContext {
    const context = new LinkContext()
    context.#startedAt = Float64Array.from(state.startedAt)
    context.#endedAt = Float64Array.from(state.endedAt)
    context.#seen = state.seen
    context.#failureShare = state.failureShare
    context.#lost = state.lost
    context.#packets = state.packets
    return context
  }

  /** Smoothed share of attempts that failed, 0...1. One failed transfer that is retried counts less with every try. */
  get failureShare(): number {
    return this.#failureShare
  }

  /** Usual share of lost packets; undefined until some were counted. */
  get lossRatio(): number | undefined {
    return this.#packets > 0 ? Math.max(1e-8, this.#lost / this.#packets) : undefined
  }

  /**
   * Mean number of other transfers on the link while this one ran, as far as they had ended before it: those still
   * running are not in the log yet, so the figure is low for all alike.
   */
  concurrencyOf(record: Pick<TransferRecord, 'startedAt' | 'endedAt'>): number {
    const length = record.endedAt - record.startedAt
    let overlap = 0
    for (let back = 1; back <= Math.min(this.#seen, RECENT); back += 1) {
      const i = (this.#seen - back) % RECENT
      const from = Math.max(record.startedAt, this.#startedAt[i] as number)
      const to = Math.min(record.endedAt, this.#endedAt[i] as number)
      if (to > from) overlap += to - from
    }
    return length > 0 ? overlap / length : 0
  }

  observe(record: TransferRecord): void {
    const i = this.#seen % RECENT
    this.#startedAt[i] = record.startedAt
    this.#endedAt[i] = record.endedAt
    this.#seen += 1
    if (this.#seen >= 2 * RECENT) this.#seen -= RECENT
    const failed = record.status === 'ok' ? 0 : 1
    this.#failureShare += (FAILURE_WEIGHT / record.attempt) * (failed - this.#failureShare)
  }

  observeLoss(lost: number, packets: number): void {
    this.#lost += lost - LOSS_WEIGHT * this.#lost
    this.#packets += packets - LOSS_WEIGHT * this.#packets
  }

  save(): LinkContextState {
    return {
      startedAt: Float64Array.from(this.#startedAt),
      endedAt: Float64Array.from(this.#endedAt),
      seen: this.#seen,
      failureShare: this.#failureShare,
      lost: this.#lost,
      packets: this.#packets,
    }
  }
}
