import { basename } from 'node:path'
import type { Clock } from '../../lib/clock.ts'
import { DtmsError } from '../../lib/errors.ts'
import { writersOf } from '../../lib/log/inventory.ts'
import { createTailer } from '../../lib/log/tailer.ts'
import type { RetryRule } from '../../lib/log/writer.ts'
import type { Logger } from '../../lib/logger.ts'
import { isSiteName } from '../../lib/names.ts'
import { transferCodec } from '../../lib/record/codec.ts'
import type { Transfer } from '../../lib/record/record.ts'
import { roundDuration, roundInstant } from '../../lib/record/serialise.ts'
import { quarantineCodec } from '../../lib/streams/codecs.ts'
import type { Volume } from '../../lib/volume/volume.ts'
import type { ImportFormat, RowReason } from './format.ts'
import { openFormat } from './formats.ts'
import { type Input, openInput, unreadable } from './input.ts'
import { Repeats } from './repeats.ts'
import { type ImportReport, ReportBuilder } from './report.ts'
import { RowParser, rejectedIdentity, rejectedRow } from './row-parser.ts'
import { type Row, RowCutter } from './rows.ts'
import { QUARANTINE_WRITER, SiteLogs } from './site-logs.ts'

export interface ImportOptions {
  /** One of `formatNames`. */
  format: string
  /** Path of the mapping file; only for `mapped-csv`. */
  mapping?: string
  inPath: string
  volume: Volume
  clock: Clock
  logger: Logger
  onProgress?: (progress: ImportProgress) => void
  /** How long a volume that takes nothing is waited for, milliseconds; 15,000 when absent. */
  patienceMs?: number
  /** Absent: the writer's own, which goes on trying for a while when the logs are closed. */
  retry?: RetryRule
}

export interface ImportProgress {
  rows: number
  /** Of the file on disk. */
  bytesRead: number
  totalBytes: number
}

/**
 * Brings a log of real transfers into the data directory (docs/import.md). Rows that cannot become records are kept in
 * `quarantine/import/` and counted by reason; rows that the log has already are counted as repeated, so an import can be
 * done again at any time.
 *
 * @throws DtmsError `usage.invalid`, `input.mapping`, `input.unreadable`, `volume.unavailable`, `log.writer_busy`. What
 * was read before an unreadable place is kept.
 */
export async function importFile(options: ImportOptions): Promise<ImportReport> {
  const format = openFormat(options.format, options.mapping)
  const input = await openInput(options.inPath)
  const run = new ImportRun(options, format, input)
  return run.run()
}

class ImportRun {
  readonly #options: ImportOptions
  readonly #format: ImportFormat
  readonly #input: Input
  readonly #origin: string
  readonly #report = new ReportBuilder()
  readonly #logs: SiteLogs
  readonly #repeats = new Repeats()
  readonly #parser: RowParser

  constructor(options: ImportOptions, format: ImportFormat, input: Input) {
    this.#options = options
    this.#format = format
    this.#input = input
    this.#origin = basename(options.inPath).slice(0, 256)
    this.#logs = new SiteLogs(options)
    this.#parser = new RowParser(format)
  }

  async run(): Promise<ImportReport> {
    try {
      await this.#recall()
      const cutter = new RowCutter(this.#format.delimiter)
      let failure: unknown
      try {
        for await (const chunk of this.#input.chunks()) {
          await this.#takeAll(cutter.cut(chunk))
          this.#progress()
        }
      } catch (error) {
        if (!(error instanceof DtmsError) || error.code !== 'input.unreadable' || !this.#parser.isOpen) throw error
        failure = error
      }
      await this.#takeAll(cutter.end(failure === undefined))
      await this.#logs.flush()
      if (failure !== undefined) throw this.#cutShort(failure)
    } finally {
      await this.#logs.close()
    }
    if (!this.#parser.isOpen) throw this.#unreadable('is empty', 'name a file with a header line and rows')
    return this.#report.report()
  }

  /** What earlier imports have left in the log and in quarantine. */
  async #recall(): Promise<void> {
    const { volume } = this.#options
    const writers = (await writersOf(volume, 'transfers')).filter(isSiteName)
    const tailer = createTailer({ volume, stream: 'transfers', writers, codec: transferCodec })
    for (let done = writers.length === 0; !done; ) {
      const batch = await tailer.poll()
      for (const { value } of batch.entries) {
        if (value.origin.kind === this.#format.kind) this.#repeats.add(identityOf(value))
      }
      done = batch.caughtUp
    }
    const rejected = createTailer({
      volume,
      stream: 'quarantine',
      writers: [QUARANTINE_WRITER],
      codec: quarantineCodec,
    })
    for (let done = false; !done; ) {
      const batch = await rejected.poll()
      for (const { value } of batch.entries) this.#repeats.add(rejectedIdentity(value))
      done = batch.caughtUp
    }
  }

  async #takeAll(rows: readonly Row[]): Promise<void> {
    for (const row of rows) {
      if (this.#parser.isOpen) {
        const parsed = this.#parser.parse(row)
        if ('reason' in parsed) await this.#quarantine(row, parsed.reason)
        else if (this.#logs.has(parsed.transfer.site) || (await this.#logs.take(parsed.transfer.site)))
          this.#take(parsed.transfer, parsed.assumed)
        else await this.#quarantine(row, 'too-many-sites')
        if (this.#logs.isFull) await this.#logs.flush()
      } else this.#takeHeader(row)
    }
  }

  #takeHeader(row: Row): void {
    if (row.fields === undefined) {
      const what = row.reason === 'encoding' ? 'is not UTF-8 text' : 'begins with a line that is no header'
      throw this.#unreadable(what, 'name a delimited text file, plain or compressed with gzip')
    }
    try {
      this.#parser.open(row.fields)
    } catch (error) {
      if (!(error instanceof DtmsError)) throw error
      throw new DtmsError(error.code, `${this.#options.inPath}: ${error.message}`, {
        ...(error.hint === undefined ? {} : { hint: error.hint }),
      })
    }
  }

  #take(transfer: Transfer, assumed: readonly string[]): void {
    for (const text of assumed) this.#report.assume(text)
    const identity = identityOf(transfer)
    const named = transfer.origin.id !== undefined
    const repeated = named ? this.#repeats.has(identity) : this.#repeats.take(identity)
    if (!repeated) {
      if (named) this.#repeats.add(identity)
      this.#logs.add(transfer)
    }
    this.#report.add(transfer, repeated)
  }

  async #quarantine(row: Row, reason: RowReason): Promise<void> {
    this.#report.quarantine(reason)
    const entry = rejectedRow(row, reason, this.#origin, roundInstant(this.#report.lastEnd))
    if (!this.#repeats.take(rejectedIdentity(entry))) await this.#logs.quarantine(entry)
  }

  #progress(): void {
    const { bytesRead, totalBytes } = this.#input
    this.#options.onProgress?.({ rows: this.#report.read, bytesRead, totalBytes })
  }

  #cutShort(cause: unknown): DtmsError {
    const { read, imported } = this.#report
    const error = cause as DtmsError
    return new DtmsError('input.unreadable', `${error.message}; ${read} rows were read and ${imported} imported`, {
      cause,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    })
  }

  #unreadable(what: string, hint: string): DtmsError {
    return unreadable(this.#options.inPath, what, hint)
  }
}

/** Everything that makes two records the same transfer; neither their line nor their place in the log belongs to it. */
function identityOf(transfer: Transfer): string {
  const { origin } = transfer
  return (
    `${origin.kind}|${origin.id ?? ''}|${transfer.site}|${transfer.source}|${transfer.destination}` +
    `|${roundInstant(transfer.queuedAt)}|${roundInstant(transfer.startedAt)}|${roundInstant(transfer.endedAt)}` +
    `|${transfer.sizeBytes}|${transfer.bytesTransferred}|${roundDuration(transfer.durationSeconds)}` +
    `|${transfer.status}|${transfer.attempt}|${transfer.protocol}|${transfer.activity}`
  )
}
