import type { Volume } from './volume.ts'

export interface Capacity {
  totalBytes: number
  availableBytes: number
}

/** The capacity is asked for at most this often, milliseconds. */
const EVERY_MS = 10_000

/**
 * The volume's capacity for those who must not wait: answers with what is known and asks anew in the background when
 * that has become old. Undefined before the first answer, and again once the volume does not answer.
 */
export class CapacityWatch {
  readonly #volume: Pick<Volume, 'capacity'>
  readonly #now: () => number
  #known: Capacity | undefined
  #askedAt = Number.NEGATIVE_INFINITY
  #asking = false

  constructor(volume: Pick<Volume, 'capacity'>, now: () => number = () => performance.now()) {
    this.#volume = volume
    this.#now = now
  }

  now(): Capacity | undefined {
    if (!this.#asking && this.#now() - this.#askedAt >= EVERY_MS) void this.#ask()
    return this.#known
  }

  async #ask(): Promise<void> {
    this.#asking = true
    this.#askedAt = this.#now()
    try {
      this.#known = await this.#volume.capacity()
    } catch {
      // Readiness says why; a size that is not known any more must not look like one that is.
      this.#known = undefined
    } finally {
      this.#asking = false
    }
  }
}
