import type { Transfer } from '../../lib/record/record.ts'

/**
 * Why a row cannot become a record. One closed list for all formats, so that reports of different files can be compared;
 * docs/import.md says what each means.
 */
export const rowReasons = [
  'oversized',
  'encoding',
  'quoting',
  'cut',
  'columns',
  'bad-name',
  'bad-time',
  'bad-duration',
  'negative-duration',
  'zero-duration',
  'sentinel-duration',
  'bad-size',
  'negative-size',
  'unsafe-size',
  'bad-status',
  'bad-direction',
  'bad-value',
  'out-of-range',
  'too-many-sites',
] as const
export type RowReason = (typeof rowReasons)[number]

/** Raised by a format while it reads one row; caught by the importer, which quarantines the row. */
export class RowProblem extends Error {
  readonly reason: RowReason

  constructor(reason: RowReason) {
    super(reason)
    this.reason = reason
  }
}

/** Something about a row that was assumed and not known: counted and said in the report. */
export type Assumption = (text: string) => void

/** @throws RowProblem */
export type RowReader = (fields: readonly string[], assume: Assumption) => Transfer

/** How one kind of file becomes transfers: one file and one line in formats.ts. */
export interface ImportFormat {
  /** `origin.kind` of its records. */
  readonly kind: string
  readonly delimiter: string
  /** Column names when the file itself has no header line. */
  readonly columns?: readonly string[]
  /**
   * Checks the header once and returns what reads the rows.
   * @throws DtmsError `input.unreadable` that names every missing column
   */
  open(header: readonly string[]): RowReader
}
