import { Counter, Gauge, Histogram, Registry } from 'prom-client'

export type { Counter, Gauge, Histogram } from 'prom-client'
export type MetricsRegistry = Registry

export interface MetricText<L extends string> {
  name: string
  help: string
  labels?: readonly L[]
}

/** Declares the metrics of one service on one registry; `describe` lists them for docs/metrics.md. */
export class Metrics {
  readonly registry: MetricsRegistry = new Registry()

  /** `collect` runs at every scrape: for what is counted elsewhere, by `remove()` or `reset()` and then `inc(total)`. */
  counter<L extends string = never>(text: MetricText<L>, collect?: (counter: Counter<L>) => void): Counter<L> {
    return new Counter<L>({
      name: text.name,
      help: text.help,
      labelNames: text.labels ?? [],
      registers: [this.registry],
      ...(collect === undefined
        ? {}
        : {
            collect(this: Counter<L>) {
              collect(this)
            },
          }),
    })
  }

  /** `collect` runs at every scrape: ages and states are computed then, never stored. */
  gauge<L extends string = never>(text: MetricText<L>, collect?: (gauge: Gauge<L>) => void): Gauge<L> {
    return new Gauge<L>({
      name: text.name,
      help: text.help,
      labelNames: text.labels ?? [],
      registers: [this.registry],
      ...(collect === undefined
        ? {}
        : {
            collect(this: Gauge<L>) {
              collect(this)
            },
          }),
    })
  }

  plainHistogram(text: MetricText<never>, buckets: readonly number[]): PlainHistogram {
    return new PlainHistogram(text, buckets, this.registry)
  }

  tallyHistogram<L extends string>(text: MetricText<L>, series: () => Iterable<TallySeries<L>>): TallyHistogram<L> {
    return new TallyHistogram(text, series, this.registry)
  }

  histogram<L extends string = never>(text: MetricText<L>, buckets: number[]): Histogram<L> {
    return new Histogram<L>({
      name: text.name,
      help: text.help,
      labelNames: text.labels ?? [],
      buckets,
      registers: [this.registry],
    })
  }
}

/** Values counted by size in a plain array: one costs a few nanoseconds. What shows them does so at a scrape. */
export class Tally {
  readonly bounds: readonly number[]
  readonly #counts: Float64Array
  #sum = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.#counts = new Float64Array(bounds.length + 1)
  }

  add(value: number, times = 1): void {
    let bucket = 0
    while (bucket < this.bounds.length && value > (this.bounds[bucket] as number)) bucket += 1
    this.#counts[bucket] = (this.#counts[bucket] as number) + times
    this.#sum += value * times
  }

  /** As Prometheus wants it: how many were at most each bound, how many there were in all, and their sum. */
  read(): { atMost: { bound: number | '+Inf'; count: number }[]; count: number; sum: number } {
    let count = 0
    const atMost = [...this.bounds, '+Inf' as const].map((bound, bucket) => {
      count += this.#counts[bucket] ?? 0
      return { bound, count }
    })
    return { atMost, count, sum: this.#sum }
  }
}

export interface TallySeries<L extends string> {
  labels: Partial<Record<L, string>>
  tally: Tally
}

/** A histogram of tallies that are kept elsewhere: which there are is asked at each scrape. */
export class TallyHistogram<L extends string = never> extends Histogram<L> {
  readonly #text: MetricText<L>
  readonly #series: () => Iterable<TallySeries<L>>

  constructor(text: MetricText<L>, series: () => Iterable<TallySeries<L>>, registry: MetricsRegistry) {
    super({ name: text.name, help: text.help, labelNames: text.labels ?? [], registers: [registry] })
    this.#text = text
    this.#series = series
  }

  /** What the registry asks for at a scrape; prom-client's own would print its own counts. */
  async getForPromString() {
    const { name, help } = this.#text
    const values = [...this.#series()].flatMap(({ labels, tally }) => {
      const { atMost, count, sum } = tally.read()
      const whole = { labels, sharedLabels: {} }
      return [
        ...atMost.map(({ bound, count }) => ({
          ...{ metricName: `${name}_bucket`, labels: { le: bound, ...labels }, sharedLabels: {}, value: count },
        })),
        { ...whole, metricName: `${name}_sum`, value: sum },
        { ...whole, metricName: `${name}_count`, value: count },
      ]
    })
    return { name, help, type: 'histogram', aggregator: 'sum', values }
  }
}

/** A histogram without labels for hot paths: one count costs a few nanoseconds instead of a few hundred. */
export class PlainHistogram extends TallyHistogram {
  readonly tally: Tally

  constructor(text: MetricText<never>, buckets: readonly number[], registry: MetricsRegistry) {
    const tally = new Tally(buckets)
    super(text, () => [{ labels: {}, tally }], registry)
    this.tally = tally
  }

  add(value: number, times = 1): void {
    this.tally.add(value, times)
  }
}

/** Label values beyond the cap become `_other`, so that input can never grow a process beyond its series budget. */
export class LabelCap {
  readonly #seen = new Set<string>()
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  label(value: string): string {
    if (this.#seen.has(value)) return value
    if (this.#seen.size >= this.#limit) return '_other'
    this.#seen.add(value)
    return value
  }
}

/** One exposition text of several registries; a metric name must not be declared in two of them. */
export async function exposition(registries: readonly MetricsRegistry[]): Promise<string> {
  const texts = await Promise.all(registries.map((registry) => registry.metrics()))
  return `${texts
    .map((text) => text.trimEnd())
    .filter((text) => text !== '')
    .join('\n\n')}\n`
}

export const EXPOSITION_CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE

/** Process facts, once a process: start time, CPU, memory, event-loop delay, build. Prometheus's own names where it has them. */
export function createProcessMetrics(version: string): MetricsRegistry {
  const metrics = new Metrics()
  const startedAt = Date.now() / 1000 - process.uptime()
  metrics.gauge({ name: 'process_start_time_seconds', help: 'Start time of the process, Unix seconds' }, (gauge) =>
    gauge.set(startedAt),
  )
  const cpu = metrics.counter({ name: 'process_cpu_seconds_total', help: 'User and system CPU time, seconds' })
  let counted = 0
  metrics.gauge({ name: 'process_resident_memory_bytes', help: 'Resident memory, bytes' }, (gauge) => {
    gauge.set(process.memoryUsage.rss())
    const { user, system } = process.cpuUsage()
    const total = (user + system) / 1e6
    cpu.inc(Math.max(0, total - counted))
    counted = total
  })
  metrics.gauge({ name: 'dtms_heap_used_bytes', help: 'JavaScript heap in use, bytes' }, (gauge) =>
    gauge.set(process.memoryUsage().heapUsed),
  )
  metrics.gauge(
    { name: 'dtms_event_loop_delay_seconds', help: 'Longest delay of the event loop since the last scrape, seconds' },
    (gauge) => gauge.set(eventLoopDelay.longest()),
  )
  metrics.gauge({ name: 'dtms_build_info', help: 'Always 1; the version is the label', labels: ['version'] }, (gauge) =>
    gauge.set({ version }, 1),
  )
  return metrics.registry
}

/** The loop is looked at this often, milliseconds: an idle process should hardly wake for it. */
const LOOK_MS = 50

/**
 * How late the event loop was, watched from the first question on: making metrics starts nothing. Node's own monitor
 * forgets its last look when it is reset, and with it what blocks just after a scrape.
 */
class EventLoopDelay {
  #watching = false
  #lookedAt = 0
  #longestMs = 0

  /** Seconds, since the last question. */
  longest(): number {
    if (!this.#watching) {
      this.#watching = true
      this.#lookedAt = performance.now()
      setInterval(() => this.#look(), LOOK_MS).unref()
    }
    const longest = this.#longestMs / 1000
    this.#longestMs = 0
    return longest
  }

  #look(): void {
    const now = performance.now()
    this.#longestMs = Math.max(this.#longestMs, now - this.#lookedAt - LOOK_MS)
    this.#lookedAt = now
  }
}

/** There is one loop, and few ask. */
const eventLoopDelay = new EventLoopDelay()
