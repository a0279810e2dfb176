import { isUtf8 } from 'node:buffer'
import { MAX_LINE_BYTES } from '../../lib/record/record.ts'
import { QUARANTINE_TEXT_BYTES } from '../../lib/streams/quarantine.ts'
import { isOpen, splitFields } from './fields.ts'
import type { RowReason } from './format.ts'

/** One row of a delimited file, with its place; or the reason why it is none. */
export type Row = { line: number; offset: number; text: string; bytes: number } & (
  | { fields: string[]; reason?: undefined }
  | { fields?: undefined; reason: RowReason }
)

const NEWLINE = 0x0a
const CARRIAGE_RETURN = 0x0d

/** A quoted field may span this many lines; a stray quote must not swallow the rest of the file. */
const MAX_ROW_LINES = 16

/**
 * Cuts bytes into rows. Memory is bounded by the longest line allowed: of a longer one only the beginning is kept.
 * A byte order mark at the very beginning, carriage returns before newlines and empty lines are no part of any row.
 */
export class RowCutter {
  readonly #delimiter: string
  /** Bytes of an incomplete line. */
  #rest: Buffer = Buffer.alloc(0)
  /** Length of an oversized line so far; its beginning is in `#rest`. */
  #oversized = 0
  #line: number
  #offset: number
  /** Lines of a row whose quoted field is still open. */
  #open: PhysicalLine[] = []

  constructor(delimiter: string, from: { line: number; offset: number } = { line: 1, offset: 0 }) {
    this.#delimiter = delimiter
    this.#line = from.line
    this.#offset = from.offset
  }

  /** The place behind the last row that was given: a cutter that begins there gives the following rows. */
  get place(): { line: number; offset: number } {
    const [first] = this.#open
    return first === undefined ? { line: this.#line, offset: this.#offset } : { line: first.line, offset: first.offset }
  }

  cut(chunk: Buffer): Row[] {
    const rows: Row[] = []
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const scanFrom = this.#rest.length
    let start = 0
    for (let end = bytes.indexOf(NEWLINE, scanFrom); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      this.#take(bytes.subarray(start, end), 1, rows)
      start = end + 1
    }
    const rest = bytes.subarray(start)
    if (rest.length > MAX_LINE_BYTES) {
      this.#oversized += rest.length - QUARANTINE_TEXT_BYTES
      this.#rest = Buffer.from(rest.subarray(0, QUARANTINE_TEXT_BYTES))
    } else this.#rest = Buffer.from(rest)
    return rows
  }

  /** The end of the file. `whole` is false when the file was cut: then an unfinished last line cannot be believed. */
  end(whole: boolean): Row[] {
    const rows: Row[] = []
    if (this.#rest.length > 0) {
      const rest = this.#rest
      this.#rest = Buffer.alloc(0)
      if (whole) this.#take(rest, 0, rows)
      else rows.push({ ...this.#physical(rest, 0), reason: 'cut' })
    }
    while (this.#open.length > 0) this.#giveUp(rows)
    return rows
  }

  #take(bytes: Buffer, newline: 0 | 1, rows: Row[]): void {
    const oversized = this.#oversized > 0 || bytes.length >= MAX_LINE_BYTES
    const line = this.#physical(bytes, newline)
    if (oversized) this.#close(rows, { ...line, reason: 'oversized' })
    else if (line.text.includes('\0') || !line.isUtf8) this.#close(rows, { ...line, reason: 'encoding' })
    else if (line.text !== '' || this.#open.length > 0) this.#join(line, rows)
  }

  /** A line that can belong to no row ends the one that is open. */
  #close(rows: Row[], row: Row): void {
    while (this.#open.length > 0) this.#giveUp(rows)
    rows.push(row)
  }

  #join(line: PhysicalLine, rows: Row[]): void {
    this.#open.push(line)
    const joined = this.#open.length === 1 ? line.text : this.#open.map(({ text }) => text).join('\n')
    if (!isOpen(joined, this.#delimiter)) {
      const fields = splitFields(joined, this.#delimiter)
      if (fields === undefined && this.#open.length > 1) {
        this.#giveUp(rows)
        return
      }
      const [first] = this.#open as [PhysicalLine]
      const bytes = this.#open.reduce((sum, part) => sum + part.bytes, this.#open.length - 1)
      this.#open = []
      const row = { line: first.line, offset: first.offset, text: joined, bytes }
      rows.push(fields === undefined ? { ...row, reason: 'quoting' } : { ...row, fields })
      return
    }
    const bytes = this.#open.reduce((sum, part) => sum + part.bytes, 0)
    if (this.#open.length >= MAX_ROW_LINES || bytes >= MAX_LINE_BYTES) this.#giveUp(rows)
  }

  /** The first open line had a stray quote: it alone is wrong, the lines after it are looked at again. */
  #giveUp(rows: Row[]): void {
    const [first, ...others] = this.#open as [PhysicalLine, ...PhysicalLine[]]
    this.#open = []
    rows.push({ ...first, reason: 'quoting' })
    for (const line of others) this.#join(line, rows)
  }

  #physical(bytes: Buffer, newline: 0 | 1): PhysicalLine {
    const { length } = bytes
    const line = { line: this.#line, offset: this.#offset }
    const whole = length + this.#oversized
    this.#line += 1
    this.#offset += whole + newline
    this.#oversized = 0
    const isFirst = line.offset === 0
    const mark = isFirst && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
    const end = bytes[length - 1] === CARRIAGE_RETURN ? length - 1 : length
    const kept = whole >= MAX_LINE_BYTES ? Math.min(end, QUARANTINE_TEXT_BYTES) : end
    return { ...line, bytes: whole, text: bytes.toString('utf8', mark, kept), isUtf8: isUtf8(bytes) }
  }
}

interface PhysicalLine {
  line: number
  offset: number
  bytes: number
  text: string
  isUtf8: boolean
}
