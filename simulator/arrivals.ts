import { Random, type RandomState } from '../lib/random.ts'
import type { Request } from './attempt.ts'
import { inverseDistribution } from './distribution.ts'
import type { LinkModel, Model } from './model.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

/** Where the asking for transfers over one link stands: plain data. */
export interface ArrivalState {
  arrivals: RandomState
  files: RandomState
  /** Minutes without a request, just now. */
  quietMinutes: number
  /** Requests made so far. */
  count: number
}

export function startArrivals(link: LinkModel): ArrivalState {
  return { arrivals: link.arrivalsSeed, files: link.filesSeed, quietMinutes: 0, count: 0 }
}

/**
 * The requests of one minute, and when to ask for the next minute's.
 *
 * A minute is quiet or active; an active one brings 1 + a geometric number of requests, which meets the published
 * mean, p95, p99 and maximum together. The rhythm moves the mean. Nothing that happens on the link changes what is
 * asked for, so that worlds with and without a fault ask for the same files.
 */
export function arrivalsOfMinute(
  model: Model,
  link: LinkModel,
  state: ArrivalState,
  minuteMs: number,
): { requests: Request[]; nextMs: number } {
  const { arrivals: spec } = link.spec
  const random = new Random(state.arrivals)
  let nextMs = minuteMs + MINUTE_MS
  let count = 0
  const gap = spec.gaps !== undefined && random.chance(MINUTE_MS / (spec.gaps.meanHoursBetween * HOUR_MS))
  if (spec.gaps !== undefined && gap) {
    const hours = Math.min(spec.gaps.maxHours, random.exponential(spec.gaps.meanHours))
    nextMs += Math.ceil((hours * HOUR_MS) / MINUTE_MS) * MINUTE_MS
  } else if (random.chance(spec.activeShare) || state.quietMinutes >= spec.longestQuietMinutes) {
    const mean = Math.max(1, spec.meanPerActiveMinute * model.rhythm(minuteMs / 1000))
    count = Math.min(spec.maxPerMinute, 1 + random.geometric(mean - 1))
  }
  const instants: number[] = []
  for (let i = 0; i < count; i += 1) instants.push(minuteMs + random.int(MINUTE_MS))
  instants.sort((a, b) => a - b)
  state.quietMinutes = count === 0 ? state.quietMinutes + 1 : 0
  state.arrivals = random.state()

  const chance = new Random(state.files)
  const requests = instants.map((queuedMs): Request => {
    const file = model.fileAt(chance.next())
    const points = model.scenario.files[file]?.sizeQuantilesMB ?? []
    const sizeBytes = Math.max(1, Math.round(inverseDistribution(points, chance.next()) * 1e6))
    state.count += 1
    return { number: state.count, attempt: 1, file, sizeBytes, luck: chance.uint32(), queuedMs }
  })
  state.files = chance.state()
  return { requests, nextMs }
}
