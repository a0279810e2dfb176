import type { Scope } from '../lib/names.ts'
import type { Bend, LinkEnds } from './faults/fault.ts'
import { faults } from './faults/faults.ts'

/** The witness is written this long after a fault has ended, milliseconds of world time. */
export const WITNESS_DELAY_MS = 600_000

/** One planned, acting or past fault: plain data. Instants in milliseconds. */
export interface FaultEntry {
  /** `s-<n>` from the scenario, `f-<control seq>` live. */
  id: string
  /** Orders faults that turn at the same instant. */
  order: number
  kind: string
  scope: Scope
  severity: number
  plannedStartMs: number
  plannedEndMs: number
  startMs: number
  endMs: number
  state: 'planned' | 'active' | 'ended' | 'done'
  /** Next instant at which a fault that changes while it lasts is taken anew. */
  stepMs?: number
}

export interface FaultTurn {
  type: 'start' | 'step' | 'end' | 'witness'
  atMs: number
  fault: FaultEntry
}

/** Which faults act when. Knows nothing of links: what they do there is asked with `bendsOf`. */
export class FaultSchedule {
  #entries: FaultEntry[]

  constructor(entries: readonly FaultEntry[] = []) {
    this.#entries = entries.map((entry) => ({ ...entry })).toSorted((a, b) => a.order - b.order)
  }

  save(): FaultEntry[] {
    return this.#entries.map((entry) => ({ ...entry }))
  }

  add(entry: FaultEntry): void {
    this.#entries.push(entry)
    this.#entries.sort((a, b) => a.order - b.order)
  }

  /** Ends a fault at `atMs`; one that would not have begun by then never does. Unknown or past ones are left alone. */
  cancel(id: string, atMs: number): void {
    const entry = this.#entries.find((candidate) => candidate.id === id)
    if (entry === undefined) return
    if (entry.state === 'planned' && atMs <= entry.startMs)
      this.#entries = this.#entries.filter((candidate) => candidate !== entry)
    else if (entry.state === 'planned' || entry.state === 'active') entry.endMs = Math.min(entry.endMs, atMs)
  }

  /** Instant of the next turn, or undefined. */
  nextMs(): number | undefined {
    let next: number | undefined
    for (const entry of this.#entries) {
      const turn = turnOf(entry)
      if (turn !== undefined && (next === undefined || turn.atMs < next)) next = turn.atMs
    }
    return next
  }

  /** The first turn due at `atMs`, not yet taken: look at it, then `take` it. */
  due(atMs: number): FaultTurn | undefined {
    for (const entry of this.#entries) {
      const turn = turnOf(entry)
      if (turn !== undefined && turn.atMs <= atMs) return turn
    }
    return undefined
  }

  take(turn: FaultTurn): void {
    const entry = turn.fault
    if (turn.type === 'end') entry.state = 'ended'
    if (turn.type === 'witness') entry.state = 'done'
    if (turn.type === 'start') entry.state = 'active'
    if (turn.type === 'start' || turn.type === 'step') {
      const stepSeconds = faults.get(entry.kind)?.stepSeconds
      if (stepSeconds !== undefined) entry.stepMs = turn.atMs + stepSeconds * 1000
    }
    this.#forget()
  }

  /** How the acting faults bend a link at an instant. */
  bendsOf(link: LinkEnds, nowMs: number): Bend[] {
    const bends: Bend[] = []
    for (const entry of this.#entries) {
      const kind = faults.get(entry.kind)
      if (entry.state !== 'active' || kind === undefined || !kind.bends(entry.scope, link)) continue
      const stepMs = (kind.stepSeconds ?? 0) * 1000
      // Taken at the last step, so that the answer is the same at any instant until the next one.
      const sinceMs = stepMs > 0 ? Math.floor((nowMs - entry.startMs) / stepMs) * stepMs : 0
      const progress = sinceMs / Math.max(1, entry.plannedEndMs - entry.startMs)
      bends.push(kind.bend({ severity: entry.severity, progress }))
    }
    return bends
  }

  /** The same faults as they stood when `states` was noted, with what is known of them now; `without` left out. */
  rewound(states: ReadonlyMap<string, Pick<FaultEntry, 'state' | 'stepMs'>>, without?: string): FaultSchedule {
    const entries = this.#entries
      .filter((entry) => entry.id !== without)
      .map((entry): FaultEntry => {
        const { stepMs: _, ...rest } = entry
        return { ...rest, ...(states.get(entry.id) ?? { state: 'planned' }) }
      })
    return new FaultSchedule(entries)
  }

  /** State of every fault, to rewind to. */
  states(): Map<string, Pick<FaultEntry, 'state' | 'stepMs'>> {
    return new Map(
      this.#entries.map(({ id, state, stepMs }) => [id, { state, ...(stepMs === undefined ? {} : { stepMs }) }]),
    )
  }

  /** Past faults matter only to the witness of one that began before they ended. */
  #forget(): void {
    let oldest = Number.POSITIVE_INFINITY
    for (const { state, startMs } of this.#entries)
      if (state === 'active' || state === 'ended') oldest = Math.min(oldest, startMs)
    this.#entries = this.#entries.filter((entry) => entry.state !== 'done' || entry.endMs > oldest)
  }
}

function turnOf(fault: FaultEntry): FaultTurn | undefined {
  switch (fault.state) {
    case 'planned':
      return { type: 'start', atMs: fault.startMs, fault }
    case 'active':
      if (fault.stepMs !== undefined && fault.stepMs < fault.endMs) return { type: 'step', atMs: fault.stepMs, fault }
      return { type: 'end', atMs: fault.endMs, fault }
    case 'ended':
      return { type: 'witness', atMs: fault.endMs + WITNESS_DELAY_MS, fault }
    case 'done':
      return undefined
  }
}
