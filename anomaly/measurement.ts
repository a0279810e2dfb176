import { type TransferRecord, throughputOf } from '../lib/record/record.ts'
import type { LinkContext } from './link-context.ts'

/**
 * The ten numbers by which a transfer is judged, before they are compared with what is usual. Each is on a scale on
 * which its usual spread is about even (logarithms of sizes, rates and times). No raw bytes, no ids.
 *
 * `floor` is the least standard deviation that is believed. `trouble` is the side on which trouble lies: an unusually
 * fast transfer is not as remarkable as an unusually slow one. Size and concurrency are context: they make other values
 * more or less usual and are no trouble themselves.
 */
export const features = [
  { name: 'size', unit: 'MB', floor: 0.15, trouble: 'none' },
  { name: 'rate', unit: 'MB/s', floor: 0.25, trouble: 'low' },
  { name: 'hour-rate', unit: 'MB/s', floor: 0.25, trouble: 'low' },
  { name: 'queue', unit: 's', floor: 0.4, trouble: 'high' },
  { name: 'first-byte', unit: 's', floor: 0.25, trouble: 'high' },
  { name: 'retries', unit: 'retries', floor: 0.3, trouble: 'high' },
  { name: 'loss', unit: '% of packets', floor: 0.1, trouble: 'high' },
  { name: 'rtt', unit: 'ms', floor: 0.02, trouble: 'high' },
  { name: 'failures', unit: '% of attempts', floor: 0.1, trouble: 'high' },
  { name: 'concurrency', unit: 'transfers', floor: 0.4, trouble: 'none' },
] as const satisfies readonly { name: string; unit: string; floor: number; trouble: 'low' | 'high' | 'none' }[]

export type FeatureName = (typeof features)[number]['name']
export const featureNames: readonly FeatureName[] = features.map((feature) => feature.name)
export const FEATURES = features.length

/** Places of the features in a row. */
export const at = {
  size: 0,
  rate: 1,
  hourRate: 2,
  queue: 3,
  firstByte: 4,
  retries: 5,
  loss: 6,
  rtt: 7,
  failures: 8,
  concurrency: 9,
} as const

/** Bytes of payload in a packet of 1,500 bytes. */
const PACKET_BYTES = 1448

export function packetsOf(record: TransferRecord): number {
  return Math.max(1, record.bytesTransferred / PACKET_BYTES)
}

export function lostPacketsOf(transport: { retransmits: number; outOfOrder: number }): number {
  return transport.retransmits + transport.outOfOrder
}

/**
 * Writes the ten numbers; NaN means that it was not measured. Rates and times of a transfer that failed or was aborted
 * measure the failure and not the link, so they are left out: a single failure is no anomaly, a raised share of them is.
 */
export function measure(record: TransferRecord, context: LinkContext, row: Float64Array): void {
  const moved = record.status === 'ok' && record.bytesTransferred > 0 && record.durationSeconds > 0
  row[at.size] = Math.log10(Math.max(1, record.sizeBytes))
  row[at.rate] = moved ? Math.log10(throughputOf(record)) : Number.NaN
  row[at.hourRate] = Number.NaN
  row[at.queue] = Math.log1p(Math.max(0, record.startedAt - record.queuedAt))
  row[at.firstByte] = moved ? Math.log10(Math.max(0, record.firstByteSeconds) + 0.01) : Number.NaN
  // A first retry is part of everyday life, and a column that is 0 for nearly all would isolate every record with it.
  row[at.retries] = Math.log1p(Math.max(0, record.attempt - 2))
  row[at.loss] = Number.NaN
  row[at.rtt] = Number.NaN
  if (moved && record.transport !== undefined) {
    const usual = context.lossRatio
    // One is added to both so that a small file without a lost packet is not infinitely clean.
    if (usual !== undefined)
      row[at.loss] = Math.log10((lostPacketsOf(record.transport) + 1) / (packetsOf(record) * usual + 1))
    if (record.transport.rttSeconds > 0) row[at.rtt] = Math.log10(record.transport.rttSeconds)
  }
  row[at.failures] = Math.sqrt(context.failureShare)
  row[at.concurrency] = Math.log1p(context.concurrencyOf(record))
}

/** Back to the unit that a person reads; `rate` and `hour-rate` are expected as logarithms of bytes per second. */
export function toHuman(feature: number, value: number, lossRatio = 0): number {
  switch (feature) {
    case at.size:
    case at.rate:
    case at.hourRate:
      return 10 ** value / 1e6
    case at.queue:
    case at.concurrency:
      return Math.max(0, Math.expm1(value))
    case at.firstByte:
      return Math.max(0, 10 ** value - 0.01)
    case at.retries:
      return value <= 0 ? 0 : Math.expm1(value) + 1
    case at.loss:
      return 100 * lossRatio * 10 ** value
    case at.rtt:
      return 1000 * 10 ** value
    case at.failures:
      return 100 * Math.max(0, value) * Math.abs(value)
    default:
      return value
  }
}

/** Whether every number that is looked at is one: a record with NaN or an infinity is refused and counted. */
export function hasFiniteNumbers(record: TransferRecord): boolean {
  const { queuedAt, startedAt, endedAt, sizeBytes, bytesTransferred, durationSeconds, transport } = record
  // A sum is finite only when each of its parts is: one test instead of ten, on every record.
  const sum = queuedAt + startedAt + endedAt + sizeBytes + bytesTransferred + durationSeconds
  const counters = transport === undefined ? 0 : transport.retransmits + transport.outOfOrder + transport.rttSeconds
  return Number.isFinite(sum + counters + record.firstByteSeconds + record.attempt)
}
