import { DtmsError } from '../lib/errors.ts'
import type { Checkpoint, Positions, Tailer } from '../lib/log/log.ts'
import type { Logger } from '../lib/logger.ts'
import type { SiteName } from '../lib/names.ts'
import type { ControlLine } from '../lib/streams/control.ts'
import type { TruthLine } from '../lib/streams/truth.ts'
import type { SharedClock } from '../lib/world/shared-clock.ts'
import type { WorldFile } from '../lib/world/world-file.ts'
import type { Scenario } from '../simulator/scenario.ts'
import { createWorld, restoreWorld, type World, type WorldOutput, type WorldState } from '../simulator/world.ts'
import { isPaused, pauseOf } from './pauses.ts'
import { type HeldRequest, type Request, Requests, takeDue } from './requests.ts'
import { type RunningWorld, type SharedPast, SLICE_SECONDS } from './shared-past.ts'
import { emptyBatch, type Pause, type Resume, type Source, type SourceBatch, type SourceStatus } from './source.ts'

interface SavedWorld {
  world: WorldState
  /** Requests that were read and wait for their instant. */
  held: Request[]
}

export interface SimulatorSourceOptions {
  site: SiteName
  scenario: Scenario
  world: WorldFile
  clock: SharedClock
  logger: Logger
  /** Follows `control/` from these positions on. */
  followControl: (positions: Positions) => Tailer<ControlLine>
  /** The site's own truth as the log has it. */
  readTruth: () => Promise<readonly TruthLine[]>
  /** Given when several exporters of one process start the same world. */
  sharedPast?: SharedPast
  /** How long to wait when the world has caught up with the clock, milliseconds. */
  tickMs?: number
}

/** Requests are dated 5 wall seconds ahead; looking every second leaves room for a slow volume. */
const CONTROL_POLL_MS = 1000

/**
 * The simulated world as one site sees it: the whole world runs, the records of this site come out.
 *
 * The world is a function of `world.json` and `control/`. Three things are this process's own doing, and each is made
 * durable before anything follows from it: which requests it has taken in and when it took a late one (both saved with
 * the world, and in the truth), and during which time nobody recorded (`paused`, read back from `events/`).
 */
export class SimulatorSource implements Source {
  readonly kind = 'simulator'
  readonly #options: SimulatorSourceOptions
  readonly #tickMs: number
  #world: RunningWorld
  #requests: Requests | undefined
  #controlReadAt = -Infinity
  #pauses: Pause[] = []
  #newPause: Pause | undefined
  #lastLook: { world: number; monotonic: number; speed: number } | undefined

  constructor(options: SimulatorSourceOptions) {
    this.#options = options
    this.#tickMs = options.tickMs ?? 200
    this.#world = this.#newWorld(undefined)
  }

  async open(resume: Resume): Promise<void> {
    const { clock, world: file, followControl, readTruth } = this.#options
    const saved = resume.state as Checkpoint<SavedWorld> | undefined
    this.#world = this.#firstWorld(saved)
    this.#pauses = [...resume.pauses]
    const { transfers, events, truth } = resume.written
    const requests = new Requests({
      tailer: followControl(saved?.positions.get('control') ?? new Map()),
      held: saved?.state.held ?? [],
      truth: transfers + events + truth > 0 ? await readTruth() : [],
    })
    await requests.open()
    const aliveUntil = saved === undefined ? file.worldStart : this.#world.now
    const writtenUntil = await this.#findWrittenUntil(saved, resume, requests.known())
    requests.settle(writtenUntil)
    this.#requests = requests
    this.#controlReadAt = clock.monotonic()

    const pausedUntil = this.#pauses.map((pause) => pause.to)
    this.#newPause = pauseOf(Math.max(file.backfillUntil, aliveUntil, writtenUntil, ...pausedUntil), clock.now())
  }

  async next(): Promise<SourceBatch> {
    if (this.#newPause === undefined) this.#noticeLeap()
    if (this.#newPause !== undefined) return this.#beginPause(this.#newPause)

    const { clock } = this.#options
    const requests = this.#opened()
    if (clock.monotonic() - this.#controlReadAt >= CONTROL_POLL_MS) {
      await requests.read()
      this.#controlReadAt = clock.monotonic()
    }
    const due = requests.due(this.#world.now)
    if (due.length > 0) {
      for (const line of due) this.#apply(this.#world, line)
      return { ...emptyBatch(0), settle: 'saved' }
    }

    const present = clock.now()
    const target = Math.min(present, this.#world.now + SLICE_SECONDS, requests.nextAt ?? present)
    if (target <= this.#world.now) return emptyBatch(this.#tickMs)
    const batch = this.#ownPart(this.#world.runUntil(target))
    return { ...batch, waitMs: target < present ? 0 : this.#tickMs }
  }

  state(): Checkpoint<SavedWorld> {
    const requests = this.#opened()
    return {
      positions: new Map([['control', requests.positions()]]),
      state: { world: this.#world.save(), held: requests.held() },
    }
  }

  status(): SourceStatus {
    const { clock, world: file } = this.#options
    const past = file.backfillUntil - file.worldStart
    const lagSeconds = clock.now() - this.#world.now
    return {
      pastProgress: past <= 0 ? 1 : Math.min(1, Math.max(0, (this.#world.now - file.worldStart) / past)),
      lagSeconds: Math.max(0, lagSeconds),
      ...(lagSeconds < -60 ? { problem: `the clock is ${Math.round(-lagSeconds)} s behind the world` } : {}),
    }
  }

  async close(): Promise<void> {}

  #opened(): Requests {
    if (this.#requests === undefined) throw new DtmsError('internal.bug', 'the source is used before it is open')
    return this.#requests
  }

  /** A request that this world cannot carry out is passed over, by every exporter alike; it may be a hidden one. */
  #apply(world: RunningWorld, line: Request): void {
    try {
      world.apply(line)
    } catch (error) {
      if (!(error instanceof DtmsError)) throw error
      this.#options.logger.warn('a request for a fault is passed over', { code: error.code, event_id: `f-${line.seq}` })
    }
  }

  /** A process that was suspended, or whose wall clock was set on, sees world time leap ahead of the monotonic clock. */
  #noticeLeap(): void {
    const { clock } = this.#options
    const look = { world: clock.now(), monotonic: clock.monotonic(), speed: clock.speed }
    const last = this.#lastLook ?? look
    this.#lastLook = look
    const passed = ((look.monotonic - last.monotonic) / 1000) * Math.max(look.speed, last.speed)
    this.#newPause = pauseOf(last.world + passed, look.world) && { from: last.world, to: look.world }
  }

  #beginPause(pause: Pause): SourceBatch {
    this.#newPause = undefined
    this.#pauses.push(pause)
    return { ...emptyBatch(0), events: [{ type: 'paused', at: pause.to, ...pause }], settle: 'durable' }
  }

  #ownPart(output: WorldOutput): Pick<SourceBatch, 'transfers' | 'events' | 'truth'> {
    const { site } = this.#options
    const records = output.records.filter(
      (record) => record.transfer.site === site && !isPaused(this.#pauses, record.at),
    )
    return {
      transfers: records.map((record) => record.transfer),
      events: output.events.filter((event) => event.site === site).map((event) => event.entry),
      truth: output.truth.filter((line) => line.site === site).map((line) => line.entry),
    }
  }

  #firstWorld(saved: Checkpoint<SavedWorld> | undefined): RunningWorld {
    const { scenario, world: file, sharedPast } = this.#options
    if (saved === undefined && sharedPast !== undefined) {
      return sharedPast.join({ scenario, seed: file.seed, worldStart: file.worldStart })
    }
    sharedPast?.pass()
    return this.#newWorld(saved)
  }

  #newWorld(saved: Checkpoint<SavedWorld> | undefined): World {
    const { scenario, world: file } = this.#options
    return saved === undefined
      ? createWorld({ scenario, seed: file.seed, worldStart: file.worldStart })
      : restoreWorld({ scenario, seed: file.seed, state: saved.state.world })
  }

  /** The instant of the last entry that the log holds beyond the save, found by running a second world up to it. */
  async #findWrittenUntil(
    saved: Checkpoint<SavedWorld> | undefined,
    resume: Resume,
    requests: HeldRequest[],
  ): Promise<number> {
    const left = { ...resume.written }
    const scout = this.#newWorld(saved)
    // A log that holds more than this world would have made by now (the clock was set back) must not keep us for ever.
    const present = this.#options.clock.now()
    let until = -Infinity
    while (left.transfers + left.events + left.truth > 0 && scout.now < present) {
      for (const line of takeDue(requests, scout.now)) this.#apply(scout, line)
      const target = Math.min(scout.now + SLICE_SECONDS, requests[0]?.notBefore ?? Number.POSITIVE_INFINITY)
      until = Math.max(until, this.#consume(scout.runUntil(target), left))
      await new Promise((resolve) => setImmediate(resolve))
    }
    return until
  }

  /** Counts this site's entries down; answers the instant of the last one that was counted. */
  #consume(output: WorldOutput, left: { transfers: number; events: number; truth: number }): number {
    const own = (entry: { site: SiteName }): boolean => entry.site === this.#options.site
    const records = output.records.filter((record) => own(record.transfer) && !isPaused(this.#pauses, record.at))
    const counted = {
      transfers: records.slice(0, left.transfers).map((record) => record.at),
      events: output.events
        .filter(own)
        .slice(0, left.events)
        .map((event) => event.entry.at),
      truth: output.truth
        .filter(own)
        .slice(0, left.truth)
        .map((line) => line.entry.at),
    }
    left.transfers -= counted.transfers.length
    left.events -= counted.events.length
    left.truth -= counted.truth.length
    const instants = [...counted.transfers, ...counted.events, ...counted.truth]
    return instants.reduce((latest, at) => Math.max(latest, at), -Infinity)
  }
}
