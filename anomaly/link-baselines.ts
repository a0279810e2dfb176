import { Baseline, type BaselineState, ENOUGH, type Estimate, estimateOf } from './baseline.ts'
import { Curve, type CurveShape, type CurveState, estimateAt } from './curve.ts'
import { LinkContext, type LinkContextState } from './link-context.ts'
import { features } from './measurement.ts'

/** Values kept for each plain feature, each bin of size or load, each hour of the week. */
const PLAIN_CAPACITY = 256
const HOUR_CAPACITY = 64
const HOUR_FLOOR = 0.25

/** x is the power of ten of the size; the floor is in powers of ten as well. */
const sizeShape: CurveShape = { width: 1 / 3, capacity: 128, floor: 0.03 }
const loadShape: CurveShape = { width: 0.5, capacity: 128, floor: 0.03 }
/** In standard deviations. */
const slownessShape: CurveShape = { width: 1 / 3, capacity: 128, floor: 0.5 }

/** Kinds of transfer that a link keeps apart; more share one. */
const MAX_ACTIVITIES = 8

type ActivityState = [activity: string, curve: CurveState][]

export interface ScopeState {
  plain: BaselineState[]
  rate: ActivityState
  firstByte: ActivityState
  byLoad: CurveState
  slowness: CurveState
}

export interface LinkState extends ScopeState {
  context: LinkContextState
  hours: [number, BaselineState][]
  thisHour: { hour: number; values: number[] }
}

/** One curve over the size for each activity: raw data and small files are set up by different means. */
export class ActivityCurves {
  readonly #curves = new Map<string, Curve>()

  constructor(state: ActivityState = []) {
    for (const [activity, saved] of state) this.#curves.set(activity, Curve.restore(sizeShape, saved))
  }

  of(activity: string): Curve {
    const key = this.#curves.has(activity) || this.#curves.size < MAX_ACTIVITIES ? activity : '*'
    let curve = this.#curves.get(key)
    if (curve === undefined) {
      curve = new Curve(sizeShape)
      this.#curves.set(key, curve)
    }
    return curve
  }

  shift(deviations: number): void {
    for (const curve of this.#curves.values()) curve.shift(deviations)
  }

  save(): ActivityState {
    return [...this.#curves].map(([activity, curve]) => [activity, curve.save()])
  }
}

/** What is usual in one scope: a link, a route class, or everything. */
export class ScopeBaselines {
  readonly plain: Baseline[]
  /** Logarithm of the rate, and of the time to the first byte, given activity and size. */
  readonly rate: ActivityCurves
  readonly firstByte: ActivityCurves
  /** What the load of the link adds to the logarithm of the rate. */
  readonly byLoad: Curve
  /** Rate and first byte together, in standard deviations, given the size: how wide their sum is depends on how far one implies the other. */
  readonly slowness: Curve

  constructor(state?: ScopeState) {
    this.plain = features.map(({ floor }, i) => {
      const saved = state?.plain[i]
      return saved === undefined ? new Baseline(PLAIN_CAPACITY, floor) : Baseline.restore(PLAIN_CAPACITY, floor, saved)
    })
    this.rate = new ActivityCurves(state?.rate)
    this.firstByte = new ActivityCurves(state?.firstByte)
    this.byLoad = state === undefined ? new Curve(loadShape) : Curve.restore(loadShape, state.byLoad)
    this.slowness = state === undefined ? new Curve(slownessShape) : Curve.restore(slownessShape, state.slowness)
  }

  save(): ScopeState {
    return {
      plain: this.plain.map((baseline) => baseline.save()),
      rate: this.rate.save(),
      firstByte: this.firstByte.save(),
      byLoad: this.byLoad.save(),
      slowness: this.slowness.save(),
    }
  }
}

/** The scopes of a record, link first, everything last. */
export type Chain = readonly ScopeBaselines[]

export function plainEstimate(chain: Chain, feature: number): Estimate | undefined {
  const first = chain[0]?.plain[feature]
  if (first !== undefined && first.observations >= ENOUGH) return first.own()
  return estimateOf(chain.map((scope) => scope.plain[feature]))
}

export function sizeEstimate(
  chain: Chain,
  which: 'rate' | 'firstByte',
  activity: string,
  logSize: number,
): Estimate | undefined {
  return estimateAt(
    chain.map((scope) => scope[which].of(activity)),
    sizeShape.width,
    logSize,
  )
}

export function loadEstimate(chain: Chain, load: number): Estimate | undefined {
  return estimateAt(
    chain.map((scope) => scope.byLoad),
    loadShape.width,
    load,
  )
}

export function slownessEstimate(chain: Chain, logSize: number): Estimate | undefined {
  return estimateAt(
    chain.map((scope) => scope.slowness),
    slownessShape.width,
    logSize,
  )
}

/** What is usual on one link. */
export class LinkBaselines extends ScopeBaselines {
  readonly context: LinkContext
  readonly #hours = new Map<number, Baseline>()
  /** The hour under way: it is compared with the same hour of earlier weeks, so it joins them only when it is over. */
  #thisHour: { hour: number; values: number[] }

  constructor(state?: LinkState) {
    super(state)
    this.context = state === undefined ? new LinkContext() : LinkContext.restore(state.context)
    this.#thisHour = state === undefined ? { hour: -1, values: [] } : structuredClone(state.thisHour)
    for (const [hour, saved] of state?.hours ?? [])
      this.#hours.set(hour, Baseline.restore(HOUR_CAPACITY, HOUR_FLOOR, saved))
  }

  /** What was usual in this hour of the week in earlier weeks; undefined until it has been seen often enough. */
  hourEstimate(endedAt: number): Estimate | undefined {
    const hour = this.#hours.get(hourOfWeek(Math.floor(endedAt / 3600)))
    return hour === undefined || hour.observations < ENOUGH ? undefined : hour.own()
  }

  learnHour(endedAt: number, value: number): void {
    const hour = Math.floor(endedAt / 3600)
    if (hour !== this.#thisHour.hour) {
      const key = hourOfWeek(this.#thisHour.hour)
      const baseline = this.#hours.get(key) ?? new Baseline(HOUR_CAPACITY, HOUR_FLOOR)
      for (const old of this.#thisHour.values) baseline.learn(old)
      if (this.#thisHour.values.length > 0) this.#hours.set(key, baseline)
      this.#thisHour = { hour, values: [] }
    }
    if (this.#thisHour.values.length < HOUR_CAPACITY) this.#thisHour.values.push(value)
  }

  forgetHours(): void {
    this.#hours.clear()
    this.#thisHour = { hour: -1, values: [] }
  }

  override save(): LinkState {
    return {
      ...super.save(),
      context: this.context.save(),
      hours: [...this.#hours].sort(([a], [b]) => a - b).map(([hour, baseline]) => [hour, baseline.save()]),
      thisHour: structuredClone(this.#thisHour),
    }
  }
}

/** Counted from Thursday 1970-01-01 00:00 UTC: only that hours come round again after a week matters. */
function hourOfWeek(hour: number): number {
  return hour % 168
}
