import type { Intervals } from './intervals.ts'
import { SHORT_HISTORY_HOURS, SLOT_SECONDS, SLOTS_PER_HOUR, type SlotHistory } from './slots.ts'

/**
 * How old a site's newest record may be before that is news, learnt from the site's own silences in record time.
 *
 * Of two answers the more specific one holds:
 * - the habit of this hour of the week: when in at least three weeks, and in three of four, the site sent around this
 *   hour, then the longest silence that began there, the single longest week left out (one outage is not a habit);
 * - all hours: four times the age that the site stays below for 90 % of the time, its longest silence left out again,
 *   and not far beyond that longest one. The quantile is one over time, not over gaps: a site that sends in bursts
 *   between silent days spends its time in the silences, while in a busy site outages of up to a tenth of the time
 *   change nothing.
 */
export const EXPECTED_FLOOR_SECONDS = 120
export const EXPECTED_CAP_SECONDS = 31 * 86_400
/** With fewer silences than FEWEST_GAPS: the fixed threshold of dtms_data_fresh_ok. */
export const EXPECTED_UNLEARNT_SECONDS = 300

const FEWEST_GAPS = 8
const AGE_QUANTILE = 0.9
const QUANTILE_FACTOR = 4
const LONGEST_FACTOR = 1.25
const HOURS_PER_WEEK = 168
const FEWEST_WEEKS = 3
const WEEKS_SHARE = 0.75
/** A habit's hour may come a little early or late. */
const NEIGHBOUR_HOURS = [-1, 0, 1]

export interface LearntGaps {
  /** The expectation of any hour, slots. */
  anyHourSlots: number
  /** Longest silence that began in an hour, slots; hours as numbered since 1970. */
  longestByHour: ReadonlyMap<number, number>
  firstHour: number
}

/** A silence that touches an excluded stretch (a pause, a maintenance window) teaches nothing. */
export function learnGaps(history: SlotHistory, excluded: Intervals): LearntGaps {
  const counts = new Map<number, number>()
  const longestByHour = new Map<number, number>()
  let total = 0
  let longestSlots = 0
  const hours = history.hours
  const taught = hours.length > SHORT_HISTORY_HOURS ? hours.length - 1 : hours.length
  let previous: number | undefined
  const learn = (slot: number): void => {
    if (previous === undefined) return
    const from = (previous + 1) * SLOT_SECONDS
    if (slot - previous > 1 && excluded.overlap(from, slot * SLOT_SECONDS) > 0) return
    const gap = slot - previous
    const hour = Math.floor(previous / SLOTS_PER_HOUR)
    counts.set(gap, (counts.get(gap) ?? 0) + 1)
    total += 1
    longestSlots = Math.max(longestSlots, gap)
    longestByHour.set(hour, Math.max(longestByHour.get(hour) ?? 0, gap))
  }
  for (const hour of hours.slice(0, taught)) {
    for (const slot of history.slotsOf(hour)) {
      learn(slot)
      previous = slot
    }
  }
  // The silence that a closed hour left behind has ended when a later hour has begun.
  const open = hours[taught]
  const first = open === undefined ? undefined : history.slotsOf(open)[0]
  if (first !== undefined) learn(first)
  return { anyHourSlots: anyHourSlots(counts, total, longestSlots), longestByHour, firstHour: hours[0] ?? 0 }
}

/** Expected age, seconds, of a silence that began at `newestAt`. */
export function expectedAge(learnt: LearntGaps, newestAt: number): number {
  const slots = habitSlots(learnt, Math.floor(newestAt / 3600)) ?? learnt.anyHourSlots
  return Math.min(Math.max(slots * SLOT_SECONDS, EXPECTED_FLOOR_SECONDS), EXPECTED_CAP_SECONDS)
}

function habitSlots(learnt: LearntGaps, hour: number): number | undefined {
  const weeks = Math.floor((hour - learnt.firstHour) / HOURS_PER_WEEK)
  if (weeks < FEWEST_WEEKS) return undefined
  const longest: number[] = []
  for (let week = 1; week <= weeks; week += 1) {
    const around = NEIGHBOUR_HOURS.map((step) => learnt.longestByHour.get(hour - week * HOURS_PER_WEEK + step) ?? 0)
    const most = Math.max(...around)
    if (most > 0) longest.push(most)
  }
  if (longest.length < FEWEST_WEEKS || longest.length < weeks * WEEKS_SHARE) return undefined
  longest.sort((a, b) => b - a)
  return (longest[1] as number) * LONGEST_FACTOR
}

function anyHourSlots(counts: ReadonlyMap<number, number>, total: number, longest: number): number {
  // The fewer silences were seen, the less the longest of them says about the longest to come.
  const bound = longest * (LONGEST_FACTOR + 4 / Math.max(1, total))
  if (total < FEWEST_GAPS) return Math.max(EXPECTED_UNLEARNT_SECONDS / SLOT_SECONDS, bound)
  const withoutLongest = new Map(counts).set(longest, (counts.get(longest) ?? 1) - 1)
  return Math.min(QUANTILE_FACTOR * ageQuantile(withoutLongest, AGE_QUANTILE), bound)
}

/**
 * The age below which a site is for the share `q` of the time, in slots, given its silences by length: a silence of g
 * spends g - x at ages above x, so x solves sum(max(0, g - x)) = (1 - q) sum(g).
 */
export function ageQuantile(counts: ReadonlyMap<number, number>, q: number): number {
  const lengths = [...counts.keys()].sort((a, b) => b - a)
  const all = lengths.reduce((sum, length) => sum + length * (counts.get(length) ?? 0), 0)
  const target = (1 - q) * all
  let count = 0
  let sum = 0
  for (let i = 0; i < lengths.length; i += 1) {
    const length = lengths[i] as number
    count += counts.get(length) ?? 0
    sum += length * (counts.get(length) ?? 0)
    const x = count === 0 ? -1 : (sum - target) / count
    if (x >= (lengths[i + 1] ?? 0)) return x
  }
  return 0
}
