import type { SourceBatch, Written } from './source.ts'

/**
 * Throws away what the log has already: after a restart the source repeats everything since its saved state, and the
 * log says by its sequence numbers how many of those entries got through before the kill.
 */
export class AlreadyWritten {
  readonly #left: Written

  constructor(written: Written) {
    this.#left = { ...written }
  }

  get done(): boolean {
    return this.#left.transfers === 0 && this.#left.events === 0 && this.#left.truth === 0
  }

  /** The part of a batch that is new. `paused` events are never repeats: only this process made them. */
  strip(batch: SourceBatch): Pick<SourceBatch, 'transfers' | 'events' | 'truth'> {
    if (this.done) return batch
    const left = this.#left
    const transfers = batch.transfers.slice(left.transfers)
    left.transfers -= batch.transfers.length - transfers.length
    const truth = batch.truth.slice(left.truth)
    left.truth -= batch.truth.length - truth.length
    const events = batch.events.filter((event) => {
      if (event.type === 'paused' || left.events === 0) return true
      left.events -= 1
      return false
    })
    return { transfers, events, truth }
  }
}
