import { Sketch } from '../lib/detect/sketch.ts'
import type { SiteName } from '../lib/names.ts'
import type { Measure, WindowLine } from '../lib/streams/windows.ts'
import { compareKeys, type Key } from './store/keys.ts'

/** At the default minute, nine to fifteen windows a minute: seven hours and more; 1.6 KB each. Older ones are in the log. */
const MOST_WINDOWS = 6000
/** Sketches of busy windows are thousands of characters long: together no more than this. */
const MOST_SKETCH_CHARS = 16 * 1024 * 1024

/** A window of a link or of a source, summed over the parts that partitions and recorders have seen of it. */
export interface WindowView {
  scope: 'link' | 'site'
  source: SiteName
  destination: SiteName | null
  from: number
  to: number
  count: number
  failed: number
  failures: Record<string, number>
  bytes: number
  meanBytes: number
  meanLatencySeconds: number
  duration: MeasureView
  rate: MeasureView
  queueWait: MeasureView
  /** Lines that were summed; a later one may still be added. */
  parts: number
}

export interface MeasureView {
  count: number
  mean: number | null
  min: number | null
  max: number | null
  p50: number | null
  p95: number | null
  p99: number | null
}

interface Merged {
  key: Key
  line: WindowLine
  parts: Set<string>
}

export interface WindowQuery {
  scope?: 'link' | 'site' | undefined
  source?: string | undefined
  destination?: string | undefined
  from?: number | undefined
  to?: number | undefined
  below?: Key | undefined
  limit: number
}

/** The newest closed windows, by their end; all made from the lines of `windows/`. */
export class WindowBook {
  readonly #most: number
  readonly #mostSketchChars: number
  /** Ascending by key. */
  readonly #windows: Merged[] = []
  readonly #byName = new Map<string, Merged>()
  #sketchChars = 0
  /** The newest window that was let go: what comes for it or for an older one comes too late. */
  #dropped: Key | undefined

  constructor(most = MOST_WINDOWS, mostSketchChars = MOST_SKETCH_CHARS) {
    this.#most = most
    this.#mostSketchChars = mostSketchChars
  }

  get size(): number {
    return this.#windows.length
  }

  /** End of the newest window, Unix seconds; undefined while there is none. */
  get newestAt(): number | undefined {
    return this.#windows.at(-1)?.key.at
  }

  /** The window with this part in it; undefined for a part that is known already or of a window that was let go. */
  apply(line: WindowLine): WindowView | undefined {
    const key = keyOf(line)
    const name = `${key.at} ${key.writer}`
    const known = this.#byName.get(name)
    if (known !== undefined) {
      if (known.parts.has(line.id)) return undefined
      const sum = sumOf(known.line, line)
      if (sum === undefined) return undefined
      known.parts.add(line.id)
      this.#sketchChars += sketchChars(sum) - sketchChars(known.line)
      known.line = sum
      return toView(known)
    }
    const first = this.#windows[0]
    if (this.#windows.length >= this.#most && first !== undefined && compareKeys(key, first.key) < 0) return undefined
    if (this.#dropped !== undefined && compareKeys(key, this.#dropped) <= 0) return undefined
    const merged: Merged = { key, line, parts: new Set([line.id]) }
    this.#insert(merged)
    this.#byName.set(name, merged)
    this.#sketchChars += sketchChars(line)
    while (this.#windows.length > this.#most || (this.#sketchChars > this.#mostSketchChars && this.size > 1))
      this.#drop()
    return toView(merged)
  }

  /** Newest first; at most `limit`. */
  list({ scope, source, destination, from, to, below, limit }: WindowQuery): { key: Key; view: WindowView }[] {
    const found: { key: Key; view: WindowView }[] = []
    for (let i = this.#windows.length - 1; i >= 0 && found.length < limit; i -= 1) {
      const window = this.#windows[i] as Merged
      const { line, key } = window
      if (from !== undefined && line.to <= from) break
      if (below !== undefined && compareKeys(key, below) >= 0) continue
      if (to !== undefined && line.from >= to) continue
      if (scope !== undefined && line.scope !== scope) continue
      if (source !== undefined && line.source !== source) continue
      if (destination !== undefined && line.destination !== destination) continue
      found.push({ key, view: toView(window) })
    }
    return found
  }

  /**
   * For each source its last window whose parts are surely all there: the newest but one, since the partitions close the
   * newest one after the other. A source that has only one gives that. By name.
   */
  newestBySource(): WindowView[] {
    const seen = new Map<SiteName, { view: WindowView; isSecond: boolean }>()
    for (let i = this.#windows.length - 1; i >= 0; i -= 1) {
      const window = this.#windows[i] as Merged
      if (window.line.scope !== 'site') continue
      const known = seen.get(window.line.source)
      if (known === undefined) seen.set(window.line.source, { view: toView(window), isSecond: false })
      else if (!known.isSecond) seen.set(window.line.source, { view: toView(window), isSecond: true })
      // Sources that fell silent long ago are not looked for in all that is kept.
      if (i < this.#windows.length - RECENT) break
    }
    return [...seen.values()].map(({ view }) => view).sort((a, b) => (a.source < b.source ? -1 : 1))
  }

  #insert(merged: Merged): void {
    let at = this.#windows.length
    while (at > 0 && compareKeys(merged.key, (this.#windows[at - 1] as Merged).key) < 0) at -= 1
    this.#windows.splice(at, 0, merged)
  }

  #drop(): void {
    const oldest = this.#windows.shift()
    if (oldest === undefined) return
    this.#byName.delete(`${oldest.key.at} ${oldest.key.writer}`)
    this.#sketchChars -= sketchChars(oldest.line)
    this.#dropped = oldest.key
  }
}

/** Windows that are looked through for the newest of each source. */
const RECENT = 2000

function keyOf({ to, scope, source, destination }: WindowLine): Key {
  return { at: to, writer: scope === 'link' ? `L~${source}~${destination ?? ''}` : `S~${source}`, seq: 0 }
}

/** Undefined when a sketch of one of them is none: a line that somebody else has written. */
function sumOf(a: WindowLine, b: WindowLine): WindowLine | undefined {
  try {
    return soundSumOf(a, b)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function soundSumOf(a: WindowLine, b: WindowLine): WindowLine {
  const failures = new Map(Object.entries(a.failures))
  for (const [name, count] of Object.entries(b.failures)) failures.set(name, (failures.get(name) ?? 0) + count)
  return {
    ...a,
    count: a.count + b.count,
    failed: a.failed + b.failed,
    failures: Object.fromEntries([...failures].sort(([x], [y]) => (x < y ? -1 : 1))),
    bytes: a.bytes + b.bytes,
    firstByteSeconds: a.firstByteSeconds + b.firstByteSeconds,
    duration: sumOfMeasures(a.duration, b.duration),
    rate: sumOfMeasures(a.rate, b.rate),
    queueWait: sumOfMeasures(a.queueWait, b.queueWait),
  }
}

function sumOfMeasures(a: Measure, b: Measure): Measure {
  if (a.count === 0) return b
  if (b.count === 0) return a
  const sketch = Sketch.fromText(a.sketch)
  sketch.merge(Sketch.fromText(b.sketch))
  const at = (rank: number) => sketch.quantile(rank) ?? 0
  return {
    count: a.count + b.count,
    sum: a.sum + b.sum,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    sketch: sketch.toText(),
  }
}

function toView({ line, parts }: Merged): WindowView {
  const { scope, source, destination, from, to, count, failed, failures, bytes, firstByteSeconds } = line
  return {
    ...{ scope, source, destination: destination ?? null, from, to, count, failed, failures, bytes },
    meanBytes: bytes / count,
    meanLatencySeconds: firstByteSeconds / count,
    duration: toMeasureView(line.duration),
    rate: toMeasureView(line.rate),
    queueWait: toMeasureView(line.queueWait),
    parts: parts.size,
  }
}

function toMeasureView({ count, sum, min, max, p50, p95, p99 }: Measure): MeasureView {
  if (count === 0) return { count, mean: null, min: null, max: null, p50: null, p95: null, p99: null }
  return { count, mean: sum / count, min, max, p50, p95, p99 }
}

function sketchChars({ duration, rate, queueWait }: WindowLine): number {
  return duration.sketch.length + rate.sketch.length + queueWait.sketch.length
}
