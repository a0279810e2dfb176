import type { Scope, SiteName } from '../../lib/names.ts'
import type { Transfer } from '../../lib/record/record.ts'
import type { FailureCause } from '../failures.ts'

/** The two ends of a link. */
export interface LinkEnds {
  source: SiteName
  destination: SiteName
}

/** How one fault bends one link while it lasts. Absent: unchanged. */
export interface Bend {
  /** Factor on the link's capacity and on every stream over it; 0 stops the bytes where they are. */
  speed?: number
  /** Factor on the time before the first byte and after the last one. */
  setup?: number
  /** Factor on the share of retransmitted packets. */
  loss?: number
  /** Factor on the round-trip time. */
  rtt?: number
  /** This share of the attempts that start fails at once, in preparation. */
  fail?: FailureCause & { share: number }
  /** Nothing starts, and what would have been asked for is not asked for. */
  stopped?: boolean
  /** The source's exporter keeps its records back until this is over. */
  held?: boolean
}

/** A moment of a fault's life, as far as bending depends on it. */
export interface FaultMoment {
  severity: number
  /** 0 at the start, 1 at the planned end. */
  progress: number
}

/** A record and the instant at which its exporter may write it, both Unix seconds. */
export interface EmittedRecord {
  at: number
  transfer: Transfer
}

/** World instants of a fault, Unix seconds: it acted in [from, to), and records were looked at until `until`. */
export interface WitnessWindow {
  from: number
  to: number
  until: number
}

/** One measured figure that shows whether the fault took effect. */
export interface Witness {
  measure: string
  unit: string
  /** Computed from the records of one site over the bent links. */
  value(records: readonly EmittedRecord[], window: WitnessWindow): { value: number; records: number }
  tookEffect(figures: { with: number; without: number }): boolean
  /** Whether the first sign is a record that is different, or one that is missing. */
  firstSign: 'record' | 'absence'
}

/** What people and the API are told about a kind: plain data. */
export interface FaultDescription {
  kind: string
  title: string
  description: string
  scopes: readonly ('site' | 'link' | 'platform')[]
  /** What to propose when nothing was chosen. */
  scopeHint: 'site' | 'link' | 'platform'
  /** Whether records inside its scope are anomalous. */
  anomalous: boolean
  parameters: {
    severity: { minimum: number; maximum: number; default: number; effect: string }
    durationSeconds: { minimum: number; maximum: number; default: number }
  }
}

/** One kind of fault: its description, how it bends the world, and how one sees that it did. */
export interface FaultKind {
  description: FaultDescription
  /** Which links it bends. */
  bends(scope: Scope, link: LinkEnds): boolean
  bend(moment: FaultMoment): Bend
  /** For a fault that changes while it lasts: how often its bend is taken anew, seconds. */
  stepSeconds?: number
  witness: Witness
}

export const usualDuration = { minimum: 60, maximum: 86_400, default: 1200 } as const

export function usualSeverity(effect: string): FaultDescription['parameters']['severity'] {
  return { minimum: 0.01, maximum: 1, default: 0.8, effect }
}

/** Whether the link starts at the scope: at its site, or is the link itself. */
export function startsIn(scope: Scope, link: LinkEnds): boolean {
  if ('platform' in scope) return true
  if ('site' in scope) return scope.site === link.source
  return scope.source === link.source && scope.destination === link.destination
}

/** Whether the link ends at the scope: at its site, or is the link itself. */
export function endsIn(scope: Scope, link: LinkEnds): boolean {
  if ('site' in scope) return scope.site === link.destination
  return startsIn(scope, link)
}
