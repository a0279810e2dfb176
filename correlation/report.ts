import { MAX_LINE_BYTES } from '../lib/record/record.ts'
import type { CorrelationItem, CorrelationLine } from '../lib/streams/correlations.ts'
import type { Entry } from '../lib/streams/envelope.ts'

/** Bytes of a line that items may take; the rest is for the envelope and its fields. */
const ITEMS_BYTES = MAX_LINE_BYTES - 2048
/** Of these at least so many are for the lags of the first items. */
const LAGS_BYTES = 16_384

export type RunEntry = Entry<CorrelationLine> & RunFacts & { items: CorrelationItem[]; omitted?: number }

export interface RunFacts {
  /** World instant of the run. */
  at: number
  from: number
  to: number
  newRecords: number
  newAnomalies: number
}

/**
 * One line for one run. A line has a limit, so with very many links the later items come without their lags first, then
 * not at all; `omitted` says how many. The platform and the sites stand first.
 */
export function toEntry(facts: RunFacts, items: readonly CorrelationItem[]): RunEntry {
  const bareSizes = items.map((item) => sizeOf({ ...item, lags: [] }))
  const bareTotal = bareSizes.reduce((sum, size) => sum + size, 0)
  let lagsRoom = Math.max(LAGS_BYTES, ITEMS_BYTES - bareTotal)
  let bareRoom = ITEMS_BYTES - lagsRoom
  const kept: CorrelationItem[] = []
  items.forEach((item, i) => {
    const bare = bareSizes[i] as number
    const lags = sizeOf(item) - bare
    if (bare > bareRoom) return
    bareRoom -= bare
    if (lags <= lagsRoom) {
      lagsRoom -= lags
      kept.push(item)
    } else kept.push({ ...item, lags: [] })
  })
  const omitted = items.length - kept.length
  return { type: 'correlation', ...facts, items: kept, ...(omitted === 0 ? {} : { omitted }) }
}

function sizeOf(item: CorrelationItem): number {
  return JSON.stringify(item).length + 1
}
