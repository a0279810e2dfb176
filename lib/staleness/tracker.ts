import { covers, type LinkKey, linkEnds, type Scope, type SiteName } from '../names.ts'
import type { SiteEvent } from '../streams/events.ts'
import {
  EXPECTED_FLOOR_SECONDS,
  EXPECTED_UNLEARNT_SECONDS,
  expectedAge,
  type LearntGaps,
  learnGaps,
} from './expectation.ts'
import { Intervals } from './intervals.ts'
import { type SavedSlots, SLOT_SECONDS, SlotHistory } from './slots.ts'
import { type FreshnessState, RECOVERED_SECONDS, SILENT_FACTOR, stateOf } from './states.ts'

export interface SiteFreshness {
  site: SiteName
  state: FreshnessState
  /** End of the newest record, Unix seconds; absent when the site has never sent. */
  newestEndedAt?: number
  /** Seconds since then, pauses included; absent when never sent, or when the volume cannot be read. */
  ageSeconds?: number
  expectedSeconds: number
  /** World instant since which the site is in this state; absent where nothing marks the beginning. */
  since?: number
}

export interface Observation {
  /** Lets a maintenance window of every link of a site count as one of the site. */
  link?: LinkKey
  /** World time at which a reader that had already read everything saw the record; absent while it catches up. */
  seenAt?: number
}

export interface SavedTracker {
  sites: { site: SiteName; slots?: SavedSlots; pauses: [number, number][]; links: LinkKey[]; seenBackAt?: number }[]
  windows: { scope: Scope; startsAt: number; endsAt: number }[]
  platformPauses: [number, number][]
}

/** A record may be ahead of the reader's clock by this much and still be the newest one, seconds. */
const CLOCK_TOLERANCE_SECONDS = 60
const MOST_WINDOWS = 512
const MOST_LINKS = 256

interface Site {
  name: SiteName
  slots: SlotHistory
  pauses: Intervals
  links: Set<LinkKey>
  /** When a live reader saw a record after a silence that the records' own times do not show (a frozen exporter). */
  seenBackAt: number | undefined
  quiet: Intervals | undefined
  learnt: { version: number; gaps: LearntGaps } | undefined
}

/**
 * Remembers when each site sent and says how old its newest record is, and whether that is news.
 *
 * Staleness grows while nothing happens, so it is asked for with `at(now)` at scrape time and never stored. A site that
 * has never sent is `waiting`, not infinitely stale: a fresh deployment should not page anybody. Records may come in
 * any order and more than once; the answer depends on the set of them.
 */
export class StalenessTracker {
  readonly #sites = new Map<SiteName, Site>()
  #windows: { scope: Scope; startsAt: number; endsAt: number }[] = []
  /** A pause that names no site is one of the whole platform. */
  readonly #platformPauses = new Intervals()
  #countedFrom = Number.NEGATIVE_INFINITY

  /** Makes a site appear (as waiting) before its first record. */
  know(site: SiteName): void {
    this.#of(site)
  }

  /**
   * Silence before this instant is no news: a world begins with a past that is written in one go, and until that is done
   * its newest record is hours old (`newsBegins`). Not saved; said again by whoever knows the world.
   */
  countFrom(instant: number | undefined): void {
    if (instant !== undefined) this.#countedFrom = Math.max(this.#countedFrom, instant)
  }

  observe(site: SiteName, endedAt: number, seen: Observation = {}): void {
    const entry = this.#of(site)
    if (seen.link !== undefined && entry.links.size < MOST_LINKS && !entry.links.has(seen.link)) {
      entry.links.add(seen.link)
      entry.quiet = undefined
    }
    const newestAt = entry.slots.newestAt
    if (seen.seenAt !== undefined && newestAt !== undefined) {
      const quiet = this.#quietSeconds(entry, newestAt, seen.seenAt)
      if (quiet > EXPECTED_FLOOR_SECONDS && quiet > this.#expected(entry, newestAt)) entry.seenBackAt = seen.seenAt
    }
    entry.slots.add(endedAt)
  }

  /** `site` is the writer of the event's folder; a maintenance window carries its own scope. */
  observeEvent(event: SiteEvent, site?: SiteName): void {
    if (event.type === 'maintenance') {
      const { scope, startsAt, endsAt } = event
      const known = this.#windows.some(
        (item) => item.startsAt === startsAt && item.endsAt === endsAt && sameScope(item.scope, scope),
      )
      if (known || !(endsAt > startsAt)) return
      this.#windows.push({ scope, startsAt, endsAt })
      this.#windows.sort((a, b) => a.endsAt - b.endsAt)
      this.#windows = this.#windows.slice(-MOST_WINDOWS)
    } else if (site === undefined) {
      this.#platformPauses.add(event.from, event.to)
      for (const entry of this.#sites.values()) entry.pauses.add(event.from, event.to)
    } else this.#of(site).pauses.add(event.from, event.to)
    for (const entry of this.#sites.values()) entry.quiet = undefined
  }

  /** Every known site, by name. `readable: false` says that the volume could not be read lately: nothing is known then. */
  at(now: number, readable = true): SiteFreshness[] {
    const entries = [...this.#sites.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
    return entries.map((entry) => this.#freshness(entry, now, readable))
  }

  save(): SavedTracker {
    const sites = [...this.#sites.values()].map((entry) => {
      const slots = entry.slots.save()
      return {
        site: entry.name,
        ...(slots === undefined ? {} : { slots }),
        pauses: pairs(entry.pauses),
        links: [...entry.links],
        ...(entry.seenBackAt === undefined ? {} : { seenBackAt: entry.seenBackAt }),
      }
    })
    return {
      sites,
      windows: this.#windows.map((window) => ({ ...window })),
      platformPauses: pairs(this.#platformPauses),
    }
  }

  static restore(saved: SavedTracker): StalenessTracker {
    const tracker = new StalenessTracker()
    for (const [from, to] of saved.platformPauses) tracker.#platformPauses.add(from, to)
    for (const item of saved.sites) {
      const entry = tracker.#of(item.site)
      if (item.slots !== undefined) entry.slots = SlotHistory.restore(item.slots)
      for (const [from, to] of item.pauses) entry.pauses.add(from, to)
      for (const link of item.links) entry.links.add(link)
      entry.seenBackAt = item.seenBackAt
    }
    tracker.#windows = saved.windows.map((window) => ({ ...window }))
    return tracker
  }

  #of(site: SiteName): Site {
    const known = this.#sites.get(site)
    if (known !== undefined) return known
    const entry: Site = {
      name: site,
      slots: new SlotHistory(),
      pauses: new Intervals(),
      links: new Set(),
      seenBackAt: undefined,
      quiet: undefined,
      learnt: undefined,
    }
    for (const { from, to } of this.#platformPauses.list()) entry.pauses.add(from, to)
    this.#sites.set(site, entry)
    return entry
  }

  #freshness(entry: Site, now: number, readable: boolean): SiteFreshness {
    const newestAt = newestBy(entry.slots, now)
    const quiet = this.#quietOf(entry)
    const window = this.#windows.find(
      (item) => item.startsAt <= now && now < item.endsAt && inWindow(item.scope, entry),
    )
    const pause = entry.pauses.at(now)
    const expectedSeconds = this.#expected(entry, newestAt)
    const backAt = newestAt === undefined ? undefined : this.#backAt(entry, now, expectedSeconds)
    const state = stateOf({
      readable,
      inMaintenance: window !== undefined,
      paused: pause !== undefined,
      quietSeconds: newestAt === undefined ? undefined : this.#quietSeconds(entry, newestAt, now),
      expectedSeconds,
      backForSeconds: backAt === undefined ? undefined : now - backAt,
    })
    const quietFrom = newestAt === undefined ? undefined : Math.max(newestAt, this.#countedFrom)
    const since = sinceOf(state, now, { quietFrom, expectedSeconds, quiet, window, pause, backAt })
    return {
      site: entry.name,
      state,
      ...(newestAt === undefined ? {} : { newestEndedAt: newestAt }),
      ...(newestAt === undefined || !readable ? {} : { ageSeconds: Math.max(0, now - newestAt) }),
      expectedSeconds,
      ...(since === undefined ? {} : { since }),
    }
  }

  /** Seconds from the newest record on in which silence is news. */
  #quietSeconds(entry: Site, newestAt: number, now: number): number {
    const from = Math.max(newestAt, this.#countedFrom)
    return Math.max(0, now - from - this.#quietOf(entry).overlap(from, now))
  }

  /** Stretches in which silence is no news: pauses, and windows that cover the site or all of its links. */
  #quietOf(entry: Site): Intervals {
    if (entry.quiet !== undefined) return entry.quiet
    const quiet = new Intervals()
    for (const { from, to } of entry.pauses.list()) quiet.add(from, to)
    for (const window of this.#windows) if (inWindow(window.scope, entry)) quiet.add(window.startsAt, window.endsAt)
    entry.quiet = quiet
    entry.learnt = undefined
    return quiet
  }

  #expected(entry: Site, newestAt: number | undefined): number {
    if (newestAt === undefined) return EXPECTED_UNLEARNT_SECONDS
    return expectedAge(this.#learnt(entry), newestAt)
  }

  #learnt(entry: Site): LearntGaps {
    const quiet = this.#quietOf(entry)
    const version = entry.slots.learningVersion
    if (entry.learnt?.version !== version) entry.learnt = { version, gaps: learnGaps(entry.slots, quiet) }
    return entry.learnt.gaps
  }

  /** The newest of: a record that ended a long silence, the end of a pause, a record seen after a long wait. */
  #backAt(entry: Site, now: number, expectedSeconds: number): number | undefined {
    const candidates = [entry.seenBackAt, entry.pauses.lastEndBy(now), this.#recordBackAt(entry, now, expectedSeconds)]
    const past = candidates.filter((instant): instant is number => instant !== undefined && instant <= now)
    return past.length === 0 ? undefined : Math.max(...past)
  }

  #recordBackAt(entry: Site, now: number, expectedSeconds: number): number | undefined {
    let slot = entry.slots.lastSlotBy(Math.floor(now / SLOT_SECONDS))
    while (slot !== undefined && slot * SLOT_SECONDS > now - RECOVERED_SECONDS) {
      const previous = entry.slots.lastSlotBy(slot - 1)
      if (previous === undefined) return undefined
      const [from, to] = [previous * SLOT_SECONDS, slot * SLOT_SECONDS]
      // Slots blur the silence by up to one of them; nobody has recovered who was not late.
      if (to - from - SLOT_SECONDS - this.#quietOf(entry).overlap(from, to) > expectedSeconds) return to
      slot = previous
    }
    return undefined
  }
}

/** The newest record that is not in the future: a site whose clock runs ahead must not stay fresh for ever. */
function newestBy(slots: SlotHistory, now: number): number | undefined {
  const newestAt = slots.newestAt
  if (newestAt === undefined || newestAt <= now + CLOCK_TOLERANCE_SECONDS) return newestAt
  const slot = slots.lastSlotBy(Math.floor(now / SLOT_SECONDS))
  return slot === undefined ? undefined : slot * SLOT_SECONDS
}

function pairs(intervals: Intervals): [number, number][] {
  return intervals.list().map(({ from, to }): [number, number] => [from, to])
}

function inWindow(scope: Scope, entry: Site): boolean {
  if ('platform' in scope) return true
  if ('site' in scope && scope.site === entry.name) return true
  if (entry.links.size === 0 || entry.links.size >= MOST_LINKS) return false
  return [...entry.links].every((link) => {
    const { source, destination } = linkEnds(link)
    return covers(scope, source, destination)
  })
}

function sameScope(a: Scope, b: Scope): boolean {
  if ('platform' in a) return 'platform' in b
  if ('site' in a) return 'site' in b && a.site === b.site
  return 'source' in b && a.source === b.source && a.destination === b.destination
}

interface Marks {
  quietFrom: number | undefined
  expectedSeconds: number
  quiet: Intervals
  window: { startsAt: number } | undefined
  pause: { from: number } | undefined
  backAt: number | undefined
}

function sinceOf(state: FreshnessState, now: number, marks: Marks): number | undefined {
  if (state === 'maintenance') return marks.window?.startsAt
  if (state === 'paused') return marks.pause?.from
  if (state === 'recovered') return marks.backAt
  if (state === 'fresh') {
    const begin = Math.max(
      marks.quiet.lastEndBy(now) ?? 0,
      marks.backAt === undefined ? 0 : marks.backAt + RECOVERED_SECONDS,
    )
    return begin === 0 ? undefined : begin
  }
  if (marks.quietFrom === undefined || state === 'unknown') return undefined
  return marks.quiet.after(marks.quietFrom, marks.expectedSeconds * (state === 'silent' ? SILENT_FACTOR : 1))
}
