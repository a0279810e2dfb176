import type { Logger } from '../../lib/logger.ts'

/** A cluster is away when nothing has been answered for this long after something failed, milliseconds. */
const GRACE_MS = 2000

/**
 * Whether the brokers answer, told from what succeeds and fails anyway; each change is said once. One dead broker of
 * several does not count: the others still answer.
 */
export class Reach {
  readonly #graceMs: number
  readonly #logger: Logger
  readonly #brokers: readonly string[]
  #connected = false
  #said = false
  #timer: NodeJS.Timeout | undefined

  constructor(logger: Logger, brokers: readonly string[], graceMs = GRACE_MS) {
    this.#graceMs = graceMs
    this.#logger = logger
    this.#brokers = brokers
  }

  get connected(): boolean {
    return this.#connected
  }

  answered(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#said) this.#logger.info('the Kafka brokers answer again', { brokers: this.#brokers })
    this.#said = false
    this.#connected = true
  }

  failed(message: string): void {
    if (this.#timer !== undefined || this.#said) return
    if (!this.#connected) {
      this.#say(message)
      return
    }
    this.#timer = setTimeout(() => this.#say(message), this.#graceMs)
    this.#timer.unref()
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#connected = false
  }

  #say(reason: string): void {
    this.#timer = undefined
    this.#connected = false
    this.#said = true
    this.#logger.warn('the Kafka brokers cannot be reached; trying until they can', { brokers: this.#brokers, reason })
  }
}
