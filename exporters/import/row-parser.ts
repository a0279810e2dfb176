import type { Transfer } from '../../lib/record/record.ts'
import { transferProblem } from '../../lib/record/validate.ts'
import type { Entry } from '../../lib/streams/envelope.ts'
import { QUARANTINE_TEXT_BYTES, type QuarantineLine } from '../../lib/streams/quarantine.ts'
import { type ImportFormat, RowProblem, type RowReader, type RowReason } from './format.ts'
import type { Row } from './rows.ts'

export type ParsedRow = { transfer: Transfer; assumed: readonly string[] } | { reason: RowReason }

/** Rows of one file -> transfers that the log will take, or the reason why not. */
export class RowParser {
  readonly #format: ImportFormat
  #read: RowReader | undefined
  #width = 0

  constructor(format: ImportFormat) {
    this.#format = format
    if (format.columns !== undefined) this.open(format.columns)
  }

  /** False until the header was given: the next row is it. */
  get isOpen(): boolean {
    return this.#read !== undefined
  }

  /** @throws DtmsError `input.unreadable` when columns are missing */
  open(header: readonly string[]): void {
    this.#width = header.length
    this.#read = this.#format.open(header)
  }

  parse(row: Row): ParsedRow {
    if (row.fields === undefined) return { reason: row.reason }
    if (this.#read === undefined || row.fields.length !== this.#width) return { reason: 'columns' }
    const assumed: string[] = []
    try {
      const transfer = this.#read(row.fields, (text) => assumed.push(text))
      if (transferProblem(transfer) !== undefined) return { reason: 'out-of-range' }
      transfer.origin.line = row.line
      return { transfer, assumed }
    } catch (error) {
      if (error instanceof RowProblem) return { reason: error.reason }
      throw error
    }
  }
}

/** What is kept of a row that could not become a record. `at` is the record time of the last good row before it. */
export function rejectedRow(row: Row, reason: RowReason, origin: string, at: number): Entry<QuarantineLine> {
  return {
    at,
    type: 'quarantined',
    reason,
    origin,
    line: row.line,
    offset: row.offset,
    bytes: row.bytes,
    text: cutText(row.text),
  }
}

/** What makes two quarantined rows the same one, met again. */
export function rejectedIdentity(entry: Pick<QuarantineLine, 'origin' | 'reason' | 'text' | 'line'>): string {
  return `rejected|${entry.origin}|${entry.line ?? ''}|${entry.reason}|${entry.text}`
}

/** At most 1 KiB of UTF-8, never half a character. */
function cutText(text: string): string {
  if (text.length * 3 <= QUARANTINE_TEXT_BYTES) return text
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(QUARANTINE_TEXT_BYTES))
  return text.slice(0, read)
}
