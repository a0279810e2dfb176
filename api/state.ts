import type { TailedEntry } from '../lib/log/log.ts'
import { isSiteName, linkKey, type SiteName } from '../lib/names.ts'
import type { TransferRecord } from '../lib/record/record.ts'
import { type SiteFreshness, StalenessTracker } from '../lib/staleness/tracker.ts'
import type { AlertLine } from '../lib/streams/alerts.ts'
import type { AnomalyLine } from '../lib/streams/anomalies.ts'
import type { ControlLine } from '../lib/streams/control.ts'
import type { CorrelationLine } from '../lib/streams/correlations.ts'
import type { SiteEvent } from '../lib/streams/events.ts'
import type { WindowLine } from '../lib/streams/windows.ts'
import { AlertBook, type AlertView } from './alerts.ts'
import { CorrelationBook } from './correlations.ts'
import type { EventType } from './events/ring.ts'
import { FaultBook } from './faults.ts'
import { MaintenanceBook } from './maintenance.ts'
import type { Keyed } from './store/keys.ts'
import { MinuteCounters } from './store/minutes.ts'
import { OrderedStore } from './store/ordered-store.ts'
import { ObjectShelf } from './store/shelf.ts'
import { type TransferProbe, TransferShelf } from './store/transfer-shelf.ts'
import { WindowBook } from './windows.ts'

/** Anomalies are a hundredth of the transfers and several times their size. */
const MEMORY_ANOMALIES = 10_000

/** A record older than this is news to nobody who watches live, world seconds. */
const LIVE_SECONDS = 3600

export interface StateOptions {
  memoryRecords: number
  /** World instant before which everything is the past that was written first; a world may appear at any time. */
  liveFrom(): number
  publish(type: EventType, data: unknown): void
}

/**
 * All that the API knows, made from the log alone: applying the same lines in any batches gives the same answers.
 * It holds no clock; questions that depend on the time bring it.
 */
export class ApiState {
  readonly transfers: OrderedStore<TransferRecord, TransferProbe>
  readonly anomalies = new OrderedStore<AnomalyLine>(MEMORY_ANOMALIES, new ObjectShelf())
  readonly minutes = new MinuteCounters()
  readonly tracker = new StalenessTracker()
  readonly faults = new FaultBook()
  readonly maintenance = new MaintenanceBook()
  readonly correlations = new CorrelationBook()
  readonly windows = new WindowBook()
  readonly alerts = new AlertBook()
  readonly #publish: StateOptions['publish']
  readonly #liveFrom: StateOptions['liveFrom']
  readonly #sites = new Set<SiteName>()
  readonly #stateBySite = new Map<SiteName, string>()
  readonly #stateByFault = new Map<string, string>()
  #version = 0
  #live = false

  constructor(options: StateOptions) {
    this.transfers = new OrderedStore(options.memoryRecords, new TransferShelf())
    this.#publish = options.publish
    this.#liveFrom = options.liveFrom
  }

  /** Grows with every line that was applied: equal versions answer alike. */
  get version(): number {
    return this.#version
  }

  /** Recorders, by name. */
  get sites(): SiteName[] {
    return [...this.#sites].sort()
  }

  /** Recorders and both ends of every link seen, by name. */
  get endpoints(): SiteName[] {
    return [...new Set([...this.#sites, ...this.minutes.endpoints()])].sort()
  }

  /** What was there has been read: from now on what is applied is told to listeners, unless it is about the past. */
  goLive(): void {
    this.#live = true
  }

  know(site: SiteName): void {
    if (this.#sites.has(site)) return
    this.#sites.add(site)
    this.tracker.know(site)
    this.#version += 1
  }

  applyTransfers(entries: readonly TailedEntry<TransferRecord>[], now: number): void {
    if (entries.length === 0) return
    for (const { value } of entries) {
      this.know(value.site)
      this.minutes.observe(value)
      const link = linkKey(value.source, value.destination)
      this.tracker.observe(
        value.site,
        value.endedAt,
        this.#isLive(value.endedAt, now) ? { link, seenAt: now } : { link },
      )
    }
    this.transfers.add(entries.map(toKeyed))
    this.#version += 1
    for (const { value } of entries) if (this.#isLive(value.endedAt, now)) this.#publish('transfer', value)
  }

  applyAnomalies(entries: readonly TailedEntry<AnomalyLine>[], now: number): void {
    if (entries.length === 0) return
    for (const { value } of entries) this.minutes.observeAnomaly(value)
    this.anomalies.add(entries.map(toKeyed))
    this.#version += 1
    for (const { value } of entries) if (this.#isLive(value.at, now)) this.#publish('anomaly', value)
  }

  applyEvents(entries: readonly TailedEntry<SiteEvent>[]): void {
    for (const { writer, value } of entries) this.applyEvent(writer, value)
  }

  applyEvent(writer: string, event: SiteEvent): void {
    this.tracker.observeEvent(event, isSiteName(writer) ? writer : undefined)
    if (event.type === 'maintenance') this.maintenance.apply(writer, event)
    this.#version += 1
  }

  applyControl(line: ControlLine): void {
    this.faults.apply(line)
    this.#version += 1
  }

  applyCorrelations(entries: readonly TailedEntry<CorrelationLine>[], now: number): void {
    for (const { value } of entries) {
      this.correlations.apply(value)
      this.#version += 1
      if (this.#isLive(value.at, now)) this.#publish('correlation', this.correlations.newestSummary)
    }
  }

  applyWindows(entries: readonly TailedEntry<WindowLine>[], now: number): void {
    for (const { value } of entries) {
      const window = this.windows.apply(value)
      if (window === undefined) continue
      this.#version += 1
      if (this.#isLive(window.to, now)) this.#publish('window', window)
    }
  }

  applyAlert(line: AlertLine, now: number): AlertView | undefined {
    const alert = this.alerts.apply(line)
    if (alert === undefined) return undefined
    this.#version += 1
    if (this.#isLive(line.at, now)) this.#publish('alert', alert)
    return alert
  }

  /** States follow from the time that passes: this is called every second and tells what has become different. */
  observeTime(now: number, readable: boolean): void {
    for (const freshness of this.tracker.at(now, readable)) {
      const before = this.#stateBySite.get(freshness.site)
      this.#stateBySite.set(freshness.site, freshness.state)
      if (before === freshness.state) continue
      this.#version += 1
      if (this.#live) this.#publish('freshness', toFreshnessView(freshness))
    }
    for (const { hidden: _hidden, ...fault } of this.faults.list(now, false)) {
      const before = this.#stateByFault.get(fault.id)
      this.#stateByFault.set(fault.id, fault.state)
      if (before === fault.state) continue
      this.#version += 1
      if (this.#live) this.#publish('fault', fault)
    }
  }

  #isLive(at: number, now: number): boolean {
    return this.#live && at >= this.#liveFrom() && at > now - LIVE_SECONDS
  }
}

export function toFreshnessView(freshness: SiteFreshness) {
  const { site, state, newestEndedAt, ageSeconds, expectedSeconds, since } = freshness
  return {
    site,
    state,
    newestEndedAt: newestEndedAt ?? null,
    ageSeconds: ageSeconds === undefined ? null : roundMilliseconds(ageSeconds),
    expectedSeconds: roundMilliseconds(expectedSeconds),
    since: since === undefined ? null : roundMilliseconds(since),
  }
}

export function roundMilliseconds(seconds: number): number {
  return Math.round(seconds * 1000) / 1000
}

function toKeyed<T>({ at, writer, seq, value }: TailedEntry<T>): Keyed<T> {
  return { at, writer, seq, value }
}
