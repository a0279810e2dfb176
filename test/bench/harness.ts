/** One printed line of `npm run bench`. `ok` is absent where there is no bar. */
export interface BenchRow {
  name: string
  value: number
  unit: string
  bar?: string
  ok?: boolean
  note?: string
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const high = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? high : (high + (sorted[middle - 1] ?? Number.NaN)) / 2
}

/** Wall milliseconds of one run. */
export async function timed(work: () => unknown): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

export interface Alternation {
  /** Median milliseconds of each side, and the median of the pairwise ratios anchor / candidate (> 1: candidate is faster). */
  candidateMs: number
  anchorMs: number
  ratio: number
}

/** Runs candidate and anchor in turn, so that a drifting machine slows both alike; the first pair warms up. */
export async function alternate(candidate: () => unknown, anchor: () => unknown, rounds = 7): Promise<Alternation> {
  const candidates: number[] = []
  const anchors: number[] = []
  const ratios: number[] = []
  for (let round = 0; round <= rounds; round += 1) {
    const a = await timed(candidate)
    const b = await timed(anchor)
    if (round === 0) continue
    candidates.push(a)
    anchors.push(b)
    ratios.push(b / a)
  }
  return { candidateMs: median(candidates), anchorMs: median(anchors), ratio: median(ratios) }
}
