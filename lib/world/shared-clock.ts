import { type Clock, systemClock, WorldClock } from '../clock.ts'
import { describeError } from '../lifecycle.ts'
import type { Logger } from '../logger.ts'
import { silentLogger } from '../logger.ts'
import { type Loop, startLoop } from '../loop.ts'
import type { Volume } from '../volume/volume.ts'
import { readWorldFile, type WorldFile } from './world-file.ts'

/**
 * - `auto`: world time as soon as there is a world, wall time before;
 * - `wall`: real transfers that arrive now;
 * - `data`: an imported log, whose present is its own end.
 */
export type ClockMode = 'auto' | 'wall' | 'data'

/** The one time of all services on a volume. */
export interface SharedClock extends Clock {
  readonly mode: ClockMode
  /** The world as last seen; undefined while there is none. */
  readonly world: WorldFile | undefined
  /** World seconds per wall second at present: 1 without a world, 0 when time stands still. */
  readonly speed: number
  /** Looks at the volume now. Fails like the volume does; the clock then goes on with what it knew. */
  refresh(): Promise<void>
  /** Refreshes once, then every `pollMs` until stopped. A failing volume is tried again, never fatal. */
  start(): Promise<void>
  stop(): Promise<void>
}

export interface SharedClockOptions {
  wall?: Clock
  /** How often the volume is looked at; must stay well below the 5 s by which the API dates changes ahead. */
  pollMs?: number
  logger?: Logger
}

/** Opens nothing: until `start` or `refresh` has been called it reads wall time. */
export function createSharedClock(volume: Volume, mode: ClockMode, options: SharedClockOptions = {}): SharedClock {
  return new VolumeClock(volume, mode, options)
}

class VolumeClock implements SharedClock {
  readonly mode: ClockMode
  readonly #volume: Volume
  readonly #wall: Clock
  readonly #pollMs: number
  readonly #logger: Logger
  #world: WorldFile | undefined
  #worldClock: WorldClock | undefined
  #loop: Loop | undefined
  #failing = false

  constructor(volume: Volume, mode: ClockMode, options: SharedClockOptions) {
    this.mode = mode
    this.#volume = volume
    this.#wall = options.wall ?? systemClock
    this.#pollMs = options.pollMs ?? 1000
    this.#logger = options.logger ?? silentLogger
  }

  get world(): WorldFile | undefined {
    return this.#world
  }

  get speed(): number {
    if (this.#world?.speed === 0) return 0
    return this.#worldClock?.speed ?? 1
  }

  now(): number {
    if (this.#world?.speed === 0) return this.#world.backfillUntil
    return (this.#worldClock ?? this.#wall).now()
  }

  monotonic(): number {
    return this.#wall.monotonic()
  }

  async refresh(): Promise<void> {
    if (this.mode === 'auto' && this.#world === undefined) await this.#lookForWorld()
  }

  async start(): Promise<void> {
    if (this.#loop !== undefined) return
    const turn = async (): Promise<number> => {
      await this.refresh()
      this.#failing = false
      return this.#pollMs
    }
    const failed = (error: unknown): number => {
      if (!this.#failing) this.#logger.warn('the shared clock cannot be read', { error: describeError(error) })
      this.#failing = true
      return this.#pollMs
    }
    await turn().catch(failed)
    this.#loop = startLoop(turn, failed)
  }

  async stop(): Promise<void> {
    await this.#loop?.stop()
    this.#loop = undefined
  }

  async #lookForWorld(): Promise<void> {
    const world = await readWorldFile(this.#volume)
    if (world === undefined) return
    if (world.speed > 0) this.#worldClock = new WorldClock(world, this.#wall)
    this.#world = world
  }
}
