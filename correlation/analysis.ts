import { type LinkKey, linkEnds, type SiteName } from '../lib/names.ts'
import { bonferroni, correlationP, effectivePairs, PairMoments } from '../lib/stats/correlation.ts'
import type { CorrelationItem } from '../lib/streams/correlations.ts'
import type { MinuteSums, Series } from './minutes.ts'

/**
 * Do anomalies and throughput move together, and which comes first?
 *
 * x is the number of anomalies of a minute, y its mean throughput (bytes moved / seconds spent, over all its records).
 * At lag L the pairs are (x of minute t, y of minute t + L) for all t where both exist: minutes without a record have no
 * throughput and make no pair. p comes from the t-test with the number of independent pairs (lib/stats/correlation.ts),
 * the best lag's p is multiplied by the number of lags looked at.
 */
export const MOST_LAG_MINUTES = 10
/** A scope is called significant when the corrected p of its best lag is below this. */
export const SIGNIFICANT_P = 0.01

/** A lag with fewer pairs, or with less than half of what the fullest lag has, cannot be the best one. */
const FEWEST_PAIRS = 10
/** Memory of the series that is followed for the number of independent pairs, minutes. */
const MEMORY_MINUTES = 60

export interface ScopeSums {
  scope: CorrelationItem['scope']
  minutes: ReadonlyMap<number, MinuteSums>
}

/** The platform, then every site by name, then every link by name. */
export function scopesOf(series: readonly Series[]): ScopeSums[] {
  const platform = new Map<number, MinuteSums>()
  const sites = new Map<SiteName, Map<number, MinuteSums>>()
  const links = new Map<LinkKey, Map<number, MinuteSums>>()
  for (const { place, minutes, sums } of series) {
    const targets = [platform]
    if (place !== undefined) targets.push(entryOf(sites, place.site), entryOf(links, place.link))
    minutes.forEach((minute, i) => {
      for (const target of targets) addTo(target, minute, sums[i] as MinuteSums)
    })
  }
  return [
    { scope: { platform: true }, minutes: platform },
    ...byName(sites).map(([site, minutes]): ScopeSums => ({ scope: { site }, minutes })),
    ...byName(links).map(([link, minutes]): ScopeSums => ({ scope: linkEnds(link), minutes })),
  ]
}

/** Everything that is said about one scope. */
export function analyse({ scope, minutes }: ScopeSums): CorrelationItem {
  const { anomalies, throughput } = seriesOf(minutes)
  const lags = Array.from({ length: 2 * MOST_LAG_MINUTES + 1 }, (_, i) => i - MOST_LAG_MINUTES)
  const found = lags.map((lagMinutes) => ({ lagMinutes, ...correlate(anomalies, throughput, lagMinutes) }))
  const none = { lagMinutes: 0, coefficient: undefined, pairs: 0 }
  const now = found.find((item) => item.lagMinutes === 0) ?? none
  const enough = Math.max(FEWEST_PAIRS, Math.max(...found.map((item) => item.pairs)) / 2)
  const usable = found.filter((item) => item.coefficient !== undefined && item.pairs >= enough)
  const best = usable.toSorted((a, b) => strength(b) - strength(a))[0]
  const p = pOf(anomalies, throughput, now.lagMinutes, now.coefficient)
  const bestP = best === undefined ? null : pOf(anomalies, throughput, best.lagMinutes, best.coefficient)
  const corrected = bestP === null ? null : bonferroni(bestP, usable.length)
  return {
    scope,
    coefficient: rounded(now.coefficient),
    pairs: now.pairs,
    pValue: p,
    bestLagMinutes: best?.lagMinutes ?? null,
    bestCoefficient: rounded(best?.coefficient),
    bestPValue: corrected,
    significant: corrected !== null && corrected < SIGNIFICANT_P,
    lags: found.map((item) => ({ ...item, coefficient: rounded(item.coefficient) })),
  }
}

interface MinuteSeries {
  /** NaN where nothing was seen. */
  anomalies: Float64Array
  /** Bytes per second; NaN where nothing was measured. */
  throughput: Float64Array
}

function seriesOf(minutes: ReadonlyMap<number, MinuteSums>): MinuteSeries {
  let from = Number.POSITIVE_INFINITY
  let to = Number.NEGATIVE_INFINITY
  for (const minute of minutes.keys()) {
    from = Math.min(from, minute)
    to = Math.max(to, minute)
  }
  const length = minutes.size === 0 ? 0 : to - from + 1
  const anomalies = new Float64Array(length).fill(Number.NaN)
  const throughput = new Float64Array(length).fill(Number.NaN)
  for (const [minute, sums] of minutes) {
    anomalies[minute - from] = sums.anomalies
    if (sums.milliseconds > 0) throughput[minute - from] = (sums.bytes / sums.milliseconds) * 1000
  }
  return { anomalies, throughput }
}

function correlate(
  xs: Float64Array,
  ys: Float64Array,
  lag: number,
): { coefficient: number | undefined; pairs: number } {
  const moments = new PairMoments()
  for (let t = Math.max(0, -lag); t < Math.min(xs.length, ys.length - lag); t += 1) {
    const [x, y] = [xs[t] as number, ys[t + lag] as number]
    if (!Number.isNaN(x) && !Number.isNaN(y)) moments.add(x, y)
  }
  return { coefficient: moments.coefficient(), pairs: moments.count }
}

function pOf(xs: Float64Array, ys: Float64Array, lag: number, coefficient: number | undefined): number | null {
  if (coefficient === undefined) return null
  const pairedX = new Float64Array(xs.length).fill(Number.NaN)
  const pairedY = new Float64Array(xs.length).fill(Number.NaN)
  for (let t = Math.max(0, -lag); t < Math.min(xs.length, ys.length - lag); t += 1) {
    const [x, y] = [xs[t] as number, ys[t + lag] as number]
    if (Number.isNaN(x) || Number.isNaN(y)) continue
    pairedX[t] = x
    pairedY[t] = y
  }
  return correlationP(coefficient, effectivePairs(pairedX, pairedY, MEMORY_MINUTES)) ?? null
}

function strength(item: { coefficient: number | undefined }): number {
  return Math.abs(item.coefficient ?? 0)
}

/** Four decimals: finer ones say nothing and make the line of a run longer. */
function rounded(coefficient: number | undefined): number | null {
  return coefficient === undefined ? null : Math.round(coefficient * 10_000) / 10_000
}

function entryOf<K>(map: Map<K, Map<number, MinuteSums>>, key: K): Map<number, MinuteSums> {
  const known = map.get(key)
  if (known !== undefined) return known
  const entry = new Map<number, MinuteSums>()
  map.set(key, entry)
  return entry
}

function addTo(target: Map<number, MinuteSums>, minute: number, sums: MinuteSums): void {
  const known = target.get(minute)
  if (known === undefined) target.set(minute, { ...sums })
  else {
    known.records += sums.records
    known.bytes += sums.bytes
    known.milliseconds += sums.milliseconds
    known.anomalies += sums.anomalies
  }
}

function byName<K extends string, V>(map: ReadonlyMap<K, V>): [K, V][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1))
}
