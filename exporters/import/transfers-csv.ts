import { siteName } from '../../lib/names.ts'
import type { TransferError, TransferStatus } from '../../lib/record/record.ts'
import { type ImportFormat, RowProblem } from './format.ts'
import { Header } from './header.ts'
import { toBytes, toDuration, toInstant, toSiteName } from './values.ts'

const UNKNOWN = siteName('UNKNOWN')
const FORMAT = 'transfers-csv'

/**
 * `transfers.csv` as earlier releases wrote it: the timestamp is the end of the transfer, there is one site and no
 * destination (it becomes UNKNOWN, as a missing site does). `timestamp` is read for `timestamp_unix`.
 */
export const transfersCsv: ImportFormat = {
  kind: FORMAT,
  delimiter: ',',
  open(names) {
    const header = new Header(names)
    const unix = header.find('timestamp_unix', 'timestamp')
    const iso = header.find('timestamp_iso')
    if (unix === undefined && iso === undefined) header.need('timestamp_unix', 'timestamp', 'timestamp_iso')
    const bytes = header.need('bytes')
    const duration = header.need('duration')
    const status = header.find('status')
    const site = header.find('site')
    header.check(FORMAT)
    return (fields, assume) => {
      const text = (place: number | undefined): string => (place === undefined ? '' : (fields[place] as string).trim())
      const endedAt = text(unix) === '' ? toInstant(text(iso), 'iso') : toInstant(text(unix), 's')
      const durationSeconds = toDuration(text(duration), 's')
      const outcome = outcomeOf(text(status))
      if (durationSeconds === 0 && outcome.status === 'ok') throw new RowProblem('zero-duration')
      if (durationSeconds > endedAt) throw new RowProblem('bad-time')
      const recorder = text(site) === '' ? UNKNOWN : toSiteName(text(site))
      if (recorder === UNKNOWN && text(site) === '') assume('site missing: taken as UNKNOWN')
      const sizeBytes = toBytes(text(bytes))
      const startedAt = endedAt - durationSeconds
      return {
        site: recorder,
        source: recorder,
        destination: UNKNOWN,
        protocol: 'unknown',
        activity: 'transfer',
        queuedAt: startedAt,
        startedAt,
        endedAt,
        sizeBytes,
        bytesTransferred: outcome.status === 'ok' ? sizeBytes : 0,
        durationSeconds,
        firstByteSeconds: 0,
        ...outcome,
        attempt: 1,
        streams: 1,
        checksum: 'none',
        origin: { kind: FORMAT },
      }
    }
  },
}

const words: ReadonlyMap<string, TransferStatus> = new Map([
  ['', 'ok'],
  ['ok', 'ok'],
  ['success', 'ok'],
  ['succeeded', 'ok'],
  ['completed', 'ok'],
  ['done', 'ok'],
  ['failed', 'failed'],
  ['failure', 'failed'],
  ['fail', 'failed'],
  ['error', 'failed'],
  ['aborted', 'aborted'],
  ['cancelled', 'aborted'],
  ['canceled', 'aborted'],
])

function outcomeOf(text: string): { status: 'ok' } | { status: TransferStatus; error: TransferError } {
  const status = words.get(text.toLowerCase())
  if (status === undefined) throw new RowProblem('bad-status')
  if (status === 'ok') return { status }
  const error: TransferError =
    status === 'aborted'
      ? { scope: 'scheduler', phase: 'transfer', class: 'cancelled', message: text, retryable: false }
      : { scope: 'transfer', phase: 'transfer', class: 'interrupted', message: text, retryable: true }
  return { status, error }
}
