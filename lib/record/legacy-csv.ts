import type { AnomalyLine } from '../streams/anomalies.ts'
import { type TransferRecord, throughputOf } from './record.ts'

/**
 * The two CSV files of the platform that DTMS replaces. Nothing is stored in them any more; they are rendered from the
 * log for the scripts that still read them.
 */
const transferColumns = [
  'timestamp_iso',
  'timestamp_unix',
  'bytes',
  'duration',
  'throughput_bytes_per_sec',
  'status',
  'site',
] as const

export const TRANSFERS_CSV_HEADER = `${transferColumns.join(',')}\n`
export const ANOMALIES_CSV_HEADER = `${[...transferColumns, 'anomaly_label', 'anomaly_score'].join(',')}\n`

type Measured = Pick<TransferRecord, 'bytesTransferred' | 'durationSeconds' | 'status' | 'site'>

export function transferCsvRow(record: TransferRecord): string {
  return `${columns(record.endedAt, record)}\n`
}

export function anomalyCsvRow(line: AnomalyLine): string {
  return `${columns(line.at, line)},-1,${toLegacyScore(line.score)}\n`
}

/** scikit-learn's sign, where a low score is bad and 0 is the middle; inside DTMS a high one is anomalous. */
export function toLegacyScore(score: number): number {
  return Number((0.5 - score).toFixed(12))
}

/** No field needs quotes: numbers, allow-listed names and fixed words only. */
function columns(at: number, measured: Measured): string {
  const { bytesTransferred, durationSeconds, status, site } = measured
  const iso = new Date(Math.round(at * 1000)).toISOString()
  return [iso, at, bytesTransferred, durationSeconds, throughputOf(measured), status, site].join(',')
}
