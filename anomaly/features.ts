import { type LinkKey, linkKey, type SiteName } from '../lib/names.ts'
import type { TransferRecord } from '../lib/record/record.ts'
import {
  type Chain,
  LinkBaselines,
  type LinkState,
  loadEstimate,
  plainEstimate,
  ScopeBaselines,
  type ScopeState,
  sizeEstimate,
  slownessEstimate,
} from './link-baselines.ts'
import { at, FEATURES, features, lostPacketsOf, measure, packetsOf } from './measurement.ts'
import type { RateResidual } from './throughput-shift.ts'

/** Links beyond this many share one set of baselines for each destination: input must not grow a process without bound. */
export const MAX_LINKS = 1024

/** How far a deviation away from trouble, and one of the context, reaches as the forest sees it, standard deviations. */
const HARMLESS_Z = 0.7
const CONTEXT_Z = 1

/** No single feature may outweigh all others for ever. */
const LARGEST_Z = 12

/** A record as the detectors see it. Reused for the next record: copy what must stay. */
export interface Observation {
  link: LinkKey
  /** Robust z of every feature against the link's baseline, 0 where it was not measured. */
  z: Float32Array
  /** The same as the forest sees it: a deviation away from trouble is cut off (measurement.ts). */
  row: Float32Array
  /** Bit f is set when feature f was not measured or has no baseline yet; its z is the median's, 0. */
  missing: number
  /** The value on the feature's own scale, and what is usual there. */
  value: Float64Array
  center: Float64Array
  scale: Float64Array
  /**
   * `rate`, `hour-rate` and `first-byte` are measured in standard deviations for files of this activity and size:
   * on the feature's own scale that is offset + unit * value. 0 and 1 for the others.
   */
  offset: Float64Array
  unit: Float64Array
  /** Rate and time to the first byte together, in standard deviations: high is slow. NaN when not measured. */
  slowness: number
  /** Usual share of lost packets. */
  lossRatio: number
}

export function isMissing(observation: Observation, feature: number): boolean {
  return (observation.missing & (1 << feature)) !== 0
}

/** How far the rate was from what is usual for such a transfer; undefined when there is none to tell. */
export function rateResidualOf(observation: Observation): RateResidual | undefined {
  if (Number.isNaN(observation.slowness)) return undefined
  const deviation = (observation.value[at.rate] as number) - (observation.center[at.rate] as number)
  return { z: -observation.slowness, decades: deviation * (observation.unit[at.rate] as number) }
}

export interface FeaturesState {
  links: [string, LinkState][]
  classes: [string, ScopeState][]
  global: ScopeState
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
  /** Rate and first byte as they were measured, before they became residuals. */
  readonly #measured = new Float64Array(FEATURES)
  readonly #observation: Observation = {
    link: '' as LinkKey,
    z: new Float32Array(FEATURES),
    row: new Float32Array(FEATURES),
    missing: 0,
    value: new Float64Array(FEATURES),
    center: new Float64Array(FEATURES),
    scale: new Float64Array(FEATURES),
    offset: new Float64Array(FEATURES),
    unit: new Float64Array(FEATURES).fill(1),
    slowness: Number.NaN,
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
    const { hourRate } = at
    const observation = this.#observation
    observation.link = linkKey(record.source, record.destination)
    observation.missing = 0
    observation.lossRatio = link.context.lossRatio ?? 0

    this.#residuals(record, chain)
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
        observation.row[feature] = asSeen(feature, limited)
      }
    }
    const together = slownessOf(observation)
    const usual = slownessEstimate(chain, row[at.size] as number)
    observation.slowness = usual === undefined ? Number.NaN : (together - usual.center) / usual.scale
    return observation
  }

  /** Rate and first byte become what is left of them after activity, size and load have had their say. */
  #residuals(record: TransferRecord, chain: Chain): void {
    const { size, rate, hourRate, firstByte, concurrency } = at
    const row = this.#raw
    const { offset, unit } = this.#observation
    const logSize = row[size] as number
    const load = loadEstimate(chain, row[concurrency] as number)?.center ?? 0
    for (const [feature, which, added] of [
      [rate, 'rate', load],
      [firstByte, 'firstByte', 0],
    ] as const) {
      const usual = Number.isNaN(row[feature] as number)
        ? undefined
        : sizeEstimate(chain, which, record.activity, logSize)
      this.#measured[feature] = row[feature] as number
      offset[feature] = usual === undefined ? Number.NaN : usual.center + added
      unit[feature] = usual?.scale ?? Number.NaN
      row[feature] = ((row[feature] as number) - (offset[feature] as number)) / (unit[feature] as number)
    }
    offset[hourRate] = offset[rate] as number
    unit[hourRate] = unit[rate] as number
    row[hourRate] = row[rate] as number
  }

  /** After `observe` of the same record: it becomes part of what is usual. */
  learn(record: TransferRecord): void {
    const { link, chain } = this.#chainOf(record)
    const row = this.#raw
    const { size, rate, hourRate, firstByte, concurrency } = at
    const logRate = this.#measured[rate] as number
    if (!Number.isNaN(logRate)) {
      const logSize = row[size] as number
      const load = row[concurrency] as number
      const together = slownessOf(this.#observation)
      for (const scope of chain) {
        const own = [scope]
        const usual = sizeEstimate(own, 'rate', record.activity, logSize)
        scope.rate.of(record.activity).learn(logSize, logRate - (loadEstimate(own, load)?.center ?? 0))
        scope.firstByte.of(record.activity).learn(logSize, this.#measured[firstByte] as number)
        if (usual !== undefined) scope.byLoad.learn(load, logRate - usual.center)
        if (!Number.isNaN(together)) scope.slowness.learn(logSize, together)
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
    // Rate and first byte are refused in standard deviations of their size: the curves are moved by as many.
    const rate = link.plain[at.rate]?.refusedCenter() ?? 0
    const firstByte = link.plain[at.firstByte]?.refusedCenter() ?? 0
    for (const baseline of link.plain) baseline.adopt()
    link.rate.shift(rate)
    link.plain[at.rate]?.shift(-rate)
    link.firstByte.shift(firstByte)
    link.plain[at.firstByte]?.shift(-firstByte)
    link.forgetHours()
  }

  save(): FeaturesState {
    return {
      links: [...this.#links].map(([key, link]) => [key, link.save()]),
      classes: [...this.#classes].map(([name, scope]) => [name, scope.save()]),
      global: this.#global.save(),
    }
  }

  #chainOf(record: { source: SiteName; destination: SiteName }): { link: LinkBaselines; chain: Chain } {
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

/** How slow the record was on both counts, in standard deviations; NaN when its rate was not measured. */
function slownessOf(observation: Observation): number {
  if (isMissing(observation, at.rate)) return Number.NaN
  return (observation.z[at.firstByte] as number) - (observation.z[at.rate] as number)
}

/** Trees isolate whatever lies apart: what is no trouble must not lie apart, so it is cut off close to the middle. */
function asSeen(feature: number, z: number): number {
  const trouble = features[feature]?.trouble
  if (trouble === 'none') return Math.max(-CONTEXT_Z, Math.min(CONTEXT_Z, z))
  return trouble === 'high' ? Math.max(-HARMLESS_Z, z) : Math.min(HARMLESS_Z, z)
}
