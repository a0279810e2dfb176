/**
 * Time as services see it. `now` is world time in Unix seconds (it may run faster than the wall, and jumps when the
 * wall clock jumps); `monotonic` is milliseconds that only ever grow and is what deadlines and leases are measured in.
 */
export interface Clock {
  now(): number
  monotonic(): number
}

export const systemClock: Clock = {
  now: () => Date.now() / 1000,
  monotonic: () => performance.now(),
}

/** A clock that stands still until it is told otherwise: for simulations and tests. */
export class ManualClock implements Clock {
  #now: number
  #monotonic = 0

  constructor(now: number) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#monotonic
  }

  /** Moves both clocks on together. */
  advance(seconds: number): void {
    this.#now += seconds
    this.#monotonic += seconds * 1000
  }

  /** Moves the wall alone, as a time server or a hand does. */
  jumpTo(now: number): void {
    this.#now = now
  }
}

/** From this world instant on, the world runs at `speed` world seconds per wall second. */
export interface SpeedChange {
  fromWorld: number
  speed: number
}

/**
 * World time = worldStart + (wall - wallStart) * speed (docs/log-store.md, "One world in several processes").
 * Later speed changes hold from a world instant on, so every process that knows the same changes reads the same time.
 */
export class WorldClock implements Clock {
  readonly #wall: Clock
  /** Pieces of the map from wall to world, oldest first. */
  #pieces: { wall: number; world: number; speed: number }[]

  constructor(origin: { worldStart: number; wallStart: number; speed: number }, wall: Clock = systemClock) {
    this.#wall = wall
    this.#pieces = [{ wall: origin.wallStart, world: origin.worldStart, speed: origin.speed }]
  }

  /** Changes must be observed in the order in which they take effect; one from before the newest piece is ignored. */
  observeSpeed(change: SpeedChange): void {
    const last = this.#last()
    if (change.fromWorld < last.world || change.speed === last.speed) return
    const wall = last.wall + (change.fromWorld - last.world) / last.speed
    this.#pieces.push({ wall, world: change.fromWorld, speed: change.speed })
  }

  get speed(): number {
    const now = this.#wall.now()
    return this.#pieceAt(now).speed
  }

  now(): number {
    const wall = this.#wall.now()
    const piece = this.#pieceAt(wall)
    return piece.world + (wall - piece.wall) * piece.speed
  }

  monotonic(): number {
    return this.#wall.monotonic()
  }

  #pieceAt(wall: number): { wall: number; world: number; speed: number } {
    for (let i = this.#pieces.length - 1; i > 0; i -= 1) {
      const piece = this.#pieces[i]
      if (piece !== undefined && piece.wall <= wall) return piece
    }
    return this.#first()
  }

  #first(): { wall: number; world: number; speed: number } {
    return this.#pieces[0] as { wall: number; world: number; speed: number }
  }

  #last(): { wall: number; world: number; speed: number } {
    return this.#pieces.at(-1) as { wall: number; world: number; speed: number }
  }
}

/** For imported logs: the present is the end of the data, and it stands still. */
export class DataClock implements Clock {
  #end: number

  constructor(end: number) {
    this.#end = end
  }

  /** The data may still grow (a second import): its end only moves forward. */
  observe(endedAt: number): void {
    if (endedAt > this.#end) this.#end = endedAt
  }

  now(): number {
    return this.#end
  }

  monotonic(): number {
    return performance.now()
  }
}
