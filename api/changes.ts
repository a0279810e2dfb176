import { HttpError } from '../lib/http/errors.ts'
import type { LogWriter } from '../lib/log/log.ts'
import type { Scope } from '../lib/names.ts'
import type { ControlLine, FaultCancel, FaultRequest, SpeedLine } from '../lib/streams/control.ts'
import type { Entry } from '../lib/streams/envelope.ts'
import type { MaintenanceEvent, SiteEvent } from '../lib/streams/events.ts'
import type { SharedClock } from '../lib/world/shared-clock.ts'
import { type FaultView, seqOfFault } from './faults.ts'
import type { MaintenanceView } from './maintenance.ts'
import type { ApiState } from './state.ts'

/** Wall seconds between asking and taking effect, so that every exporter has read the line by then. */
const LEAD_SECONDS = 5

/** A maintenance window is announced at least this many world seconds ahead. */
const ANNOUNCEMENT_SECONDS = 60

export interface ChangeWriters {
  control: LogWriter<Entry<ControlLine>>
  events: LogWriter<Entry<SiteEvent>>
}

export interface FaultWish {
  kind: string
  scope: Scope
  severity: number
  durationSeconds: number
  startsInSeconds: number
  hidden: boolean
}

/** Every change of the world or of what is announced: a line in the log first, then in the state. */
export class Changes {
  readonly #clock: SharedClock
  readonly #state: ApiState
  #writers: ChangeWriters | undefined

  constructor(clock: SharedClock, state: ApiState) {
    this.#clock = clock
    this.#state = state
  }

  get open(): boolean {
    return this.#writers !== undefined
  }

  /** Before this, and after `close`, every change is refused with 503. */
  use(writers: ChangeWriters | undefined): void {
    this.#writers = writers
  }

  async startFault(wish: FaultWish): Promise<FaultView> {
    const { control, events } = this.#requireWorld()
    const { kind, scope, severity, durationSeconds, startsInSeconds, hidden } = wish
    const now = this.#clock.now()
    const lead = LEAD_SECONDS * this.#clock.speed
    const announced = kind === 'maintenance'
    const effectiveAt = rounded(now + (announced ? Math.max(lead, ANNOUNCEMENT_SECONDS) : lead) + startsInSeconds)
    if (announced) {
      // The announcement first: a window without a fault harms nobody, a fault without a window alarms everybody.
      const endsAt = effectiveAt + durationSeconds
      await this.#announce(events, { at: now, type: 'maintenance', scope, startsAt: effectiveAt, endsAt })
    }
    const entry: Entry<FaultRequest> = {
      at: now,
      type: 'fault',
      kind,
      scope,
      severity,
      durationSeconds,
      effectiveAt,
      hidden,
    }
    const seq = await control.append(entry)
    this.#state.applyControl({ v: 1, seq, ...entry })
    return this.#found(this.#state.faults.find(`f-${seq}`, this.#clock.now()))
  }

  /** A fault that is cancelled already stays as it is. */
  async cancelFault(fault: FaultView): Promise<FaultView> {
    const { control } = this.#requireWorld()
    const now = this.#clock.now()
    if (fault.state === 'cancelled') return fault
    const effectiveAt = rounded(now + LEAD_SECONDS * this.#clock.speed)
    const line = { at: now, type: 'fault-cancel' as const, fault: seqOfFault(fault.id), effectiveAt }
    const entry: Entry<FaultCancel> = line
    const seq = await control.append(entry)
    this.#state.applyControl({ v: 1, seq, ...line })
    return this.#found(this.#state.faults.find(fault.id, this.#clock.now()))
  }

  async setSpeed(speed: number): Promise<{ speed: number; effectiveAt: number }> {
    const { control } = this.#requireWorld()
    const now = this.#clock.now()
    const effectiveAt = rounded(now + LEAD_SECONDS * this.#clock.speed)
    const entry: Entry<SpeedLine> = { at: now, type: 'speed', effectiveAt, speed }
    await control.append(entry)
    return { speed, effectiveAt }
  }

  async announceMaintenance(window: {
    scope: Scope
    startsAt: number
    endsAt: number
    note?: string
  }): Promise<MaintenanceView> {
    const { events } = this.#require()
    const id = await this.#announce(events, { at: this.#clock.now(), type: 'maintenance', ...window })
    return this.#found(this.#state.maintenance.find(id, this.#clock.now()))
  }

  async #announce(writer: ChangeWriters['events'], entry: Entry<MaintenanceEvent>): Promise<string> {
    const seq = await writer.append(entry)
    const { scope, startsAt, endsAt, note } = entry
    const { at } = entry
    const text = typeof note === 'string' ? { note } : {}
    this.#state.applyEvent('api', {
      v: 1,
      seq,
      at,
      type: 'maintenance',
      scope,
      startsAt,
      endsAt,
      ...text,
    } as MaintenanceEvent)
    return `m-api-${seq}`
  }

  #require(): ChangeWriters {
    if (this.#writers !== undefined) return this.#writers
    throw new HttpError(503, 'state changes are not possible at present: the log is not open for writing', {
      hint: 'GET /health/ready says what is missing; try again',
      headers: { 'Retry-After': '5' },
    })
  }

  #requireWorld(): ChangeWriters {
    if (this.#clock.world !== undefined && this.#clock.speed > 0) return this.#require()
    throw new HttpError(409, 'no simulated world runs on this data directory', {
      hint: 'faults and speed need the simulator: start with DTMS_SOURCE=simulator on an empty data directory',
    })
  }

  #found<T>(view: T | undefined): T {
    if (view === undefined) throw new Error('a line that was just applied is not in the book')
    return view
  }
}

/** Instants in the log have millisecond precision. */
function rounded(instant: number): number {
  return Math.round(instant * 1000) / 1000
}
