import type { Entry } from '../lib/streams/envelope.ts'
import type { WindowLine } from '../lib/streams/windows.ts'

/** The last closed window of a site or link: the sum of the parts that have come. */
export interface LastWindow {
  source: string
  destination: string | undefined
  /** End, Unix seconds. */
  to: number
  count: number
  failed: number
  bytes: number
  firstByteSeconds: number
  rateSum: number
  rateCount: number
  /** Of the part with the most transfers. */
  durationP95: number
}

/** More keys than this are not remembered: sites are input. */
const MOST_KEYS = 4096

/** What gauges show. A window is forgotten when the world has gone on for `staleSeconds` behind its end. */
export class LastWindows {
  readonly #staleSeconds: number
  readonly #byKey = new Map<string, LastWindow & { largest: number }>()

  constructor(staleSeconds: number) {
    this.#staleSeconds = staleSeconds
  }

  observe(part: Entry<WindowLine>): void {
    const { source, destination, scope, to } = part
    const key = scope === 'site' ? source : `${source}>${destination}`
    const last = this.#byKey.get(key)
    if (last !== undefined && to < last.to) return
    const isNext = last === undefined || to > last.to
    if (last === undefined && this.#byKey.size >= MOST_KEYS) return
    const base = isNext ? { ...nothing, source, destination: scope === 'site' ? undefined : destination, to } : last
    const isLargest = part.count > base.largest
    this.#byKey.set(key, {
      ...base,
      count: base.count + part.count,
      failed: base.failed + part.failed,
      bytes: base.bytes + part.bytes,
      firstByteSeconds: base.firstByteSeconds + part.firstByteSeconds,
      rateSum: base.rateSum + part.rate.sum,
      rateCount: base.rateCount + part.rate.count,
      durationP95: isLargest ? part.duration.p95 : base.durationP95,
      largest: Math.max(base.largest, part.count),
    })
  }

  sites(now: number): LastWindow[] {
    return this.#fresh(now).filter(({ destination }) => destination === undefined)
  }

  links(now: number): LastWindow[] {
    return this.#fresh(now).filter(({ destination }) => destination !== undefined)
  }

  #fresh(now: number): LastWindow[] {
    for (const [key, { to }] of this.#byKey) if (now - to > this.#staleSeconds) this.#byKey.delete(key)
    return [...this.#byKey.values()]
  }
}

const nothing = {
  ...{ count: 0, failed: 0, bytes: 0, firstByteSeconds: 0, rateSum: 0, rateCount: 0, durationP95: 0, largest: 0 },
}
