import type { SiteName } from '../../lib/names.ts'
import type { ChecksumState, Transfer, TransferError, TransferStatus } from '../../lib/record/record.ts'
import { classifyError } from './error-text.ts'
import { type ImportFormat, RowProblem } from './format.ts'
import { Header } from './header.ts'
import type { Mapping, NamedColumn } from './mapping.ts'
import { toBytes, toDuration, toInstant, toNormalisedName, toShortText, toSiteName, toWhole } from './values.ts'

const FORMAT = 'mapped-csv'

/** Longer queues and transfers are taken for a wrong column, seconds (ten years). */
const MAX_SPAN_SECONDS = 3.2e8

/** Any delimited file, read as its mapping says. */
export function mappedCsv(mapping: Mapping): ImportFormat {
  return {
    kind: FORMAT,
    delimiter: delimiterOf(mapping.delimiter),
    ...(mapping.header === true ? {} : { columns: mapping.header }),
    open(names) {
      const header = new Header(names)
      const reader = new MappedReader(mapping, header)
      header.check(FORMAT)
      return (fields) => reader.read(fields)
    },
  }
}

function delimiterOf(text: string): string {
  if (text === 'tab') return '\t'
  return text === 'space' ? ' ' : text
}

type Getter<T> = (fields: readonly string[]) => T

class MappedReader {
  readonly #mapping: Mapping
  readonly #header: Header
  readonly #missing: ReadonlySet<string>
  readonly #site: Getter<SiteName>
  readonly #source: Getter<SiteName>
  readonly #destination: Getter<SiteName>
  readonly #queued: Getter<number | undefined>
  readonly #start: Getter<number | undefined>
  readonly #end: Getter<number | undefined>
  readonly #duration: Getter<number | undefined>
  readonly #firstByte: Getter<number | undefined>
  readonly #size: Getter<number | undefined>
  readonly #transferred: Getter<number | undefined>
  readonly #status: Getter<TransferStatus>
  readonly #error: Getter<string | undefined>
  readonly #protocol: Getter<string>
  readonly #activity: Getter<string>
  readonly #attempt: Getter<number | undefined>
  readonly #streams: Getter<number | undefined>
  readonly #checksum: Getter<ChecksumState>
  readonly #id: Getter<string | undefined>

  constructor(mapping: Mapping, header: Header) {
    const { columns } = mapping
    this.#mapping = mapping
    this.#header = header
    this.#missing = new Set(mapping.missing)
    this.#site = this.#name(columns.site)
    this.#source = this.#name(columns.source)
    this.#destination = this.#name(columns.destination)
    this.#queued = this.#optional(columns.queued, (text, { unit }) => toInstant(text, unit))
    this.#start = this.#optional(columns.start, (text, { unit }) => toInstant(text, unit))
    this.#end = this.#optional(columns.end, (text, { unit }) => toInstant(text, unit))
    this.#duration = this.#optional(columns.duration, (text, { unit }) => toDuration(text, unit))
    this.#firstByte = this.#optional(columns.firstByte, (text, { unit }) => toDuration(text, unit))
    this.#size = this.#optional(columns.size, (text, { unit }) => toBytes(text, unit))
    this.#transferred = this.#optional(columns.transferred, (text, { unit }) => toBytes(text, unit))
    this.#status = this.#statusOf()
    this.#error = this.#optional(columns.error, (text) => text)
    this.#protocol = this.#word(columns.protocol, 32, 'unknown')
    this.#activity = this.#word(columns.activity, 64, 'transfer')
    this.#attempt = this.#optional(columns.attempt, (text) => Math.max(1, toWhole(text, 0, 65_535)))
    this.#streams = this.#optional(columns.streams, (text) => toWhole(text, 0, 65_535))
    const checksums = new Map(Object.entries(columns.checksum?.values ?? {}))
    const checksum = this.#optional(columns.checksum, (text) => checksums.get(text))
    this.#checksum = (fields) => checksum(fields) ?? 'none'
    this.#id = this.#optional(columns.id, (text) => toShortText(text, 256, 'unnamed'))
  }

  read(fields: readonly string[]): Transfer {
    const status = this.#status(fields)
    const { startedAt, endedAt, durationSeconds } = this.#times(fields)
    if (durationSeconds === 0 && status === 'ok' && this.#mapping.zeroDuration === 'quarantine')
      throw new RowProblem('zero-duration')
    const queuedAt = this.#queued(fields) ?? startedAt
    if (startedAt - queuedAt > MAX_SPAN_SECONDS) throw new RowProblem('bad-time')
    const sizeBytes = this.#size(fields)
    // Failed rows of many logs have no size.
    if (sizeBytes === undefined && status === 'ok') throw new RowProblem('bad-size')
    const id = this.#id(fields)
    return {
      site: this.#site(fields),
      source: this.#source(fields),
      destination: this.#destination(fields),
      protocol: this.#protocol(fields),
      activity: this.#activity(fields),
      queuedAt,
      startedAt,
      endedAt,
      sizeBytes: sizeBytes ?? 0,
      bytesTransferred: this.#transferred(fields) ?? (status === 'ok' ? (sizeBytes ?? 0) : 0),
      durationSeconds,
      firstByteSeconds: this.#firstByte(fields) ?? 0,
      status,
      ...(status === 'ok' ? {} : { error: this.#errorOf(fields, status) }),
      attempt: this.#attempt(fields) ?? 1,
      streams: this.#streams(fields) ?? 1,
      checksum: this.#checksum(fields),
      origin: { kind: FORMAT, ...(id === undefined ? {} : { id }) },
    }
  }

  #times(fields: readonly string[]): Pick<Transfer, 'startedAt' | 'endedAt' | 'durationSeconds'> {
    const start = this.#start(fields)
    const end = this.#end(fields)
    const duration = this.#duration(fields)
    const startedAt = start ?? (end === undefined || duration === undefined ? undefined : end - duration)
    const endedAt = end ?? (start === undefined || duration === undefined ? undefined : start + duration)
    if (startedAt === undefined || endedAt === undefined || startedAt < 0) throw new RowProblem('bad-time')
    const durationSeconds = duration ?? endedAt - startedAt
    if (durationSeconds < 0) throw new RowProblem('negative-duration')
    if (durationSeconds > MAX_SPAN_SECONDS) throw new RowProblem('bad-duration')
    return { startedAt, endedAt, durationSeconds }
  }

  #errorOf(fields: readonly string[], status: TransferStatus): TransferError {
    const text = this.#error(fields)
    if (text !== undefined) return classifyError(text)
    return status === 'aborted' ? classifyError('cancelled') : classifyError('failed, no reason given')
  }

  #statusOf(): Getter<TransferStatus> {
    const { status } = this.#mapping.columns
    if (status === undefined) return () => 'ok'
    const ok = new Set(status.ok.map((value) => value.toLowerCase()))
    const aborted = new Set(status.aborted.map((value) => value.toLowerCase()))
    const place = this.#header.need(status.column)
    return (fields) => {
      const text = (fields[place] as string).trim().toLowerCase()
      if (ok.has(text)) return 'ok'
      if (this.#missing.has(text)) throw new RowProblem('bad-status')
      return aborted.has(text) ? 'aborted' : 'failed'
    }
  }

  #name(wanted: NamedColumn): Getter<SiteName> {
    if ('constant' in wanted) {
      const name = toSiteName(wanted.constant)
      return () => name
    }
    const place = this.#header.need(wanted.column)
    const { rename, names } = this.#mapping
    const renamed = new Map(Object.entries(rename))
    const known = new Map<string, SiteName>()
    return (fields) => {
      const text = (fields[place] as string).trim()
      const found = known.get(text)
      if (found !== undefined) return found
      if (this.#missing.has(text)) throw new RowProblem('bad-name')
      const to = renamed.get(text) ?? text
      const name = names === 'exact' ? toSiteName(to) : toNormalisedName(to)
      if (known.size < 4096) known.set(text, name)
      return name
    }
  }

  #word(wanted: { column: string } | { constant: string }, maxLength: number, fallback: string): Getter<string> {
    if ('constant' in wanted) {
      const { constant } = wanted
      return () => constant
    }
    const place = this.#header.need(wanted.column)
    return (fields) => {
      const text = (fields[place] as string).trim()
      return this.#missing.has(text) ? fallback : toShortText(text, maxLength, fallback)
    }
  }

  #optional<C extends { column: string }, T>(
    wanted: C | undefined,
    read: (text: string, wanted: C) => T,
  ): Getter<T | undefined> {
    if (wanted === undefined) return () => undefined
    const place = this.#header.need(wanted.column)
    return (fields) => {
      const text = (fields[place] as string).trim()
      return this.#missing.has(text) ? undefined : read(text, wanted)
    }
  }
}
