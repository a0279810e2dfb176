import { linkKey } from '../lib/names.ts'
import { type Transfer, throughputOf } from '../lib/record/record.ts'

export interface FitRow {
  name: string
  target: number
  simulated: number
  /** Signed, relative to the target. */
  errorPercent: number
}

const MB = 1e6
const GB = 1e9

/**
 * How well records meet the published measurements of real transfers that the default world is fitted to
 * (docs/simulator.md, "Where the numbers come from").
 */
export function fitReport(records: Iterable<Transfer>): { rows: FitRow[] } {
  const all = [...records]
  return {
    rows: [...arrivalRows(all), ...sizeRows(all), ...throughputRows(all), ...failureRows(all)].map(
      ([name, target, simulated]) => ({
        name,
        target,
        simulated: Number(simulated.toPrecision(6)),
        errorPercent: Number(((simulated / target - 1) * 100).toFixed(2)),
      }),
    ),
  }
}

type Row = [name: string, target: number, simulated: number]

function arrivalRows(records: readonly Transfer[]): Row[] {
  const { counts, minutes } = arrivalsPerMinute(records)
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length
  return [
    ['requests per active minute of a link, mean', 4.6, mean],
    ['requests per active minute of a link, p95', 13, quantile(counts, 0.95)],
    ['requests per active minute of a link, p99', 20, quantile(counts, 0.99)],
    ['requests per active minute of a link, max', 29, counts.at(-1) ?? Number.NaN],
    ['share of active minutes of a link (at least)', 0.9, counts.length / minutes],
  ]
}

/**
 * First tries by link and minute of asking. The last half hour is left out: what was asked for there is in part still
 * under way and has no record.
 */
function arrivalsPerMinute(records: readonly Transfer[]): { counts: number[]; minutes: number } {
  const minuteOf = (instant: number) => Math.floor(instant / 60)
  let first = Number.POSITIVE_INFINITY
  let last = Number.NEGATIVE_INFINITY
  for (const { queuedAt } of records) {
    if (queuedAt < first) first = queuedAt
    if (queuedAt > last) last = queuedAt
  }
  const from = minuteOf(first)
  const to = minuteOf(last - Math.min(1800, (last - first) / 4))
  const links = new Map<string, Map<number, number>>()
  for (const { source, destination, queuedAt, attempt } of records) {
    const minute = minuteOf(queuedAt)
    if (attempt !== 1 || minute >= to) continue
    const key = linkKey(source, destination)
    const counts = links.get(key) ?? new Map<number, number>()
    links.set(key, counts.set(minute, (counts.get(minute) ?? 0) + 1))
  }
  const counts = [...links.values()].flatMap((link) => [...link.values()])
  return { counts: counts.sort((a, b) => a - b), minutes: links.size * Math.max(1, to - from) }
}

function sizeRows(records: readonly Transfer[]): Row[] {
  const targets: Record<string, [name: string, probability: number, megabytes: number][]> = {
    raw: [
      ['p25', 0.25, 270],
      ['median', 0.5, 7000],
      ['p75', 0.75, 25_000],
      ['p95', 0.95, 71_000],
      ['p99', 0.99, 107_000],
    ],
    small: [
      ['median', 0.5, 28],
      ['p95', 0.95, 347],
    ],
  }
  return Object.entries(targets).flatMap(([activity, quantiles]) => {
    const sizes = sorted(
      records.filter((record) => record.activity === activity && record.attempt === 1),
      (record) => record.sizeBytes / MB,
    )
    return quantiles.map(
      ([name, probability, target]): Row => [
        `size of ${activity} files, ${name}, MB`,
        target,
        quantile(sizes, probability),
      ],
    )
  })
}

function throughputRows(records: readonly Transfer[]): Row[] {
  const done = records.filter((record) => record.status === 'ok')
  const rates = sorted(done, (record) => throughputOf(record) / MB)
  const large = sorted(
    done.filter((record) => record.sizeBytes > GB),
    (record) => throughputOf(record) / MB,
  )
  return [
    ['throughput, p5, MB/s', 0.008, quantile(rates, 0.05)],
    ['throughput, p25, MB/s', 0.83, quantile(rates, 0.25)],
    ['throughput, median, MB/s', 20, quantile(rates, 0.5)],
    ['throughput, p75, MB/s', 114, quantile(rates, 0.75)],
    ['throughput, p95, MB/s', 239, quantile(rates, 0.95)],
    ['throughput, max, MB/s', 618, rates.at(-1) ?? Number.NaN],
    ['throughput of files > 1 GB, median, MB/s (90 to 138)', 114, quantile(large, 0.5)],
  ]
}

function failureRows(records: readonly Transfer[]): Row[] {
  const targets: [name: string, classes: string[], percent: number][] = [
    ['destination full', ['destination/no_space'], 43.4],
    ['expired in the queue', ['scheduler/expired'], 18.6],
    ['destination dropped, refused or timed out', ['destination/unavailable'], 11.2],
    ['generic transfer failure, and other', ['transfer/interrupted'], 8.9 + 1.1],
    ['permission', ['destination/permission', 'source/permission', 'transfer/protocol'], 9.7],
    ['source dropped', ['source/unavailable'], 7.2],
  ]
  const failed = records.flatMap(({ error }) => (error === undefined ? [] : [`${error.scope}/${error.class}`]))
  return [
    ['share of attempts that fail', 0.03, failed.length / records.length],
    ...targets.map(
      ([name, classes, percent]): Row => [
        `failures: ${name}, percent of all`,
        percent,
        (100 * failed.filter((kind) => classes.includes(kind)).length) / failed.length,
      ],
    ),
  ]
}

function sorted(records: readonly Transfer[], value: (record: Transfer) => number): number[] {
  return records.map(value).sort((a, b) => a - b)
}

/** Nearest rank, of ascending values. */
function quantile(ascending: readonly number[], probability: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor(probability * ascending.length))] ?? Number.NaN
}
