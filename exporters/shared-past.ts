import type { FaultCancel, FaultRequest } from '../lib/streams/control.ts'
import {
  createWorld,
  restoreWorld,
  type World,
  type WorldOptions,
  type WorldOutput,
  type WorldState,
} from '../simulator/world.ts'

/** What a source needs of a world. */
export type RunningWorld = Pick<World, 'now' | 'runUntil' | 'apply' | 'save'>

/** World seconds of one step: a few milliseconds of work, so that the event loop stays free while the past is made. */
export const SLICE_SECONDS = 900

/** World instants are whole milliseconds; sums of seconds are equal only to a hair. */
const HAIR = 1e-4

/** A step of the common run and the world behind it. */
interface Slice {
  output: WorldOutput
  state: WorldState
}

/**
 * The beginning of a world, run once for all exporters of a process. Each of them needs the whole world; as long as they
 * start from the same nothing and step alike, the second and the third get the steps of the first. One that does
 * anything of its own (takes in a request, makes a step of another size) goes on with a world of its own from there.
 */
export class SharedPast {
  /** Exporters that may still ask for the first steps. */
  #expected: number
  readonly #sharing = new Set<SharingWorld>()
  #common: { world: World; first: WorldState } | undefined
  /** Steps that somebody has yet to get; the first is number `#dropped`. */
  readonly #slices: Slice[] = []
  #dropped = 0

  constructor(exporters: number) {
    this.#expected = exporters
  }

  /** A world at its beginning; the options are the same for all who join. */
  join(options: WorldOptions): RunningWorld {
    if (this.#common === undefined) {
      const world = createWorld(options)
      this.#common = { world, first: world.save() }
    }
    const world = new SharingWorld(this, options, this.#common.first)
    this.#sharing.add(world)
    this.pass()
    return world
  }

  /** One exporter less that would come: it starts from a saved state. */
  pass(): void {
    this.#expected -= 1
    this.forget()
  }

  leave(world: SharingWorld): void {
    this.#sharing.delete(world)
    this.forget()
  }

  /** Step number `index`, run if nobody has asked for it before. */
  slice(index: number): Slice {
    const found = this.#slices[index - this.#dropped]
    if (found !== undefined) return found
    const { world } = this.#common as { world: World }
    const slice = { output: world.runUntil(world.now + SLICE_SECONDS), state: world.save() }
    this.#slices.push(slice)
    return slice
  }

  /** Lets go of what everybody has had. */
  forget(): void {
    if (this.#expected > 0) return
    const taken = [...this.#sharing].map((world) => world.taken)
    const needless = Math.min(this.#dropped + this.#slices.length, ...taken) - this.#dropped
    this.#slices.splice(0, needless)
    this.#dropped += needless
  }

  /** Steps held in memory. */
  get held(): number {
    return this.#slices.length
  }
}

/** One exporter's view of the common run, until it goes its own way. */
class SharingWorld implements RunningWorld {
  readonly #past: SharedPast
  readonly #options: WorldOptions
  #state: WorldState
  #own: World | undefined
  /** Steps taken of the common run. */
  taken = 0

  constructor(past: SharedPast, options: WorldOptions, first: WorldState) {
    this.#past = past
    this.#options = options
    this.#state = first
  }

  get now(): number {
    return this.#own?.now ?? this.#state.nowMs / 1000
  }

  runUntil(t: number): WorldOutput {
    if (this.#own !== undefined || Math.abs(t - this.now - SLICE_SECONDS) > HAIR) return this.#goOwnWay().runUntil(t)
    const { output, state } = this.#past.slice(this.taken)
    this.taken += 1
    this.#state = state
    this.#past.forget()
    return output
  }

  apply(line: FaultRequest | FaultCancel): void {
    this.#goOwnWay().apply(line)
  }

  save(): WorldState {
    return this.#own?.save() ?? this.#state
  }

  #goOwnWay(): World {
    if (this.#own !== undefined) return this.#own
    const { scenario, seed } = this.#options
    // A copy: several worlds may start from this very state.
    this.#own = restoreWorld({ scenario, seed, state: structuredClone(this.#state) })
    this.#past.leave(this)
    return this.#own
  }
}
