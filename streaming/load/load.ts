import { Sketch } from '../../lib/detect/sketch.ts'
import { type SiteName, siteName } from '../../lib/names.ts'
import type { Transfer } from '../../lib/record/record.ts'

/** A record that is to be sent at an instant of the monotonic clock, milliseconds. */
export interface Due {
  transfer: Transfer
  dueAt: number
}

/** Where load goes. */
export interface LoadTarget {
  /** Hands records over in order; `acknowledged` is called, perhaps in parts, when they cannot be lost any more. */
  send(records: readonly Due[], acknowledged: (records: readonly Due[]) => void): void
  /** Sends what is waiting for company. */
  flush(): void
  /** Records that were put aside because they will never be taken. */
  readonly refused: number
}

export interface LoadOptions {
  /** Records per second, evenly. */
  rate: number
  seconds: number
  /** Real-looking transfers, used round and round. */
  templates: readonly Transfer[]
  target: LoadTarget
  /** How long acknowledgements are waited for at the end, milliseconds. */
  patienceMs?: number
  onProgress?: (done: number) => void
  signal?: AbortSignal
}

export interface LoadReport {
  sent: number
  acknowledged: number
  refused: number
  /** Wall seconds from the first record to the last acknowledgement. */
  seconds: number
  perSecond: number
  /**
   * Milliseconds from the instant at which a record was due to its acknowledgement, so a stall is counted for every
   * record that it held up; null when nothing was acknowledged. Within 1 % (lib/detect/sketch.ts).
   */
  p50Ms: number | null
  p90Ms: number | null
  p99Ms: number | null
  maxMs: number | null
}

/** Records are handed over this often, milliseconds. */
const TICK_MS = 5
/** Beyond so many unacknowledged records nothing more is sent until some are: memory stays bounded, and the delay counts. */
const MOST_OUTSTANDING = 50_000

/** Sends `rate` records a second for `seconds`, whatever the target does, and says how long acknowledgements took. */
export async function runLoad(options: LoadOptions): Promise<LoadReport> {
  const { rate, seconds, templates, target, signal, patienceMs = 30_000 } = options
  const total = Math.round(rate * seconds)
  const make = loadMaker(templates)
  const sketch = new Sketch()
  let sent = 0
  let acknowledged = 0
  let slowest = 0
  const startedAt = performance.now()
  let endedAt = startedAt
  const hear = (records: readonly Due[]): void => {
    endedAt = performance.now()
    acknowledged += records.length
    for (const { dueAt } of records) {
      const took = Math.max(0, endedAt - dueAt)
      slowest = Math.max(slowest, took)
      sketch.accept(took)
    }
  }
  while (sent < total && signal?.aborted !== true) {
    const now = performance.now()
    const due = Math.min(total, Math.floor(((now - startedAt) / 1000) * rate) + 1)
    const room = MOST_OUTSTANDING - (sent - acknowledged - target.refused)
    const count = Math.min(due - sent, room)
    if (count > 0) {
      const records: Due[] = []
      const wall = Date.now() / 1000
      for (let n = sent; n < sent + count; n += 1) {
        const dueAt = startedAt + (n / rate) * 1000
        records.push({ transfer: make(n, wall), dueAt })
      }
      sent += count
      target.send(records, hear)
      options.onProgress?.(sent / total)
    }
    await sleep(TICK_MS)
  }
  target.flush()
  const giveUpAt = performance.now() + patienceMs
  while (acknowledged + target.refused < sent && performance.now() < giveUpAt && signal?.aborted !== true) {
    await sleep(TICK_MS)
    target.flush()
  }
  const took = (endedAt - startedAt) / 1000
  const rank = (share: number): number | null => rounded(sketch.quantile(share))
  return {
    ...{ sent, acknowledged, refused: target.refused, seconds: rounded(took) ?? 0 },
    perSecond: took > 0 ? Math.round(acknowledged / took) : 0,
    ...{ p50Ms: rank(0.5), p90Ms: rank(0.9), p99Ms: rank(0.99), maxMs: acknowledged > 0 ? rounded(slowest) : null },
  }
}

/** Names that real recorders do not have: load never mixes with what they record. */
export const LOAD_PREFIX = 'LOAD_'

/** The n-th record of a load: a template with names of its own, ending at `wall` (Unix seconds). */
export function loadMaker(templates: readonly Transfer[]): (n: number, wall: number) => Transfer {
  const names = new Map<SiteName, SiteName>()
  const renamed = (name: SiteName): SiteName => {
    let own = names.get(name)
    if (own === undefined) {
      own = siteName(`${LOAD_PREFIX}${String.fromCharCode(65 + (names.size % 26))}`)
      names.set(name, own)
    }
    return own
  }
  return (n, wall) => {
    const { id: _id, traceparent: _trace, ...template } = templates[n % templates.length] as Transfer
    const shift = wall - template.endedAt
    const moved = (at: number): number => Math.round((at + shift) * 1000) / 1000
    return {
      ...template,
      ...{ site: renamed(template.site), source: renamed(template.source) },
      destination: renamed(template.destination),
      ...{ queuedAt: moved(template.queuedAt), startedAt: moved(template.startedAt), endedAt: moved(template.endedAt) },
      origin: { kind: 'load' },
    }
  }
}

function rounded(value: number | undefined): number | null {
  return value === undefined ? null : Number(value.toPrecision(4))
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
