import { open, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { z } from 'zod'
import type { Clock } from '../lib/clock.ts'
import { DtmsError, systemCode } from '../lib/errors.ts'
import type { LogWriter } from '../lib/log/log.ts'
import { createTailer } from '../lib/log/tailer.ts'
import { openLogWriter } from '../lib/log/writer.ts'
import type { Logger } from '../lib/logger.ts'
import type { SiteName } from '../lib/names.ts'
import type { Transfer } from '../lib/record/record.ts'
import { roundInstant } from '../lib/record/serialise.ts'
import { quarantineCodec } from '../lib/streams/codecs.ts'
import type { Entry } from '../lib/streams/envelope.ts'
import type { QuarantineLine } from '../lib/streams/quarantine.ts'
import type { Volume } from '../lib/volume/volume.ts'
import type { ImportFormat } from './import/format.ts'
import { openFormat } from './import/formats.ts'
import { Repeats } from './import/repeats.ts'
import { RowParser, rejectedIdentity, rejectedRow } from './import/row-parser.ts'
import { type Row, RowCutter } from './import/rows.ts'
import { emptyBatch, type Resume, type Source, type SourceBatch, type SourceStatus } from './source.ts'

export interface ForeignSourceOptions {
  site: SiteName
  /** The growing file, the name of its format, and the mapping file when the format needs one. */
  path: string
  format: string
  mapping?: string
  volume: Volume
  clock: Clock
  logger: Logger
}

const CHUNK_BYTES = 512 * 1024
const SHORTEST_WAIT_MS = 100
const LONGEST_WAIT_MS = 1000

const stateSchema = z.object({
  inode: z.number(),
  offset: z.number().int().nonnegative(),
  line: z.number().int().positive(),
})
type State = z.infer<typeof stateSchema>

/**
 * Follows a delimited file that somebody else appends to, and gives the rows of one site. Rows of other sites are for
 * their own exporters; rows that cannot become records are kept in `quarantine/exporter-<SITE>/`.
 *
 * A row counts when its line is ended. A file that was replaced (another inode, or shorter than what was read) is read
 * from its beginning; what was still unread in the former one is lost and said so.
 */
export class ForeignSource implements Source {
  readonly kind = 'csv'
  readonly #options: ForeignSourceOptions
  readonly #format: ImportFormat
  readonly #rejects: Rejects
  #parser: RowParser
  #cutter: RowCutter
  #inode: number | undefined
  /** The next byte to read; the cutter holds what lies between its place and this. */
  #readTo = 0
  #size = 0
  /** Length of the file when it was first seen: what lies before is the past. */
  #pastBytes: number | undefined
  #lastEnd = 0
  #waitMs = SHORTEST_WAIT_MS
  #problem: string | undefined

  /** @throws DtmsError when the format or its mapping is wrong */
  constructor(options: ForeignSourceOptions) {
    this.#options = options
    this.#format = openFormat(options.format, options.mapping)
    this.#parser = new RowParser(this.#format)
    this.#cutter = new RowCutter(this.#format.delimiter)
    this.#rejects = new Rejects(options)
  }

  async open(resume: Resume): Promise<void> {
    const saved = stateSchema.safeParse(resume.state?.state)
    if (saved.success) this.#goTo(saved.data)
    await this.#rejects.recall(this.#cutter.place.offset)
  }

  async next(): Promise<SourceBatch> {
    const found = await this.#look()
    if (found === undefined) return emptyBatch(LONGEST_WAIT_MS)
    if (found === 'replaced') return { ...emptyBatch(0), settle: 'saved' }
    const chunk = found
    if (chunk.length === 0) {
      this.#waitMs = Math.min(LONGEST_WAIT_MS, this.#waitMs * 2)
      return emptyBatch(this.#waitMs)
    }
    this.#readTo += chunk.length
    const transfers: Transfer[] = []
    for (const row of this.#cutter.cut(chunk)) await this.#take(row, transfers)
    this.#waitMs = SHORTEST_WAIT_MS
    const waitMs = this.#readTo < this.#size ? 0 : SHORTEST_WAIT_MS
    // Saved at once: should the file be replaced while nobody looks, no more than this batch would be unknown.
    return { transfers, events: [], truth: [], waitMs, ...(transfers.length > 0 ? { settle: 'saved' as const } : {}) }
  }

  state() {
    const state: State | undefined =
      this.#inode === undefined ? undefined : { inode: this.#inode, ...this.#cutter.place }
    return { positions: new Map(), state }
  }

  status(): SourceStatus {
    const past = this.#pastBytes ?? 0
    const behind = this.#size > this.#readTo && this.#lastEnd > 0
    return {
      pastProgress: past === 0 ? 1 : Math.min(1, this.#readTo / past),
      lagSeconds: behind ? Math.max(0, this.#options.clock.now() - this.#lastEnd) : 0,
      refused: this.#rejects.kept,
      ...(this.#problem === undefined ? {} : { problem: this.#problem }),
    }
  }

  async close(): Promise<void> {
    await this.#rejects.close()
  }

  /** The next bytes; undefined when the file is not there. */
  async #look(): Promise<Buffer | 'replaced' | undefined> {
    const { path, logger } = this.#options
    try {
      const { ino, size } = await stat(path)
      this.#problem = undefined
      if (this.#inode !== undefined && (ino !== this.#inode || size < this.#readTo)) {
        logger.warn('the followed file was replaced: reading the new one from its beginning', {
          file: path,
          unread_bytes: Math.max(0, this.#size - this.#readTo),
        })
        this.#goTo({ inode: ino, offset: 0, line: 1 })
        return 'replaced'
      }
      this.#inode = ino
      this.#size = size
      this.#pastBytes ??= size
      if (size <= this.#readTo) return Buffer.alloc(0)
      if (!this.#parser.isOpen && this.#readTo > 0) await this.#readHeader()
      return await this.#read(this.#readTo, CHUNK_BYTES)
    } catch (error) {
      if (error instanceof DtmsError) throw error
      const reason = systemCode(error) ?? String(error)
      if (this.#problem === undefined) logger.warn('the followed file cannot be read', { file: path, reason })
      this.#problem = `${path} cannot be read (${reason})`
      return undefined
    }
  }

  async #read(offset: number, maxBytes: number): Promise<Buffer> {
    const file = await open(this.#options.path, 'r')
    try {
      const buffer = Buffer.allocUnsafe(maxBytes)
      const { bytesRead } = await file.read(buffer, 0, maxBytes, offset)
      return buffer.subarray(0, bytesRead)
    } finally {
      await file.close()
    }
  }

  /** After a restart in the middle of a file its first line is looked at again. */
  async #readHeader(): Promise<void> {
    const [header] = new RowCutter(this.#format.delimiter).cut(await this.#read(0, CHUNK_BYTES))
    if (header !== undefined) this.#openHeader(header)
  }

  #openHeader(row: Row): void {
    if (row.fields === undefined) {
      throw new DtmsError('input.unreadable', `${this.#options.path} begins with a line that is no header`, {
        hint: 'DTMS_SOURCE_FILE must be a delimited text file that is not compressed; see docs/import.md',
      })
    }
    this.#parser.open(row.fields)
  }

  async #take(row: Row, transfers: Transfer[]): Promise<void> {
    if (!this.#parser.isOpen) {
      this.#openHeader(row)
      return
    }
    const parsed = this.#parser.parse(row)
    if ('reason' in parsed) {
      await this.#rejects.keep(rejectedRow(row, parsed.reason, this.#rejects.origin, roundInstant(this.#lastEnd)))
      return
    }
    this.#lastEnd = parsed.transfer.endedAt
    if (parsed.transfer.site === this.#options.site) transfers.push(parsed.transfer)
  }

  #goTo(state: State): void {
    this.#inode = state.inode
    this.#readTo = state.offset
    this.#size = Math.max(state.offset, 0)
    this.#pastBytes = undefined
    this.#parser = new RowParser(this.#format)
    this.#cutter = new RowCutter(this.#format.delimiter, state)
  }
}

/** The quarantine of one exporter, opened with the first bad row; what a replay meets again is not kept twice. */
class Rejects {
  readonly origin: string
  /** By reason, since this process started. */
  readonly kept = new Map<string, number>()
  readonly #options: ForeignSourceOptions
  readonly #writerName: string
  readonly #known = new Repeats()
  #writer: LogWriter<Entry<QuarantineLine>> | undefined

  constructor(options: ForeignSourceOptions) {
    this.#options = options
    this.origin = basename(options.path).slice(0, 256)
    this.#writerName = `exporter-${options.site}`
  }

  async recall(fromOffset: number): Promise<void> {
    const tailer = createTailer({
      volume: this.#options.volume,
      stream: 'quarantine',
      writers: [this.#writerName],
      codec: quarantineCodec,
    })
    for (let done = false; !done; ) {
      const batch = await tailer.poll()
      for (const { value } of batch.entries) {
        if ((value.offset ?? 0) >= fromOffset) this.#known.add(rejectedIdentity(value))
      }
      done = batch.caughtUp
    }
  }

  async keep(entry: Entry<QuarantineLine>): Promise<void> {
    if (this.#known.take(rejectedIdentity(entry))) return
    const { volume, clock, logger } = this.#options
    this.#writer ??= await openLogWriter({
      volume,
      clock,
      logger,
      stream: 'quarantine',
      writer: this.#writerName,
      codec: quarantineCodec,
    })
    await this.#writer.append(entry)
    this.kept.set(entry.reason, (this.kept.get(entry.reason) ?? 0) + 1)
  }

  async close(): Promise<void> {
    await this.#writer?.close()
  }
}
