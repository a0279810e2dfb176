import { type LinkKey, linkKey, type SiteName } from '../lib/names.ts'

/** What is kept of one minute. Whole numbers, so that any order of records gives exactly the same sums. */
export interface MinuteSums {
  records: number
  bytes: number
  milliseconds: number
  anomalies: number
}

/**
 * Sums of one link as one recorder saw it, minutes since 1970 ascending; only minutes that have something. The one
 * without a place holds what came from links beyond MOST_SERIES.
 */
export interface Series {
  place: { site: SiteName; link: LinkKey } | undefined
  minutes: number[]
  sums: MinuteSums[]
}

export interface MeasuredTransfer {
  site: SiteName
  source: SiteName
  destination: SiteName
  endedAt: number
  bytesTransferred: number
  durationSeconds: number
}

export interface SeenAnomaly {
  site: SiteName
  source: SiteName
  destination: SiteName
  at: number
}

export interface SavedMinutes {
  newestMinute: number | undefined
  /** Rows are minute, records, bytes, milliseconds, anomalies. */
  series: { place: { site: SiteName; link: LinkKey } | null; rows: number[][] }[]
}

/** Links of all recorders together that are told apart; the rest of them counts for the platform only. */
const MOST_SERIES = 2000
const OTHER = '_other'

/**
 * Transfers and anomalies per minute of record time, for the newest `windowHours` of it.
 *
 * What is older than the window when it arrives is left out, and so is what the window later leaves behind: the sums are
 * those of the records in the window, in whatever order and portions these came.
 */
export class MinuteStore {
  readonly #windowMinutes: number
  readonly #series = new Map<string, Series>()
  #newest: number | undefined
  /** Transfers and anomalies that were older than the window, or ahead of the horizon, when they arrived. */
  outside = 0
  /** Instants after this one are not believed: one of them would push the whole window out. Unix seconds. */
  horizon = Number.POSITIVE_INFINITY

  constructor(windowHours: number) {
    this.#windowMinutes = Math.round(windowHours * 60)
  }

  addTransfer(transfer: MeasuredTransfer): void {
    const sums = this.#sumsAt(transfer, transfer.endedAt)
    if (sums === undefined) return
    sums.records += 1
    sums.bytes += transfer.bytesTransferred
    sums.milliseconds += Math.round(transfer.durationSeconds * 1000)
  }

  addAnomaly(anomaly: SeenAnomaly): void {
    const sums = this.#sumsAt(anomaly, anomaly.at)
    if (sums !== undefined) sums.anomalies += 1
  }

  /** Oldest and newest minute of the window that have something, since 1970. */
  span(): { from: number; to: number } | undefined {
    if (this.#newest === undefined) return undefined
    this.#dropOld()
    let from = this.#newest
    for (const series of this.#series.values()) from = Math.min(from, series.minutes[0] ?? from)
    return { from, to: this.#newest }
  }

  /** Every series, by recorder and link. */
  list(): Series[] {
    this.#dropOld()
    return [...this.#series.keys()].sort().map((key) => this.#series.get(key) as Series)
  }

  save(): SavedMinutes {
    const series = this.list().map(({ place, minutes, sums }) => ({
      place: place ?? null,
      rows: minutes.map((minute, i) => {
        const { records, bytes, milliseconds, anomalies } = sums[i] as MinuteSums
        return [minute, records, bytes, milliseconds, anomalies]
      }),
    }))
    return { newestMinute: this.#newest, series }
  }

  static restore(saved: SavedMinutes, windowHours: number): MinuteStore {
    const store = new MinuteStore(windowHours)
    store.#newest = saved.newestMinute
    for (const { place, rows } of saved.series) {
      const series: Series = { place: place ?? undefined, minutes: [], sums: [] }
      for (const [minute = 0, records = 0, bytes = 0, milliseconds = 0, anomalies = 0] of rows) {
        series.minutes.push(minute)
        series.sums.push({ records, bytes, milliseconds, anomalies })
      }
      store.#series.set(place === null ? OTHER : `${place.site} ${place.link}`, series)
    }
    store.#dropOld()
    return store
  }

  #sumsAt(place: Omit<SeenAnomaly, 'at'>, instant: number): MinuteSums | undefined {
    const minute = Math.floor(instant / 60)
    const tooOld = this.#newest !== undefined && minute <= this.#newest - this.#windowMinutes
    if (tooOld || instant > this.horizon) {
      this.outside += 1
      return undefined
    }
    if (this.#newest === undefined || minute > this.#newest) this.#newest = minute
    return sumsOf(this.#seriesOf(place), minute)
  }

  #seriesOf({ site, source, destination }: Omit<SeenAnomaly, 'at'>): Series {
    const link = linkKey(source, destination)
    const key = `${site} ${link}`
    const known = this.#series.get(key)
    if (known !== undefined) return known
    const full = this.#series.size >= MOST_SERIES
    const other = full ? this.#series.get(OTHER) : undefined
    if (other !== undefined) return other
    const series: Series = { place: full ? undefined : { site, link }, minutes: [], sums: [] }
    this.#series.set(full ? OTHER : key, series)
    return series
  }

  #dropOld(): void {
    if (this.#newest === undefined) return
    const oldest = this.#newest - this.#windowMinutes + 1
    for (const [key, series] of this.#series) {
      const keep = placeOf(series.minutes, oldest)
      if (keep === 0) continue
      series.minutes.splice(0, keep)
      series.sums.splice(0, keep)
      if (series.minutes.length === 0) this.#series.delete(key)
    }
  }
}

function sumsOf(series: Series, minute: number): MinuteSums {
  const place = placeOf(series.minutes, minute)
  const found = series.sums[place]
  if (found !== undefined && series.minutes[place] === minute) return found
  const sums: MinuteSums = { records: 0, bytes: 0, milliseconds: 0, anomalies: 0 }
  series.minutes.splice(place, 0, minute)
  series.sums.splice(place, 0, sums)
  return sums
}

/** Index of the first minute that is not before `minute`; looks at the end first, where records in order belong. */
function placeOf(minutes: readonly number[], minute: number): number {
  let high = minutes.length
  if (high === 0 || (minutes[high - 1] as number) < minute) return high
  let low = 0
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((minutes[middle] as number) < minute) low = middle + 1
    else high = middle
  }
  return low
}
