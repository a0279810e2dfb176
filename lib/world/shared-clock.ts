import { type Clock, DataClock, systemClock, WorldClock } from '../clock.ts'
import { describeError } from '../lifecycle.ts'
import { streamEnd } from '../log/inventory.ts'
import type { Tailer } from '../log/log.ts'
import { createTailer } from '../log/tailer.ts'
import { type Logger, silentLogger } from '../logger.ts'
import { type Loop, startLoop } from '../loop.ts'
import { transferCodec } from '../record/codec.ts'
import { controlCodec } from '../streams/codecs.ts'
import type { ControlLine } from '../streams/control.ts'
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
  /** How often the volume is looked at. For `auto` well below the 5 s by which the API dates changes ahead: 1 s. */
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
  readonly #control: Tailer<ControlLine>
  #data: DataClock | undefined
  #world: WorldFile | undefined
  #worldClock: WorldClock | undefined
  /** The newest look: two polls of one reader must not overlap. */
  #refreshed: Promise<void> = Promise.resolve()
  #loop: Loop | undefined
  #failing = false

  constructor(volume: Volume, mode: ClockMode, options: SharedClockOptions) {
    this.mode = mode
    this.#volume = volume
    this.#wall = options.wall ?? systemClock
    this.#pollMs = options.pollMs ?? (mode === 'data' ? 10_000 : 1000)
    this.#logger = options.logger ?? silentLogger
    this.#control = createTailer({ volume, stream: 'control', writers: ['api'], codec: controlCodec })
  }

  get world(): WorldFile | undefined {
    return this.#world
  }

  get speed(): number {
    if (this.#data !== undefined || this.#world?.speed === 0) return 0
    return this.#worldClock?.speed ?? 1
  }

  now(): number {
    if (this.#data !== undefined) return this.#data.now()
    if (this.#world?.speed === 0) return this.#world.backfillUntil
    return (this.#worldClock ?? this.#wall).now()
  }

  monotonic(): number {
    return this.#wall.monotonic()
  }

  refresh(): Promise<void> {
    this.#refreshed = this.#refreshed.catch(() => {}).then(() => this.#look())
    return this.#refreshed
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

  async #lookForData(): Promise<void> {
    const end = await streamEnd(this.#volume, 'transfers', transferCodec)
    if (end === undefined) return
    if (this.#data === undefined) this.#data = new DataClock(end)
    else this.#data.observe(end)
  }

  /** Every change of speed since the creation, in order; faults in the same stream are not this clock's business. */
  async #readSpeeds(clock: WorldClock): Promise<void> {
    for (let caughtUp = false; !caughtUp; ) {
      const batch = await this.#control.poll()
      for (const { value } of batch.entries.toSorted((a, b) => a.seq - b.seq)) {
        if (value.type === 'speed') clock.observeSpeed({ fromWorld: value.effectiveAt, speed: value.speed })
      }
      caughtUp = batch.caughtUp
    }
  }

  async #look(): Promise<void> {
    if (this.mode === 'data') await this.#lookForData()
    if (this.mode !== 'auto') return
    const world = this.#world ?? (await readWorldFile(this.#volume))
    if (world === undefined) return
    if (world.speed > 0) {
      // Shown to others only with all changes of speed in it: time must not jump back and forth at a start.
      const clock = this.#worldClock ?? new WorldClock(world, this.#wall)
      await this.#readSpeeds(clock)
      this.#worldClock = clock
    }
    this.#world = world
  }
}
