import type { LinkKey } from '../lib/names.ts'
import type { AnomalyLine } from '../lib/streams/anomalies.ts'
import type { Entry } from '../lib/streams/envelope.ts'
import type { EventAnomalyLine } from '../lib/streams/event-anomalies.ts'
import type { QuarantineLine } from '../lib/streams/quarantine.ts'
import type { WindowLine } from '../lib/streams/windows.ts'
import type { BusMessage } from './bus.ts'
import type { Target } from './routing.ts'

/**
 * What is made of the messages of one partition: a function of these messages alone, in their order, whatever the batches
 * they come in, so that a replay after a crash makes the same again. It does no I/O and asks no clock.
 */
export interface Flow {
  /** The score, when there is one; its time of processing is the caller's to measure. */
  take(message: BusMessage): Decision | undefined
  /** What came out since the last call; the arrays are the caller's. */
  collect(): Outcome
  /** Plain data and typed arrays. */
  save(): unknown
  readonly counts: FlowCounts
  /** Record time of the newest good message, Unix seconds; 0 before the first. */
  readonly newestAt: number
}

export interface Outcome {
  windows: Entry<WindowLine>[]
  anomalies: Entry<AnomalyLine>[]
  eventAnomalies: Entry<EventAnomalyLine>[]
  quarantined: Entry<QuarantineLine>[]
  /** Scores of anomalies, and all others where they are wanted. */
  decisions: Decision[]
  /** What rules send somewhere else as well. */
  routed: Routed[]
}

/** A record and where a rule sends it. */
export interface Routed {
  target: Target
  message: BusMessage
  /** The record with what is known of it besides. */
  value: Buffer
  link: LinkKey
  /** Without a score of its own a record has score 0 and z 0. */
  decision: Decision
}

/** A score, whatever it was. */
export interface Decision {
  eventId: string
  offset: number
  /** What the value belongs to: the link, or the key of the message. */
  key: string
  score: number
  zScore: number
  /** level, difference, mean or spread. */
  channel: string
  anomaly: boolean
  /** Event time, Unix seconds. */
  at: number
  processingMs: number
}

export function emptyOutcome(): Outcome {
  return { windows: [], anomalies: [], eventAnomalies: [], quarantined: [], decisions: [], routed: [] }
}

/** Plain numbers, read at a scrape. */
export class FlowCounts {
  /** Handled: counted in a window, or scored. */
  processed = 0
  /** Behind the watermark, and counted all the same. */
  late = 0
  /** Too late: their window is closed. */
  dropped = 0
  /** Handled before. */
  repeated = 0
  readonly quarantined = new Map<string, number>()

  quarantine(reason: string): void {
    this.quarantined.set(reason, (this.quarantined.get(reason) ?? 0) + 1)
  }
}
