import { DtmsError } from '../lib/errors.ts'
import type { Scope, SiteName } from '../lib/names.ts'
import type { FaultCancel, FaultRequest } from '../lib/streams/control.ts'
import type { Entry } from '../lib/streams/envelope.ts'
import type { MaintenanceEvent } from '../lib/streams/events.ts'
import type { TruthLine } from '../lib/streams/truth.ts'
import { drive } from './drive.ts'
import { Engine, type EngineState } from './engine.ts'
import { type FaultEntry, FaultSchedule, type FaultTurn } from './fault-schedule.ts'
import { MAX_OPEN_FAULTS } from './faults/catalogue.ts'
import type { EmittedRecord, FaultKind } from './faults/fault.ts'
import { faults } from './faults/faults.ts'
import { createModel, type Model } from './model.ts'
import { type Scenario, scenarioHash } from './scenario.ts'
import { scopeType } from './scenario-checks.ts'
import { type Before, recorders, resumeEngine, type WitnessFigures, witnessFigures } from './witness.ts'

const STATE_VERSION = 1

/** Everything of a world that cannot be derived from scenario and seed: plain JSON data. */
export interface WorldState {
  v: number
  scenarioSha256: string
  seed: number
  worldStart: number
  nowMs: number
  /** seq of the newest control line that was applied. */
  controlSeq: number
  engine: EngineState
  faults: FaultEntry[]
  /** For the witness of every fault that is not over: the world before it. */
  before: [faultId: string, Before][]
}

/** Everything that came to pass in (old now, t], each list in order. */
export interface WorldOutput {
  /** `at`: when the exporter may write it; its end, or later when the exporter was frozen. */
  records: EmittedRecord[]
  events: { site: SiteName; entry: Entry<MaintenanceEvent> }[]
  truth: { site: SiteName; entry: Entry<TruthLine> }[]
}

export interface WorldOptions {
  scenario: Scenario
  seed: number
  /** World instant at which it begins, Unix seconds. */
  worldStart: number
}

/** A new world, at its beginning: idle, nothing under way. */
export function createWorld(options: WorldOptions): World {
  const worldStart = toMs(options.worldStart) / 1000
  return new World(options.scenario, {
    v: STATE_VERSION,
    scenarioSha256: scenarioHash(options.scenario),
    seed: options.seed,
    worldStart,
    nowMs: toMs(worldStart),
    controlSeq: 0,
    engine: new Engine(createModel(options.scenario, options.seed), { atMs: toMs(worldStart) }).save(),
    faults: plannedFaults(options.scenario, toMs(worldStart)),
    before: [],
  })
}

/**
 * A world that goes on where `save` left it, byte for byte.
 * @throws DtmsError `world.mismatch` when the state belongs to another scenario or seed, `world.invalid` when this
 *   release cannot read it
 */
export function restoreWorld(options: { scenario: Scenario; seed: number; state: WorldState }): World {
  const { scenario, seed, state } = options
  if (state.v !== STATE_VERSION)
    throw new DtmsError(
      'world.invalid',
      `the saved world has version ${state.v}, this release reads ${STATE_VERSION}`,
      {
        hint: 'start it with the release that wrote it, or with an empty data directory',
      },
    )
  if (state.seed !== seed || state.scenarioSha256 !== scenarioHash(scenario))
    throw new DtmsError('world.mismatch', 'the saved world was made from another scenario or seed', {
      hint: 'give the scenario and seed of world.json, or another data directory',
    })
  return new World(scenario, state)
}

/**
 * The world: sites that send files to each other, run on a virtual clock.
 *
 * The same scenario, seed and control lines give the same output, in steps of any size, in one process or in many:
 * chance comes from named streams, events are totally ordered, and nothing here knows what time it really is.
 */
export class World {
  readonly #model: Model
  readonly #engine: Engine
  readonly #schedule: FaultSchedule
  readonly #before: Map<string, Before>
  readonly #head: Pick<WorldState, 'v' | 'scenarioSha256' | 'seed' | 'worldStart'>
  #nowMs: number
  #controlSeq: number

  /** Use `createWorld` or `restoreWorld`. */
  constructor(scenario: Scenario, state: WorldState) {
    const { v, scenarioSha256, seed, worldStart } = state
    this.#head = { v, scenarioSha256, seed, worldStart }
    this.#model = createModel(scenario, seed)
    this.#schedule = new FaultSchedule(state.faults)
    this.#engine = resumeEngine(this.#model, state.engine, this.#schedule)
    this.#before = new Map(state.before)
    this.#nowMs = state.nowMs
    this.#controlSeq = state.controlSeq
  }

  /** Unix seconds, whole milliseconds. */
  get now(): number {
    return this.#nowMs / 1000
  }

  /** seq of the newest control line that was applied; lines up to it are ignored. */
  get controlSeq(): number {
    return this.#controlSeq
  }

  /** Lets the world go on up to and including `t`. An instant in the past changes nothing. */
  runUntil(t: number): WorldOutput {
    const output: WorldOutput = { records: [], events: [], truth: [] }
    const endMs = toMs(t)
    if (endMs <= this.#nowMs) return output
    drive(this.#engine, this.#schedule, endMs, (turn) => this.#tell(turn, output))
    output.events = announcements(this.#model.scenario, toMs(this.#head.worldStart), this.#nowMs, endMs)
    output.records = this.#engine.take()
    this.#nowMs = endMs
    return output
  }

  /**
   * Plans or ends a fault. An instant that is not in the future any more holds from the next millisecond on. A line
   * that was applied before is ignored, and so is a fault that would be over already.
   * @throws DtmsError `fault.unknown` for a kind or scope that this world does not have
   */
  apply(line: FaultRequest | FaultCancel): void {
    if (line.seq <= this.#controlSeq) return
    if (line.type === 'fault') this.#plan(line)
    else this.#schedule.cancel(`f-${line.fault}`, Math.max(toMs(line.effectiveAt), this.#nowMs + 1))
    this.#controlSeq = line.seq
  }

  save(): WorldState {
    return {
      ...this.#head,
      nowMs: this.#nowMs,
      controlSeq: this.#controlSeq,
      engine: this.#engine.save(),
      faults: this.#schedule.save(),
      before: [...this.#before],
    }
  }

  #plan(line: FaultRequest): void {
    checkFault(line.kind, line.scope, this.#model.scenario.sites)
    const plannedStartMs = toMs(line.effectiveAt)
    const plannedEndMs = plannedStartMs + Math.round(line.durationSeconds * 1000)
    const startMs = Math.max(plannedStartMs, this.#nowMs + 1)
    if (plannedEndMs <= startMs) return
    this.#schedule.add({
      id: `f-${line.seq}`,
      order: LIVE_FAULTS_FROM + line.seq,
      kind: line.kind,
      scope: line.scope,
      severity: line.severity,
      plannedStartMs,
      plannedEndMs,
      startMs,
      endMs: plannedEndMs,
      state: 'planned',
    })
  }

  #tell(turn: FaultTurn, output: WorldOutput): void {
    const { fault } = turn
    const kind = faults.get(fault.kind)
    if (kind === undefined || turn.type === 'step') return
    if (turn.type === 'start' && this.#before.size < MAX_OPEN_FAULTS)
      this.#before.set(fault.id, { engine: this.#engine.save(), faults: [...this.#schedule.states()] })
    if (turn.type !== 'witness') {
      for (const site of recorders(this.#model, kind, fault)) output.truth.push({ site, entry: truthOf(turn, kind) })
      return
    }
    const before = this.#before.get(fault.id)
    if (before === undefined) return
    this.#before.delete(fault.id)
    for (const [site, witness] of witnessFigures(this.#model, kind, fault, this.#schedule, before))
      output.truth.push({ site, entry: truthOf(turn, kind, witness) })
  }
}

/** Live faults turn after those of the scenario that turn at the same instant. */
const LIVE_FAULTS_FROM = 1000

function toMs(seconds: number): number {
  // A hair up: an instant that was a whole millisecond must not fall below it by the division.
  return Math.floor(seconds * 1000 + 0.01)
}

function plannedFaults(scenario: Scenario, worldStartMs: number): FaultEntry[] {
  const windows = scenario.maintenance.map((window) => ({ ...window, kind: 'maintenance', severity: 1 }))
  return [...scenario.faults, ...windows].map((fault, index): FaultEntry => {
    const startMs = worldStartMs + toMs(fault.startsAfterSeconds)
    const endMs = startMs + toMs(fault.durationSeconds)
    return {
      id: `s-${index + 1}`,
      order: index,
      kind: fault.kind,
      scope: fault.scope,
      severity: fault.severity,
      plannedStartMs: startMs,
      plannedEndMs: endMs,
      startMs,
      endMs,
      state: 'planned',
    }
  })
}

function checkFault(kind: string, scope: Scope, sites: readonly SiteName[]): void {
  const { scopes } = faults.get(kind)?.description ?? {}
  const unknown = Object.values(scope).find((name) => typeof name === 'string' && !sites.includes(name as SiteName))
  if (scopes?.includes(scopeType(scope)) === true && unknown === undefined) return
  const what =
    scopes === undefined
      ? `there is no fault ${JSON.stringify(kind)}`
      : unknown === undefined
        ? `${kind} does not act on a ${scopeType(scope)}`
        : `this world has no site ${String(unknown)}`
  throw new DtmsError('fault.unknown', what, { hint: `kinds: ${[...faults.keys()].join(', ')} (docs/faults.md)` })
}

function truthOf(turn: FaultTurn, kind: FaultKind, witness?: WitnessFigures): Entry<TruthLine> {
  const { fault, type, atMs } = turn
  return {
    at: atMs / 1000,
    type: type === 'start' ? 'fault-started' : type === 'end' ? 'fault-ended' : 'fault-witness',
    fault: fault.id,
    kind: fault.kind,
    scope: fault.scope,
    severity: fault.severity,
    plannedStartAt: fault.plannedStartMs / 1000,
    plannedEndAt: fault.plannedEndMs / 1000,
    startedAt: fault.startMs / 1000,
    ...(type === 'start' ? {} : { endedAt: fault.endMs / 1000 }),
    anomalous: kind.description.anomalous,
    ...(witness === undefined ? {} : { witness }),
  }
}

/** What falls due for announcement in (fromMs, toMs]: by the site concerned, by a link's source, by all for the platform. */
function announcements(
  scenario: Scenario,
  worldStartMs: number,
  fromMs: number,
  untilMs: number,
): WorldOutput['events'] {
  const due = scenario.maintenance.flatMap((window) => {
    const startsMs = worldStartMs + toMs(window.startsAfterSeconds)
    const atMs = Math.max(worldStartMs + 1, startsMs - toMs(window.announcedSecondsAhead))
    if (atMs <= fromMs || atMs > untilMs) return []
    const entry: Entry<MaintenanceEvent> = {
      at: atMs / 1000,
      type: 'maintenance',
      scope: window.scope,
      startsAt: startsMs / 1000,
      endsAt: (startsMs + toMs(window.durationSeconds)) / 1000,
      ...(window.note === undefined ? {} : { note: window.note }),
    }
    return announcersOf(window.scope, scenario.sites).map((site) => ({ site, entry }))
  })
  return due.toSorted((a, b) => a.entry.at - b.entry.at)
}

function announcersOf(scope: Scope, sites: readonly SiteName[]): readonly SiteName[] {
  if ('platform' in scope) return sites
  return 'site' in scope ? [scope.site] : [scope.source]
}
