import type { SiteName } from '../lib/names.ts'
import type { Entry } from '../lib/streams/envelope.ts'
import type { WindowLine } from '../lib/streams/windows.ts'
import type { StreamEvent } from './event.ts'
import { type SavedCell, WindowCell } from './window-cell.ts'

export type WindowPart = Entry<WindowLine>

export interface WindowRules {
  /** Whole seconds; windows begin at multiples of it since 1970. */
  windowSeconds: number
  /** The watermark is this far behind the newest event time of a recorder. */
  watermarkSeconds: number
  /** A window stays open for this long behind the watermark. */
  latenessSeconds: number
}

export interface SavedWindows {
  recorders: {
    site: SiteName
    newestAt: number
    /** Absent in states of before it was kept: then it follows from `newestAt`. */
    closedUntil?: number
    cells: SavedCell[]
  }[]
}

/** Input names recorders and links, so both are bounded: what goes beyond is counted under this name. */
export const OTHER = 'OTHER' as SiteName
export const MOST_RECORDERS = 1000
export const MOST_CELLS = 20_000

interface Recorder {
  newestAt: number
  /** Windows that end here or before are closed. */
  closedUntil: number
  /** By the start of the window, then by link. */
  open: Map<number, Map<string, WindowCell>>
  firstOpen: number
}

/**
 * Tumbling windows of event time in one partition, one cell for each recorder and link.
 *
 * Each recorder has a watermark of its own, because each one's transfers come in order and the recorders among each other
 * do not: one that catches up after a pause is not late because another is ahead. Nothing here knows the wall clock, so
 * that the same messages always close the same windows with the same content. The price: the last window of a recorder
 * stays open until it records again.
 */
export class WindowState {
  readonly #rules: WindowRules
  readonly #partition: number
  readonly #recorders = new Map<SiteName, Recorder>()
  #closed: WindowPart[] = []
  #openCells = 0

  constructor(rules: WindowRules, partition: number) {
    this.#rules = rules
    this.#partition = partition
  }

  /**
   * `late` events are behind the watermark and counted all the same; the window of a `dropped` one is closed already: the
   * caller counts it.
   */
  add(event: StreamEvent): 'counted' | 'late' | 'dropped' {
    const { windowSeconds, watermarkSeconds } = this.#rules
    const site = this.#recorders.has(event.site) || this.#recorders.size < MOST_RECORDERS ? event.site : OTHER
    const recorder = this.#recorder(site)
    const from = Math.floor(event.at / windowSeconds) * windowSeconds
    if (from + windowSeconds <= recorder.closedUntil) return 'dropped'
    const isLate = event.at < recorder.newestAt - watermarkSeconds
    this.#cell(recorder, from, event).add(event)
    if (event.at > recorder.newestAt) this.#advance(site, recorder, event.at)
    return isLate ? 'late' : 'counted'
  }

  /** Windows closed since the last call, in the order in which they closed; within one step by end, scope, source, destination. */
  takeClosed(): WindowPart[] {
    const closed = this.#closed
    this.#closed = []
    return closed
  }

  /** Cells of windows that are still open. */
  get openCount(): number {
    return this.#openCells
  }

  /** Plain data. What has closed must have been taken before. */
  save(): SavedWindows {
    return {
      recorders: [...this.#recorders].map(([site, { newestAt, closedUntil, open }]) => ({
        ...{ site, newestAt, closedUntil },
        cells: [...open.values()].flatMap((cells) => [...cells.values()].map((cell) => cell.save())),
      })),
    }
  }

  static restore(rules: WindowRules, partition: number, saved: SavedWindows): WindowState {
    const state = new WindowState(rules, partition)
    for (const { site, newestAt, closedUntil, cells } of saved.recorders) {
      const recorder = state.#recorder(site)
      recorder.closedUntil = closedUntil ?? recorder.closedUntil
      for (const plain of cells) state.#keep(recorder, WindowCell.restore(plain))
      if (Number.isFinite(newestAt)) state.#advance(site, recorder, newestAt)
    }
    return state
  }

  #recorder(site: SiteName): Recorder {
    let recorder = this.#recorders.get(site)
    if (recorder === undefined) {
      const [never, always] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
      recorder = { newestAt: never, closedUntil: never, open: new Map(), firstOpen: always }
      this.#recorders.set(site, recorder)
    }
    return recorder
  }

  #cell(recorder: Recorder, from: number, { link, source, destination }: StreamEvent): WindowCell {
    const cell = recorder.open.get(from)?.get(link)
    if (cell !== undefined) return cell
    if (this.#openCells < MOST_CELLS) return this.#keep(recorder, new WindowCell(from, source, destination))
    const other = recorder.open.get(from)?.get(`${OTHER}>${OTHER}`)
    return other ?? this.#keep(recorder, new WindowCell(from, OTHER, OTHER))
  }

  #keep(recorder: Recorder, cell: WindowCell): WindowCell {
    let cells = recorder.open.get(cell.from)
    if (cells === undefined) {
      cells = new Map()
      recorder.open.set(cell.from, cells)
      recorder.firstOpen = Math.min(recorder.firstOpen, cell.from)
    }
    cells.set(`${cell.source}>${cell.destination}`, cell)
    this.#openCells += 1
    return cell
  }

  #advance(site: SiteName, recorder: Recorder, newestAt: number): void {
    const { windowSeconds, watermarkSeconds, latenessSeconds } = this.#rules
    recorder.newestAt = newestAt
    // Never back: what is closed has been written, also when the settings have become more patient since.
    recorder.closedUntil = Math.max(recorder.closedUntil, newestAt - watermarkSeconds - latenessSeconds)
    while (recorder.firstOpen + windowSeconds <= recorder.closedUntil) {
      const from = recorder.firstOpen
      const cells = [...(recorder.open.get(from)?.values() ?? [])]
      recorder.open.delete(from)
      recorder.firstOpen = earliest(recorder.open.keys())
      this.#openCells -= cells.length
      this.#close(site, from, cells)
    }
  }

  /** Lines of the links, and of each source the sum of its links: links of one source lie in several partitions. */
  #close(site: SiteName, from: number, cells: WindowCell[]): void {
    const place = { partition: this.#partition, site, from, to: from + this.#rules.windowSeconds }
    const sources = new Map<SiteName, WindowCell>()
    cells.sort((a, b) => compare(a.source, b.source) || compare(a.destination, b.destination))
    // Before the quantiles are asked for: until then a sketch is the few values that it has seen.
    for (const cell of cells) {
      const sum = sources.get(cell.source)
      if (sum === undefined) sources.set(cell.source, new WindowCell(from, cell.source, cell.source).merge(cell))
      else sum.merge(cell)
    }
    for (const cell of cells) this.#closed.push(cell.toPart(place, 'link'))
    for (const sum of sources.values()) this.#closed.push(sum.toPart(place, 'site'))
  }
}

function earliest(starts: Iterable<number>): number {
  let first = Number.POSITIVE_INFINITY
  for (const start of starts) first = Math.min(first, start)
  return first
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
