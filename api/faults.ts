import type { Scope } from '../lib/names.ts'
import type { ControlLine } from '../lib/streams/control.ts'

export const faultStates = ['planned', 'active', 'ended', 'cancelled'] as const
export type FaultState = (typeof faultStates)[number]

export interface FaultView {
  /** `f-<control seq>`. */
  id: string
  kind: string
  scope: Scope
  severity: number
  state: FaultState
  hidden: boolean
  plannedStartAt: number
  plannedEndAt: number
  /** World instant from which a cancelled fault no longer holds. */
  cancelledAt?: number
}

interface Fault extends Omit<FaultView, 'state'> {
  seq: number
}

/**
 * Every fault that was ever asked for, from the control log. Which state one is in follows from the world's time, so it
 * is computed when asked and stored nowhere.
 */
export class FaultBook {
  readonly #faults = new Map<number, Fault>()

  /** Lines may come twice: once when this process writes them, once when it reads them back. */
  apply(line: ControlLine): void {
    if (line.type === 'fault' && !this.#faults.has(line.seq)) {
      this.#faults.set(line.seq, {
        seq: line.seq,
        id: `f-${line.seq}`,
        kind: line.kind,
        scope: line.scope,
        severity: line.severity,
        hidden: line.hidden,
        plannedStartAt: line.effectiveAt,
        plannedEndAt: line.effectiveAt + line.durationSeconds,
      })
    }
    if (line.type !== 'fault-cancel') return
    const fault = this.#faults.get(line.fault)
    // A fault that had run its whole time before was not cut short by anything.
    if (fault !== undefined && fault.cancelledAt === undefined && line.at < fault.plannedEndAt) {
      fault.cancelledAt = line.effectiveAt
    }
  }

  /** Newest request first; hidden ones only for who may see them. */
  list(now: number, withHidden: boolean): FaultView[] {
    return [...this.#faults.values()]
      .filter((fault) => withHidden || !fault.hidden)
      .sort((a, b) => b.seq - a.seq)
      .map((fault) => view(fault, now))
  }

  find(id: string, now: number): FaultView | undefined {
    const seq = /^f-([1-9]\d{0,15})$/.exec(id)?.[1]
    const fault = seq === undefined ? undefined : this.#faults.get(Number(seq))
    return fault === undefined ? undefined : view(fault, now)
  }

  /** Faults that hold or will hold. */
  open(now: number): FaultView[] {
    return this.list(now, true).filter(({ state }) => state === 'planned' || state === 'active')
  }
}

function view({ seq: _seq, ...fault }: Fault, now: number): FaultView {
  return { ...fault, state: stateOf(fault, now) }
}

function stateOf(fault: Omit<Fault, 'seq'>, now: number): FaultState {
  if (fault.cancelledAt !== undefined) return 'cancelled'
  if (now < fault.plannedStartAt) return 'planned'
  return now < fault.plannedEndAt ? 'active' : 'ended'
}

export function seqOfFault(id: string): number {
  return Number(id.slice(2))
}
