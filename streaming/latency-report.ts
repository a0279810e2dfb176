import type { Logger } from '../lib/logger.ts'
import type { Latencies } from './latency.ts'

export interface LatencyReportOptions {
  latencies: { internal: Latencies; endToEnd: Latencies }
  logger: Pick<Logger, 'info' | 'debug'>
  level: 'info' | 'debug'
  /** Milliseconds that only grow. */
  now?: () => number
}

const RECORDS = 1000
const EVERY_MS = 10_000

/** One line of P50, P90 and P99 every 1,000 records, or 10 s after the last when there were fewer. */
export class LatencyReport {
  readonly #options: LatencyReportOptions
  readonly #now: () => number
  #reportedAt: number

  constructor(options: LatencyReportOptions) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
    this.#reportedAt = this.#now()
  }

  reportWhenDue(): void {
    const { count } = this.#options.latencies.endToEnd
    if (count >= RECORDS || (count > 0 && this.#now() - this.#reportedAt >= EVERY_MS)) this.report()
  }

  /** Nothing when there were no records. */
  report(): void {
    const { latencies, logger, level } = this.#options
    const { internal, endToEnd } = latencies
    this.#reportedAt = this.#now()
    if (endToEnd.count === 0) return
    logger[level]('latency of records', {
      records: endToEnd.count,
      internal_ms: quantiles(internal),
      end_to_end_ms: quantiles(endToEnd),
    })
    internal.reset()
    endToEnd.reset()
  }
}

function quantiles(latencies: Latencies): { p50: number; p90: number; p99: number } {
  const at = (q: number): number => Number((1000 * (latencies.quantile(q) ?? 0)).toPrecision(3))
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99) }
}
