import type { SiteName } from '../lib/names.ts'
import type { TruthLine } from '../lib/streams/truth.ts'
import { drive } from './drive.ts'
import { Engine, type EngineState } from './engine.ts'
import { type FaultEntry, type FaultSchedule, WITNESS_DELAY_MS } from './fault-schedule.ts'
import type { EmittedRecord, FaultKind, WitnessWindow } from './faults/fault.ts'
import type { Model } from './model.ts'

export type WitnessFigures = NonNullable<TruthLine['witness']>

/** The world as it was just before a fault began. */
export interface Before {
  engine: EngineState
  faults: [id: string, state: Pick<FaultEntry, 'state' | 'stepMs'>][]
}

/** Longest part of a fault that is looked at, milliseconds: enough to see any fault, and bounded work. */
const LONGEST_LOOK_MS = 7_200_000

/**
 * Runs the world twice from the state before the fault, with it and without, and measures both. The run with the fault
 * gives the very records that were emitted, because the world is deterministic; so nothing has to be kept meanwhile.
 */
export function witnessFigures(
  model: Model,
  kind: FaultKind,
  fault: FaultEntry,
  schedule: FaultSchedule,
  before: Before,
): Map<SiteName, WitnessFigures> {
  const toMs = Math.min(fault.endMs, fault.startMs + LONGEST_LOOK_MS)
  const untilMs = toMs + WITNESS_DELAY_MS
  const states = new Map(before.faults)
  const recordsOf = (twin: FaultSchedule) => {
    const engine = resumeEngine(model, before.engine, twin)
    engine.take()
    drive(engine, twin, untilMs)
    return engine.take().filter(({ transfer }) => kind.bends(fault.scope, transfer))
  }
  const bent = recordsOf(schedule.rewound(states))
  const straight = recordsOf(schedule.rewound(states, fault.id))
  const window = { from: fault.startMs / 1000, to: toMs / 1000, until: untilMs / 1000 }
  return new Map(
    recorders(model, kind, fault).map((site) => [
      site,
      compare(
        kind,
        window,
        bent.filter(({ transfer }) => transfer.site === site),
        straight.filter(({ transfer }) => transfer.site === site),
      ),
    ]),
  )
}

/** The sites that record transfers over the links that a fault bends. */
export function recorders(model: Model, kind: FaultKind, fault: Pick<FaultEntry, 'scope'>): SiteName[] {
  const sites = new Set(
    model.links
      .map(({ spec }) => spec)
      .filter((link) => kind.bends(fault.scope, link))
      .map((link) => link.source),
  )
  return model.scenario.sites.filter((site) => sites.has(site))
}

/** An engine that goes on from a saved state under the faults that were acting then. */
export function resumeEngine(model: Model, state: EngineState, schedule: FaultSchedule): Engine {
  const engine = new Engine(model, state)
  engine.restoreBends((link) => schedule.bendsOf(link, state.nowMs))
  return engine
}

function compare(
  kind: FaultKind,
  window: WitnessWindow,
  bent: readonly EmittedRecord[],
  straight: readonly EmittedRecord[],
): WitnessFigures {
  const withFault = kind.witness.value(bent, window)
  const without = kind.witness.value(straight, window)
  const figures = { with: round(withFault.value), without: round(without.value) }
  const firstAffectedAt =
    kind.witness.firstSign === 'absence' ? firstOnlyIn(straight, bent) : firstOnlyIn(bent, straight)
  return {
    measure: kind.witness.measure,
    unit: kind.witness.unit,
    ...figures,
    records: withFault.records,
    tookEffect: kind.witness.tookEffect(figures),
    ...(firstAffectedAt === undefined ? {} : { firstAffectedAt }),
  }
}

/** Instant of the first record of `records` that `others` does not have just so. */
function firstOnlyIn(records: readonly EmittedRecord[], others: readonly EmittedRecord[]): number | undefined {
  const known = new Set(others.map(identity))
  return records.find((record) => !known.has(identity(record)))?.at
}

function identity({ at, transfer }: EmittedRecord): string {
  return `${transfer.origin.id} ${transfer.attempt} ${at} ${transfer.endedAt} ${transfer.error?.class ?? ''}`
}

/** Six digits: figures for people, and the same in every process. */
function round(value: number): number {
  return Number(value.toPrecision(6))
}
