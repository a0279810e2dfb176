import type { CorrelationItem, CorrelationLine } from '../lib/streams/correlations.ts'

/** A week of runs every ten minutes. */
const KEPT_RUNS = 1008

/** One run without the curves over the lags, which only the newest keeps. */
export interface CorrelationSummary
  extends Pick<CorrelationLine, 'seq' | 'at' | 'from' | 'to' | 'newRecords' | 'newAnomalies'> {
  items: Omit<CorrelationItem, 'lags'>[]
}

/** Results of the batch job: the newest whole, the ones before it in short. */
export class CorrelationBook {
  #newest: CorrelationLine | undefined
  /** Oldest first. */
  readonly #summaries: CorrelationSummary[] = []

  apply(line: CorrelationLine): void {
    if (this.#newest === undefined || line.seq >= this.#newest.seq) this.#newest = line
    this.#summaries.push(summaryOf(line))
    if (this.#summaries.length > KEPT_RUNS) this.#summaries.shift()
  }

  get newest(): CorrelationLine | undefined {
    return this.#newest
  }

  get newestSummary(): CorrelationSummary | undefined {
    return this.#summaries.at(-1)
  }

  /** Newest first, below the run `beforeSeq`. */
  history(limit: number, beforeSeq = Infinity): CorrelationSummary[] {
    return this.#summaries
      .filter(({ seq }) => seq < beforeSeq)
      .slice(-limit)
      .reverse()
  }
}

function summaryOf(line: CorrelationLine): CorrelationSummary {
  const { seq, at, from, to, newRecords, newAnomalies } = line
  return { seq, at, from, to, newRecords, newAnomalies, items: line.items.map(({ lags: _lags, ...item }) => item) }
}
