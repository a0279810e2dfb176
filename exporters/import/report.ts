import type { SiteName } from '../../lib/names.ts'
import type { Transfer } from '../../lib/record/record.ts'
import type { RowReason } from './format.ts'

/** What an import did. Instants are Unix seconds of the data. */
export interface ImportReport {
  /** Rows of the file, without header and empty lines: imported + repeated + quarantined. */
  read: number
  imported: number
  /** Rows that the log had already. */
  repeated: number
  quarantined: { total: number; byReason: Partial<Record<RowReason, number>> }
  /** Imported rows whose transfer ended before that of the good row above them in the file. */
  outOfOrder: number
  /** Begin of the first and end of the last imported or repeated transfer; null when there is none. */
  from: number | null
  to: number | null
  sites: SiteName[]
  links: { source: SiteName; destination: SiteName; transfers: number }[]
  /** Stretches of more than an hour in which a site recorded nothing, oldest first; the 1,000 longest. */
  gaps: { site: SiteName; from: number; to: number }[]
  /** What was assumed and not known, with the number of rows. */
  assumed: { assumption: string; rows: number }[]
}

const GAP_SECONDS = 3600
const MAX_GAPS = 1000
const MAX_LINKS = 10_000

/** Collects the report while rows go by; its memory grows with sites, links and hours, not with rows. */
export class ReportBuilder {
  #read = 0
  #imported = 0
  #repeated = 0
  #outOfOrder = 0
  #from = Number.POSITIVE_INFINITY
  #to = Number.NEGATIVE_INFINITY
  #lastEnd = 0
  readonly #byReason = new Map<RowReason, number>()
  readonly #assumed = new Map<string, number>()
  readonly #links = new Map<string, ImportReport['links'][number]>()
  /** By site: first and last end within each hour that has any. */
  readonly #hours = new Map<SiteName, Map<number, { first: number; last: number }>>()

  get read(): number {
    return this.#read
  }

  get imported(): number {
    return this.#imported
  }

  /** Record time of the last good row, 0 before the first. */
  get lastEnd(): number {
    return this.#lastEnd
  }

  quarantine(reason: RowReason): void {
    this.#read += 1
    this.#byReason.set(reason, (this.#byReason.get(reason) ?? 0) + 1)
  }

  assume(text: string): void {
    this.#assumed.set(text, (this.#assumed.get(text) ?? 0) + 1)
  }

  add(transfer: Transfer, repeated: boolean): void {
    const { startedAt, endedAt } = transfer
    this.#read += 1
    if (repeated) this.#repeated += 1
    else {
      this.#imported += 1
      if (endedAt < this.#lastEnd) this.#outOfOrder += 1
    }
    this.#lastEnd = endedAt
    if (startedAt < this.#from) this.#from = startedAt
    if (endedAt > this.#to) this.#to = endedAt
    this.#countLink(transfer)
    this.#countHour(transfer)
  }

  report(): ImportReport {
    const total = [...this.#byReason.values()].reduce((sum, count) => sum + count, 0)
    const links = [...this.#links.values()].sort(
      (a, b) => compare(a.source, b.source) || compare(a.destination, b.destination),
    )
    return {
      read: this.#read,
      imported: this.#imported,
      repeated: this.#repeated,
      quarantined: { total, byReason: Object.fromEntries([...this.#byReason].sort(([a], [b]) => compare(a, b))) },
      outOfOrder: this.#outOfOrder,
      from: Number.isFinite(this.#from) ? this.#from : null,
      to: Number.isFinite(this.#to) ? this.#to : null,
      sites: [...this.#hours.keys()].sort(),
      links,
      gaps: this.#gaps(),
      assumed: [...this.#assumed].map(([assumption, rows]) => ({ assumption, rows })),
    }
  }

  #countLink({ source, destination }: Transfer): void {
    const key = `${source}>${destination}`
    const link = this.#links.get(key)
    if (link !== undefined) link.transfers += 1
    else if (this.#links.size < MAX_LINKS) this.#links.set(key, { source, destination, transfers: 1 })
  }

  #countHour({ site, endedAt }: Transfer): void {
    let hours = this.#hours.get(site)
    if (hours === undefined) {
      hours = new Map()
      this.#hours.set(site, hours)
    }
    const hour = Math.floor(endedAt / GAP_SECONDS)
    const known = hours.get(hour)
    if (known === undefined) hours.set(hour, { first: endedAt, last: endedAt })
    else if (endedAt < known.first) known.first = endedAt
    else if (endedAt > known.last) known.last = endedAt
  }

  /** A silence of more than an hour lies between two hours that have records, never within one. */
  #gaps(): ImportReport['gaps'] {
    const gaps: ImportReport['gaps'] = []
    for (const [site, hours] of this.#hours) {
      let last = Number.POSITIVE_INFINITY
      for (const [, ends] of [...hours].sort(([a], [b]) => a - b)) {
        if (ends.first - last > GAP_SECONDS) gaps.push({ site, from: last, to: ends.first })
        last = ends.last
      }
    }
    return gaps
      .sort((a, b) => b.to - b.from - (a.to - a.from))
      .slice(0, MAX_GAPS)
      .sort((a, b) => a.from - b.from || compare(a.site, b.site))
  }
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
