import { type LinkKey, linkEnds, linkKey, type SiteName } from '../../lib/names.ts'
import type { TransferRecord } from '../../lib/record/record.ts'
import type { AnomalyLine } from '../../lib/streams/anomalies.ts'

/** Record time that the counters cover, minutes. */
export const KEPT_MINUTES = 1440

/** Links beyond this many are not counted one by one: names are input, and a flood of them must not fill the memory. */
const MOST_LINKS = 4096

export interface LinkSummary {
  source: SiteName
  destination: SiteName
  count: number
  failures: number
  bytesTransferred: number
  /** Bytes of the successful transfers divided by the sum of their durations; null when there was none. */
  meanRateBytesPerSecond: number | null
  anomalies: number
  newestEndedAt: number | null
}

export interface SiteSummary {
  site: SiteName
  records: number
  failures: number
  bytesTransferred: number
  /** Flagged transfers. */
  anomalies: number
  /** Highest score of a flagged transfer (high is anomalous); null when none was flagged. */
  highestScore: number | null
}

export interface SourceAverages {
  source: SiteName
  meanBytes: number
  meanLatencySeconds: number
}

interface LinkMinute {
  count: number
  failures: number
  bytes: number
  goodBytes: number
  goodSeconds: number
  latencySeconds: number
  anomalies: number
}

interface SiteMinute {
  records: number
  failures: number
  bytes: number
  anomalies: number
  highestScore: number
}

/**
 * Counts of the last 24 hours of record time, by minute, link and site. Every answer about a stretch of time is a sum
 * over these minutes and therefore exact to the minute, whatever of the records themselves is still in memory.
 */
export class MinuteCounters {
  readonly #links = new Map<LinkKey, Map<number, LinkMinute>>()
  readonly #newestByLink = new Map<LinkKey, number>()
  readonly #sites = new Map<SiteName, Map<number, SiteMinute>>()
  #newestMinute = -Infinity

  observe(record: TransferRecord): void {
    const minute = this.#advance(record.endedAt)
    const failed = record.status !== 'ok'
    const key = linkKey(record.source, record.destination)
    const newest = this.#newestByLink.get(key)
    const counted = newest !== undefined || this.#newestByLink.size < MOST_LINKS
    if (counted && record.endedAt > (newest ?? -Infinity)) this.#newestByLink.set(key, record.endedAt)
    if (minute === undefined) return
    if (counted) {
      const cell = cellOf(this.#links, key, minute, emptyLinkMinute)
      cell.count += 1
      cell.bytes += record.bytesTransferred
      cell.latencySeconds += record.firstByteSeconds
      if (failed) cell.failures += 1
      else {
        cell.goodBytes += record.bytesTransferred
        cell.goodSeconds += record.durationSeconds
      }
    }
    const cell = cellOf(this.#sites, record.site, minute, emptySiteMinute)
    cell.records += 1
    cell.bytes += record.bytesTransferred
    if (failed) cell.failures += 1
  }

  /** A flagged transfer counts for its site and link; a verdict about a whole link counts for the link alone. */
  observeAnomaly(line: AnomalyLine): void {
    const minute = this.#advance(line.at)
    if (minute === undefined) return
    const key = linkKey(line.source, line.destination)
    if (this.#newestByLink.has(key)) cellOf(this.#links, key, minute, emptyLinkMinute).anomalies += 1
    if (line.level !== 'transfer') return
    const cell = cellOf(this.#sites, line.site, minute, emptySiteMinute)
    cell.anomalies += 1
    cell.highestScore = Math.max(cell.highestScore, line.score)
  }

  /** The newest minute of the counters, or undefined before the first record. */
  get newestMinute(): number | undefined {
    return Number.isFinite(this.#newestMinute) ? this.#newestMinute : undefined
  }

  /** Every known link over the `minutes` minutes that end with the one of `now`. */
  links(now: number, minutes: number): LinkSummary[] {
    const last = minuteOf(now)
    return [...this.#newestByLink]
      .map(([key, newestEndedAt]) => ({
        ...sumLink(this.#links.get(key), last - minutes, last),
        ...linkEnds(key),
        newestEndedAt,
      }))
      .sort((a, b) => compareText(a.source, b.source) || compareText(a.destination, b.destination))
  }

  /** One site over the last 24 hours of record time. */
  site(site: SiteName): SiteSummary {
    const sum: SiteSummary = { site, records: 0, failures: 0, bytesTransferred: 0, anomalies: 0, highestScore: null }
    for (const [minute, cell] of this.#sites.get(site) ?? []) {
      if (minute <= this.#newestMinute - KEPT_MINUTES) continue
      sum.records += cell.records
      sum.failures += cell.failures
      sum.bytesTransferred += cell.bytes
      sum.anomalies += cell.anomalies
      if (cell.anomalies > 0) sum.highestScore = Math.max(sum.highestScore ?? 0, cell.highestScore)
    }
    return sum
  }

  /** Averages by source of the newest minute before `endMinute` that has records. */
  averagesBefore(endMinute: number): SourceAverages[] {
    const newest = this.newestBefore(endMinute) ?? -1
    const sums = new Map<SiteName, { count: number; bytes: number; latency: number }>()
    for (const [key, minutes] of this.#links) {
      const cell = minutes.get(newest)
      if (cell === undefined || cell.count === 0) continue
      const { source } = linkEnds(key)
      const sum = sums.get(source) ?? { count: 0, bytes: 0, latency: 0 }
      sums.set(source, {
        count: sum.count + cell.count,
        bytes: sum.bytes + cell.bytes,
        latency: sum.latency + cell.latencySeconds,
      })
    }
    return [...sums]
      .map(([source, { count, bytes, latency }]) => ({
        source,
        meanBytes: bytes / count,
        meanLatencySeconds: latency / count,
      }))
      .sort((a, b) => compareText(a.source, b.source))
  }

  /** The newest minute below `endMinute` that has records; undefined when none has. */
  newestBefore(endMinute: number): number | undefined {
    let newest: number | undefined
    for (const minutes of this.#links.values()) {
      for (const [minute, cell] of minutes) {
        if (cell.count > 0 && minute < endMinute && minute > (newest ?? -1)) newest = minute
      }
    }
    return newest
  }

  /** Names of both ends of every link that is counted. */
  endpoints(): Set<SiteName> {
    const names = new Set<SiteName>()
    for (const key of this.#newestByLink.keys()) {
      const { source, destination } = linkEnds(key)
      names.add(source)
      names.add(destination)
    }
    return names
  }

  /** The minute of an instant, or undefined when it is older than what is kept; a newer one moves the window. */
  #advance(at: number): number | undefined {
    const minute = minuteOf(at)
    if (minute <= this.#newestMinute - KEPT_MINUTES) return undefined
    if (minute <= this.#newestMinute) return minute
    const drop = Math.floor(this.#newestMinute / 60) !== Math.floor(minute / 60)
    this.#newestMinute = minute
    if (drop) this.#dropOld()
    return minute
  }

  /** Once an hour of record time, so that it costs nothing per record. */
  #dropOld(): void {
    for (const minutes of [...this.#links.values(), ...this.#sites.values()]) {
      for (const minute of minutes.keys()) if (minute <= this.#newestMinute - KEPT_MINUTES) minutes.delete(minute)
    }
  }
}

export function minuteOf(at: number): number {
  return Math.floor(at / 60)
}

function cellOf<K, C>(byKey: Map<K, Map<number, C>>, key: K, minute: number, empty: () => C): C {
  let minutes = byKey.get(key)
  if (minutes === undefined) {
    minutes = new Map()
    byKey.set(key, minutes)
  }
  let cell = minutes.get(minute)
  if (cell === undefined) {
    cell = empty()
    minutes.set(minute, cell)
  }
  return cell
}

function sumLink(
  minutes: ReadonlyMap<number, LinkMinute> | undefined,
  after: number,
  last: number,
): Omit<LinkSummary, 'source' | 'destination' | 'newestEndedAt'> {
  const sum = emptyLinkMinute()
  for (const [minute, cell] of minutes ?? []) {
    if (minute <= after || minute > last) continue
    sum.count += cell.count
    sum.failures += cell.failures
    sum.bytes += cell.bytes
    sum.goodBytes += cell.goodBytes
    sum.goodSeconds += cell.goodSeconds
    sum.anomalies += cell.anomalies
  }
  return {
    count: sum.count,
    failures: sum.failures,
    bytesTransferred: sum.bytes,
    meanRateBytesPerSecond: sum.goodSeconds > 0 ? sum.goodBytes / sum.goodSeconds : null,
    anomalies: sum.anomalies,
  }
}

function emptyLinkMinute(): LinkMinute {
  return { count: 0, failures: 0, bytes: 0, goodBytes: 0, goodSeconds: 0, latencySeconds: 0, anomalies: 0 }
}

function emptySiteMinute(): SiteMinute {
  return { records: 0, failures: 0, bytes: 0, anomalies: 0, highestScore: 0 }
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
