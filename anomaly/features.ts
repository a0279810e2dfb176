import { type LinkKey, linkKey, type SiteName } from '../lib/names.ts'
import type { TransferRecord } from '../lib/record/record.ts'
import { Baseline, type BaselineState, ENOUGH, type Estimate, estimateOf } from './baseline.ts'
import { Curve, type CurveState, estimateAt } from './curve.ts'
import { LinkContext, type LinkContextState } from './link-context.ts'
import { at, FEATURES, features, lostPacketsOf, measure, packetsOf } from './measurement.ts'
import type { RateResidual } from './throughput-shift.ts'

/** Values kept for each plain feature, each bin of size or load, each hour of the week. */
const PLAIN_CAPACITY = 256
const sizeShape = { width: 1 / 3, capacity: 128, floor: 0.03 }
const loadShape = { width: 0.5, capacity: 128, floor: 0.03 }
const HOUR_CAPACITY = 64
const HOUR_FLOOR = 0.25

/** Links beyond this many share one set of baselines for each destination: input must not grow a process without bound. */
export const MAX_LINKS = 1024

/** No single feature may outweigh all others for ever. */
const LARGEST_Z = 12

/** A record as the detectors see it. Reused for the next record: copy what must stay. */
export interface Observation {
  link: LinkKey
  /** Robust z of every feature against the link's baseline, 0 where it was not measured. */
  z: Float32Array
  /** The same as the forest sees it: a deviation away from trouble counts half (measurement.ts). */
  row: Float32Array
  /** Bit f is set when feature f was not measured or has no baseline yet; its z is the median's, 0. */
  missing: number
  /** The value on the feature's own scale, and what is usual there. */
  value: Float64Array
  center: Float64Array
  scale: Float64Array
  /** `rate` and `hour-rate` are in standard deviations for files of this size: log10(bytes per second) = offset + scale * value. */
  rateOffset: number
  rateScale: number
  /** Usual share of lost packets. */
  lossRatio: number
}

export function isMissing(observation: Observation, feature: number): boolean {
  return (observation.missing & (1 << feature)) !== 0
}

/** How far the rate was from what is usual for such a transfer; undefined when there is none to tell. */
export function rateResidualOf(observation: Observation): RateResidual | undefined {
  if (isMissing(observation, at.rate)) return undefined
  const deviation = (observation.value[at.rate] as number) - (observation.center[at.rate] as number)
  return { z: observation.z[at.rate] as number, decades: deviation * observation.rateScale }
}

interface ScopeState {
  plain: BaselineState[]
  bySize: CurveState
  byLoad: CurveState
}
interface LinkState extends ScopeState {
  context: LinkContextState
  hours: [number, BaselineState][]
  thisHour: { hour: number; values: number[] }
}
export interface FeaturesState {
  links: [string, LinkState][]
  classes: [string, ScopeState][]
  global: ScopeState
}

/** What is usual in one scope: a link, a route class, or everything. */
class ScopeBaselines {
  readonly plain: Baseline[]
  readonly bySize: Curve
  readonly byLoad: Curve

  constructor(state?: ScopeState) {
    this.plain = features.map(({ floor }, i) => {
      const saved = state?.plain[i]
      return saved === undefined ? new Baseline(PLAIN_CAPACITY, floor) : Baseline.restore(PLAIN_CAPACITY, floor, saved)
    })
    this.bySize = state === undefined ? new Curve(sizeShape) : Curve.restore(sizeShape, state.bySize)
    this.byLoad = state === undefined ? new Curve(loadShape) : Curve.restore(loadShape, state.byLoad)
  }

  save(): ScopeState {
    return {
      plain: this.plain.map((baseline) => baseline.save()),
      bySize: this.bySize.save(),
      byLoad: this.byLoad.save(),
    }
  }
}

class LinkBaselines extends ScopeBaselines {
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

/**
 * Turns records into robust z per link, and learns what is usual. A link that has not seen enough leans on its route
 * class (all links to the same destination: they share its storage), then on everything.
 *
 * `observe` scores against what was known before; `learn` or `refuse` follows once it is decided whether the record is
 * flagged. The rate is judged given the size (a curve per link) and given how busy the link was (another one on top).
 */
export class Features {
  readonly #links = new Map<string, LinkBaselines>()
  readonly #classes = new Map<string, ScopeBaselines>()
  #global = new ScopeBaselines()
  readonly #raw = new Float64Array(FEATURES)
  readonly #observation: Observation = {
    link: '' as LinkKey,
    z: new Float32Array(FEATURES),
    row: new Float32Array(FEATURES),
    missing: 0,
    value: new Float64Array(FEATURES),
    center: new Float64Array(FEATURES),
    scale: new Float64Array(FEATURES),
    rateOffset: 0,
    rateScale: 1,
    lossRatio: 0,
  }

  static restore(state: FeaturesState): Features {
    const restored = new Features()
    restored.#global = new ScopeBaselines(state.global)
    for (const [name, saved] of state.classes) restored.#classes.set(name, new ScopeBaselines(saved))
    for (const [link, saved] of state.links) restored.#links.set(link, new LinkBaselines(saved))
    return restored
  }

  get links(): number {
    return this.#links.size
  }

  observe(record: TransferRecord): Observation {
    const { link, chain } = this.#chainOf(record)
    const row = this.#raw
    measure(record, link.context, row)
    const { size, rate, hourRate, concurrency } = at
    const observation = this.#observation
    observation.link = linkKey(record.source, record.destination)
    observation.missing = 0
    observation.lossRatio = link.context.lossRatio ?? 0

    // The rate becomes what is left of it after size and load have had their say.
    const logRate = row[rate] as number
    observation.rateOffset = Number.NaN
    observation.rateScale = Number.NaN
    if (!Number.isNaN(logRate)) {
      const bySize = estimateAt(
        chain.map((scope) => scope.bySize),
        sizeShape.width,
        row[size] as number,
      )
      const byLoad = estimateAt(
        chain.map((scope) => scope.byLoad),
        loadShape.width,
        row[concurrency] as number,
      )
      observation.rateOffset = bySize === undefined ? Number.NaN : bySize.center + (byLoad?.center ?? 0)
      observation.rateScale = bySize?.scale ?? Number.NaN
      row[rate] = (logRate - observation.rateOffset) / observation.rateScale
      row[hourRate] = row[rate] as number
    }

    for (let feature = 0; feature < FEATURES; feature += 1) {
      const usual = feature === hourRate ? link.hourEstimate(record.endedAt) : plainEstimate(chain, feature)
      const value = row[feature] as number
      observation.value[feature] = value
      observation.center[feature] = usual?.center ?? Number.NaN
      observation.scale[feature] = usual?.scale ?? Number.NaN
      if (usual === undefined || Number.isNaN(value)) {
        observation.missing |= 1 << feature
        observation.z[feature] = 0
        observation.row[feature] = 0
      } else {
        const z = (value - usual.center) / usual.scale
        const limited = Math.max(-LARGEST_Z, Math.min(LARGEST_Z, z))
        observation.z[feature] = limited
        observation.row[feature] = isHarmless(feature, limited) ? limited / 2 : limited
      }
    }
    return observation
  }

  /** After `observe` of the same record: it becomes part of what is usual. */
  learn(record: TransferRecord): void {
    const { link, chain } = this.#chainOf(record)
    const row = this.#raw
    const { size, rate, hourRate, concurrency } = at
    if (record.status === 'ok' && record.durationSeconds > 0 && record.bytesTransferred > 0) {
      const logRate = Math.log10(record.bytesTransferred / record.durationSeconds)
      for (const scope of chain) {
        const bySize = estimateAt([scope.bySize], sizeShape.width, row[size] as number)
        const byLoad = estimateAt([scope.byLoad], loadShape.width, row[concurrency] as number)
        scope.bySize.learn(row[size] as number, logRate - (byLoad?.center ?? 0))
        if (bySize !== undefined) scope.byLoad.learn(row[concurrency] as number, logRate - bySize.center)
      }
      if (!Number.isNaN(row[rate] as number)) link.learnHour(record.endedAt, row[rate] as number)
      if (record.transport !== undefined) link.context.observeLoss(lostPacketsOf(record.transport), packetsOf(record))
    }
    for (let feature = 0; feature < FEATURES; feature += 1) {
      if (feature === hourRate || Number.isNaN(row[feature] as number)) continue
      for (const scope of chain) scope.plain[feature]?.learn(row[feature] as number)
    }
    link.context.observe(record)
  }

  /** Instead of `learn` for a flagged record: remembered, not believed. */
  refuse(record: TransferRecord): void {
    const { link } = this.#chainOf(record)
    for (let feature = 0; feature < FEATURES; feature += 1) {
      const value = this.#raw[feature] as number
      if (feature !== at.hourRate && !Number.isNaN(value)) link.plain[feature]?.refuse(value)
    }
    link.context.observe(record)
  }

  /** A lasting change of this link has been confirmed: what was refused last is what is usual now. */
  adopt(key: LinkKey): void {
    const link = this.#links.get(key)
    if (link === undefined) return
    // The rate is refused in standard deviations of its size; the curves are moved by as many typical ones.
    const deviations = link.plain[at.rate]?.refusedCenter()
    for (const baseline of link.plain) baseline.adopt()
    if (deviations === undefined) return
    link.bySize.shift(deviations)
    link.plain[at.rate]?.shift(-deviations)
    link.forgetHours()
  }

  save(): FeaturesState {
    return {
      links: [...this.#links].map(([key, link]) => [key, link.save()]),
      classes: [...this.#classes].map(([name, scope]) => [name, scope.save()]),
      global: this.#global.save(),
    }
  }

  #chainOf(record: { source: SiteName; destination: SiteName }): { link: LinkBaselines; chain: ScopeBaselines[] } {
    const { destination } = record
    const className = this.#classes.has(destination) || this.#classes.size < MAX_LINKS ? destination : '*'
    const key: string = linkKey(record.source, destination)
    const link = this.#link(this.#links.has(key) || this.#links.size < MAX_LINKS ? key : `*>${className}`)
    let routeClass = this.#classes.get(className)
    if (routeClass === undefined) {
      routeClass = new ScopeBaselines()
      this.#classes.set(className, routeClass)
    }
    return { link, chain: [link, routeClass, this.#global] }
  }

  #link(key: string): LinkBaselines {
    let link = this.#links.get(key)
    if (link === undefined) {
      link = new LinkBaselines()
      this.#links.set(key, link)
    }
    return link
  }
}

function plainEstimate(chain: readonly ScopeBaselines[], feature: number): Estimate | undefined {
  const first = chain[0]?.plain[feature]
  if (first !== undefined && first.observations >= ENOUGH) return first.own()
  return estimateOf(chain.map((scope) => scope.plain[feature]))
}

function isHarmless(feature: number, z: number): boolean {
  const trouble = features[feature]?.trouble
  return (trouble === 'high' && z < 0) || (trouble === 'low' && z > 0)
}
