import { siteName } from '../../lib/names.ts'
import { createRandom } from '../../lib/random.ts'
import { type ErrorScope, errorClasses, type TransferRecord } from '../../lib/record/record.ts'
import type { BusMessage, BusRecord } from '../../streaming/bus.ts'
import type { StreamEvent } from '../../streaming/event.ts'
import { parseMessage, toMessage } from '../../streaming/message.ts'
import { defaultPartition } from '../../streaming/partitioning.ts'
import { type WindowPart, type WindowRules, WindowState } from '../../streaming/windows.ts'
import { aTransfer } from './builders.ts'

const SITES = ['SITE_A', 'SITE_B', 'SITE_C']
/** Who records what: each site its own transfers, and an importer those of one link of another's. */
const LINKS = [
  ...SITES.flatMap((from) => SITES.filter((to) => to !== from).map((to) => [from, from, to] as const)),
  ['IMPORT_1', 'SITE_A', 'SITE_B'] as const,
]

/**
 * A stream of transfers as recorders write it, five a second of record time: three minutes of every kind of failure,
 * transfers without duration, seconds of disorder. `seqs` goes on where an earlier call ended.
 */
export function transferStream(
  seed: string,
  count: number,
  startAt: number,
  seqs: Map<string, number>,
): TransferRecord[] {
  const random = createRandom(seed, 'transfer-topic')
  return Array.from({ length: count }, (_, i) => {
    const link = random.pick(LINKS)
    const endedAt = Math.round((startAt + i * 0.2 + random.uniform(-4, 4)) * 1000) / 1000
    const durationSeconds = random.chance(0.02) ? 0 : Math.round(random.exponential(30) * 1000) / 1000
    const sizeBytes = Math.floor(random.uniform(1, 2e10))
    const startedAt = endedAt - durationSeconds
    const ok = random.chance(0.9)
    const scope = random.pick(Object.keys(errorClasses) as ErrorScope[])
    const error = {
      scope,
      phase: 'transfer' as const,
      class: random.pick(errorClasses[scope]),
      message: 'no',
      retryable: false,
    }
    return aRecord(link, seqs, {
      endedAt,
      startedAt,
      queuedAt: startedAt - Math.round(random.exponential(5) * 1000) / 1000,
      durationSeconds,
      sizeBytes,
      bytesTransferred: ok ? sizeBytes : Math.floor(sizeBytes / 3),
      firstByteSeconds: 0.25,
      ...(ok ? {} : { status: random.chance(0.2) ? ('aborted' as const) : ('failed' as const), error }),
    })
  })
}

/** One record of every recorder and link, far behind everything else, so that all windows before it close. */
export function flush(at: number, seqs: Map<string, number>): TransferRecord[] {
  return LINKS.map((link) => aRecord(link, seqs, { endedAt: at }))
}

function aRecord(
  [site, source, destination]: readonly [string, string, string],
  seqs: Map<string, number>,
  changes: Partial<TransferRecord>,
): TransferRecord {
  const seq = (seqs.get(site) ?? 0) + 1
  seqs.set(site, seq)
  const ends = { site: siteName(site), source: siteName(source), destination: siteName(destination) }
  return { ...aTransfer({ ...ends, ...changes }), v: 1, seq, id: `${site}-${seq}` }
}

export function published(records: readonly TransferRecord[], partitions: number): BusRecord[] {
  return records.map((record) => {
    const partition = defaultPartition(`${record.source}>${record.destination}`, partitions)
    // The broker deletes what is older than its retention by this time, not by the record's.
    return toMessage(record, { partition, timestampMs: Date.now(), publishedAt: record.endedAt + 1 })
  })
}

/** What the stream service makes of the topic, a partition after the other. */
export class ReadTopic {
  readonly events: StreamEvent[] = []
  readonly closed: WindowPart[] = []
  refused = 0
  dropped = 0
  readonly #rules: WindowRules
  readonly #partitions = new Map<number, { state: WindowState; newest: Map<string, number>; next: number }>()

  constructor(rules: WindowRules) {
    this.#rules = rules
  }

  read(records: readonly BusRecord[]): void {
    for (const { partition, key, ...rest } of records) {
      let part = this.#partitions.get(partition)
      if (part === undefined) {
        part = { state: new WindowState(this.#rules, partition), newest: new Map(), next: 0 }
        this.#partitions.set(partition, part)
      }
      const message: BusMessage = { offset: part.next++, key, ...rest }
      const parsed = parseMessage(message)
      if (!parsed.ok) {
        this.refused++
        continue
      }
      const { site, seq } = parsed.event
      if (seq <= (part.newest.get(site) ?? 0)) continue
      part.newest.set(site, seq)
      if (part.state.add(parsed.event) === 'dropped') this.dropped++
      else this.events.push(parsed.event)
      this.closed.push(...part.state.takeClosed())
    }
  }
}
