import { siteName } from '../../lib/names.ts'
import { createRandom } from '../../lib/random.ts'
import type { TransferRecord } from '../../lib/record/record.ts'
import { aTransfer, NOON } from './builders.ts'

export interface StreamOptions {
  records: number
  seed?: number
  startAt?: number
  /** Mean seconds between two records of the whole stream. */
  every?: number
  /** Bends the n-th record. */
  change?: (record: TransferRecord, n: number) => TransferRecord
  failureShare?: number
}

const links = [
  ['SITE_A', 'SITE_B', 100],
  ['SITE_A', 'SITE_C', 140],
  ['SITE_B', 'SITE_A', 80],
  ['SITE_C', 'SITE_A', 120],
] as const

/** A plain world for detectors: four links with log-normal sizes and rates, a setup of some seconds, 3 % failures. */
export function transferStream(options: StreamOptions): TransferRecord[] {
  const { records, seed = 1, startAt = NOON, every = 2, failureShare = 0.03, change } = options
  const random = createRandom(seed, 'transfer-stream')
  const seqs = new Map<string, number>()
  let endedAt = startAt
  return Array.from({ length: records }, (_, n) => {
    endedAt += random.exponential(every)
    const [source, destination, rate] = random.pick(links)
    const seq = (seqs.get(source) ?? 0) + 1
    seqs.set(source, seq)
    const sizeBytes = Math.round(1e6 * Math.exp(4 + 2 * random.normal()))
    const setup = 3 * Math.exp(0.4 * random.normal())
    const durationSeconds = setup + sizeBytes / (rate * 1e6 * Math.exp(0.3 * random.normal()))
    const failed = random.chance(failureShare)
    const record: TransferRecord = {
      ...aTransfer({
        site: siteName(source),
        source: siteName(source),
        destination: siteName(destination),
        endedAt,
        startedAt: endedAt - durationSeconds,
        queuedAt: endedAt - durationSeconds - random.exponential(2),
        sizeBytes,
        bytesTransferred: failed ? 0 : sizeBytes,
        durationSeconds,
        firstByteSeconds: failed ? 0 : 0.8 * setup,
        ...(failed ? { status: 'failed' as const, error: noSpace, checksum: 'none' as const } : {}),
      }),
      v: 1,
      seq,
      id: `${source}-${seq}`,
    }
    return change === undefined ? record : change(record, n)
  })
}

const noSpace = {
  scope: 'destination',
  phase: 'preparation',
  class: 'no_space',
  message: 'no space left on device',
  retryable: false,
} as const

/** The record failed at once for lack of space. */
export function failedRecord(record: TransferRecord): TransferRecord {
  return { ...record, status: 'failed', error: noSpace, bytesTransferred: 0, firstByteSeconds: 0, checksum: 'none' }
}

/** The record took so many times as long. */
export function slowedRecord(record: TransferRecord, factor: number): TransferRecord {
  const durationSeconds = record.durationSeconds * factor
  return {
    ...record,
    durationSeconds,
    startedAt: record.endedAt - durationSeconds,
    queuedAt: record.endedAt - durationSeconds - (record.startedAt - record.queuedAt),
  }
}

export function isOnLink(record: TransferRecord, source: string, destination: string): boolean {
  return record.source === source && record.destination === destination
}
