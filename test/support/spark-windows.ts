import type { StreamEvent } from '../../streaming/event.ts'
import type { WindowPart } from '../../streaming/windows.ts'

/** A window as the Spark job writes it. */
export interface SparkWindow {
  id: string
  scope: 'link' | 'site'
  source: string
  destination?: string
  from: number
  to: number
  count: number
  failed: number
  failures: Record<string, number>
  bytes: number
  firstByteSeconds: number
  duration: SparkMeasure
  rate: SparkMeasure
  queueWait: SparkMeasure
}

export interface SparkMeasure {
  count: number
  sum: number
  mean: number
  min: number
  max: number
  p50: number
  p95: number
  p99: number
}

export const measures = ['duration', 'rate', 'queueWait'] as const

/** The id that Spark gives it: parts of several partitions and recorders have the same one. */
export function windowId(part: Pick<WindowPart, 'from' | 'scope' | 'source' | 'destination'>): string {
  return `w-${part.from}-${part.scope === 'link' ? `${part.source}>${part.destination}` : part.source}`
}

/** Everything that went into each window, by the window's id: what percentiles are judged by. */
export function valuesByWindow(events: readonly StreamEvent[], windowSeconds: number): Map<string, Values> {
  const values = new Map<string, Values>()
  for (const event of events) {
    const from = Math.floor(event.at / windowSeconds) * windowSeconds
    const { source, destination } = event
    for (const scope of ['link', 'site'] as const) {
      const id = windowId({ from, scope, source, destination })
      const of = values.get(id) ?? { duration: [], rate: [], queueWait: [] }
      values.set(id, of)
      of.duration.push(event.durationSeconds)
      of.queueWait.push(event.queueSeconds)
      if (event.status === 'ok' && event.durationSeconds > 0) of.rate.push(event.bytes / event.durationSeconds)
    }
  }
  for (const of of values.values()) for (const name of measures) of[name].sort((a, b) => a - b)
  return values
}
export type Values = Record<(typeof measures)[number], number[]>

/**
 * Whether `found` may stand for the quantile: within `error` of the values whose ranks are next to it (the nearest ranks
 * below and above differ by the rule for rounding) or further away by `ranks`.
 */
export function isQuantile(sorted: readonly number[], q: number, found: number, error: number, ranks = 0): boolean {
  if (sorted.length === 0) return found === 0
  const place = q * (sorted.length - 1)
  const low = sorted[Math.max(0, Math.floor(place) - ranks)] ?? 0
  const high = sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) + ranks)] ?? 0
  return found >= low * (1 - error) - 1e-12 && found <= high * (1 + error) + 1e-12
}
