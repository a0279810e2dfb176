import type { SiteName } from '../lib/names.ts'
import type { Entry } from '../lib/streams/envelope.ts'
import type { Measure, WindowLine } from '../lib/streams/windows.ts'
import type { StreamEvent } from './event.ts'
import { MeasureState } from './measure.ts'

export interface SavedCell {
  from: number
  source: SiteName
  destination: SiteName
  count: number
  failures: [string, number][]
  bytes: number
  firstByteSeconds: number
  duration: SavedMeasure
  rate: SavedMeasure
  queueWait: SavedMeasure
}
type SavedMeasure = Pick<Measure, 'sum' | 'min' | 'max' | 'sketch'>

export interface CellPlace {
  partition: number
  /** The recorder. */
  site: SiteName
  from: number
  to: number
}

/** What one window knows of one link. */
export class WindowCell {
  readonly from: number
  readonly source: SiteName
  readonly destination: SiteName
  #count = 0
  #failures = new Map<string, number>()
  #bytes = 0
  #firstByteSeconds = 0
  #duration = new MeasureState()
  #rate = new MeasureState()
  #queueWait = new MeasureState()

  constructor(from: number, source: SiteName, destination: SiteName) {
    this.from = from
    this.source = source
    this.destination = destination
  }

  add(event: StreamEvent): void {
    this.#count += 1
    this.#bytes += event.bytes
    this.#firstByteSeconds += event.firstByteSeconds
    this.#duration.accept(event.durationSeconds)
    this.#queueWait.accept(event.queueSeconds)
    if (event.status !== 'ok') {
      const failure = `${event.errorScope ?? 'unknown'}/${event.errorClass ?? 'unknown'}`
      this.#failures.set(failure, (this.#failures.get(failure) ?? 0) + 1)
    } else if (event.durationSeconds > 0) {
      this.#rate.accept(event.bytes / event.durationSeconds)
    }
  }

  merge(other: WindowCell): this {
    this.#count += other.#count
    this.#bytes += other.#bytes
    this.#firstByteSeconds += other.#firstByteSeconds
    for (const [failure, count] of other.#failures) {
      this.#failures.set(failure, (this.#failures.get(failure) ?? 0) + count)
    }
    this.#duration.merge(other.#duration)
    this.#rate.merge(other.#rate)
    this.#queueWait.merge(other.#queueWait)
    return this
  }

  toPart({ partition, site, from, to }: CellPlace, scope: 'link' | 'site'): Entry<WindowLine> {
    const { source, destination } = this
    const name = scope === 'link' ? `${source}>${destination}` : source
    const failures = [...this.#failures].sort(([a], [b]) => (a < b ? -1 : 1))
    return {
      at: to,
      type: 'window',
      id: `w-p${partition}-${site}-${from}-${name}`,
      partition,
      site,
      scope,
      source,
      ...(scope === 'link' ? { destination } : {}),
      from,
      to,
      count: this.#count,
      failed: failures.reduce((sum, [, count]) => sum + count, 0),
      failures: Object.fromEntries(failures),
      bytes: this.#bytes,
      firstByteSeconds: this.#firstByteSeconds,
      duration: this.#duration.toMeasure(),
      rate: this.#rate.toMeasure(),
      queueWait: this.#queueWait.toMeasure(),
    }
  }

  save(): SavedCell {
    const { from, source, destination } = this
    return {
      ...{ from, source, destination, count: this.#count, failures: [...this.#failures] },
      ...{ bytes: this.#bytes, firstByteSeconds: this.#firstByteSeconds },
      duration: saved(this.#duration),
      rate: saved(this.#rate),
      queueWait: saved(this.#queueWait),
    }
  }

  static restore(plain: SavedCell): WindowCell {
    const cell = new WindowCell(plain.from, plain.source, plain.destination)
    cell.#count = plain.count
    cell.#failures = new Map(plain.failures)
    cell.#bytes = plain.bytes
    cell.#firstByteSeconds = plain.firstByteSeconds
    cell.#duration = MeasureState.from(plain.duration)
    cell.#rate = MeasureState.from(plain.rate)
    cell.#queueWait = MeasureState.from(plain.queueWait)
    return cell
  }
}

function saved(measure: MeasureState): SavedMeasure {
  const { sum, min, max, sketch } = measure.toMeasure()
  return { sum, min, max, sketch }
}
