import { describeError } from '../lib/lifecycle.ts'
import type { Logger } from '../lib/logger.ts'
import type { Bus, SubscribeOptions, Subscription } from './bus.ts'

export interface MembershipOptions {
  bus: Pick<Bus, 'subscribe'>
  logger: Logger
  /** Makes what is missing and says which topics to read. Fails while the bus is away. */
  topics: () => Promise<readonly string[]>
  handlers: Omit<SubscribeOptions, 'topics'>
  onRejoin: () => void
  /** Pause after a failure: doubles from the first to the last of these, milliseconds. */
  pauses?: { firstMs: number; lastMs: number }
}

const usualPauses = { firstMs: 250, lastMs: 8000 }

/** A membership that has lasted this long was not broken from the start, milliseconds. */
const HEALTHY_LIFE_MS = 30_000

/** Keeps this process in its group: joins, waits with growing pauses while there is no bus, and joins anew on request. */
export class Membership {
  readonly #options: MembershipOptions
  #subscription: Subscription | undefined
  #problem: string | undefined = 'starting'
  #stopping = false
  #running: Promise<void> | undefined
  #wake: () => void = () => {}

  constructor(options: MembershipOptions) {
    this.#options = options
  }

  get subscription(): Subscription | undefined {
    return this.#subscription
  }

  /** Why there is no subscription; undefined when there is one. */
  get problem(): string | undefined {
    return this.#problem
  }

  /** Returns at once: whether there is a bus is a matter of readiness. */
  start(): void {
    this.#running ??= this.#run()
  }

  /** Leaves the group and joins it again: every partition is restored from what was saved. */
  rejoin(): void {
    this.#wake()
  }

  /** Takes no more, lets every partition be saved, leaves the group. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#wake()
    await this.#running
  }

  async #run(): Promise<void> {
    const { logger, bus, topics, handlers, onRejoin } = this.#options
    const { firstMs, lastMs } = this.#options.pauses ?? usualPauses
    let pauseMs = firstMs
    for (let isFirst = true; !this.#stopping; isFirst = false) {
      if (!isFirst) await this.#sleep(pauseMs)
      if (this.#stopping) return
      const joinedAt = performance.now()
      const asked = new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      try {
        this.#subscription = await bus.subscribe({ ...handlers, topics: await topics() })
        if (pauseMs > firstMs) logger.info('the bus is back')
        this.#problem = undefined
        if (!this.#stopping) await asked
        if (!this.#stopping) onRejoin()
      } catch (error) {
        if (this.#problem === undefined || pauseMs === firstMs)
          logger.warn('the bus cannot be reached; trying again', { error: describeError(error) })
        this.#problem = error instanceof Error ? error.message : String(error)
      }
      await this.#leave()
      pauseMs = performance.now() - joinedAt > HEALTHY_LIFE_MS ? firstMs : Math.min(lastMs, 2 * pauseMs)
    }
  }

  async #leave(): Promise<void> {
    this.#problem ??= 'joining anew'
    try {
      await this.#subscription?.close()
    } catch (error) {
      this.#options.logger.warn('leaving the group failed', { error: describeError(error) })
    }
    // Not before: what is saved in closing is still committed.
    this.#subscription = undefined
  }

  #sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
