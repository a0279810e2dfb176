const BUCKET_SECONDS = 300
const DAY_SECONDS = 86_400

interface Bucket {
  records: number
  anomalies: number
  highestScore: number
}

export interface SiteDay {
  records: number
  anomalies: number
  /** Highest score of the day, 0...1; undefined when nothing was scored. */
  highestScore: number | undefined
}

export type DayWindowState = [site: string, [bucket: number, records: number, anomalies: number, highest: number][]][]

/** Records, anomalies and the highest score of each site over the last 24 hours of record time, to five minutes. */
export class DayWindow {
  readonly #sites = new Map<string, Map<number, Bucket>>()
  #newest = 0

  constructor(state: DayWindowState = []) {
    for (const [site, buckets] of state) {
      const restored = new Map<number, Bucket>()
      for (const [bucket, records, anomalies, highestScore] of buckets) {
        restored.set(bucket, { records, anomalies, highestScore })
        this.#newest = Math.max(this.#newest, bucket)
      }
      this.#sites.set(site, restored)
    }
  }

  observe(site: string, endedAt: number, score: number | undefined, anomalous: boolean): void {
    const index = Math.floor(endedAt / BUCKET_SECONDS)
    this.#newest = Math.max(this.#newest, index)
    if (index <= this.#oldest()) return
    let buckets = this.#sites.get(site)
    if (buckets === undefined) {
      buckets = new Map()
      this.#sites.set(site, buckets)
    }
    let bucket = buckets.get(index)
    if (bucket === undefined) {
      for (const old of buckets.keys()) if (old <= this.#oldest()) buckets.delete(old)
      bucket = { records: 0, anomalies: 0, highestScore: -1 }
      buckets.set(index, bucket)
    }
    bucket.records += 1
    bucket.anomalies += Number(anomalous)
    if (score !== undefined) bucket.highestScore = Math.max(bucket.highestScore, score)
  }

  /** Every site ever seen; one without records in the last 24 hours has zero of them. */
  days(): Map<string, SiteDay> {
    const days = new Map<string, SiteDay>()
    for (const [site, buckets] of this.#sites) {
      const day: SiteDay = { records: 0, anomalies: 0, highestScore: undefined }
      for (const [index, bucket] of buckets) {
        if (index <= this.#oldest()) continue
        day.records += bucket.records
        day.anomalies += bucket.anomalies
        if (bucket.highestScore >= 0) day.highestScore = Math.max(day.highestScore ?? 0, bucket.highestScore)
      }
      days.set(site, day)
    }
    return days
  }

  save(): DayWindowState {
    return [...this.#sites].map(([site, buckets]) => [
      site,
      [...buckets].map(([index, { records, anomalies, highestScore }]) => [index, records, anomalies, highestScore]),
    ])
  }

  #oldest(): number {
    return this.#newest - DAY_SECONDS / BUCKET_SECONDS
  }
}
