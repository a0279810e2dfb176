import type { SiteName } from '../../lib/names.ts'
import {
  type ChecksumState,
  checksums,
  RECORD_VERSION,
  statuses,
  type TransferError,
  type TransferRecord,
  type TransferStatus,
} from '../../lib/record/record.ts'
import type { Keyed } from './keys.ts'
import { type Shelf, Slots } from './shelf.ts'

/** What filters look at. */
export type TransferProbe = Pick<TransferRecord, 'site' | 'source' | 'destination' | 'status'>

const numbers = [
  'seq',
  'queuedAt',
  'startedAt',
  'endedAt',
  'sizeBytes',
  'bytesTransferred',
  'durationSeconds',
  'firstByteSeconds',
] as const
const words = ['site', 'source', 'destination', 'protocol', 'activity'] as const
const counters = ['retransmits', 'outOfOrder', 'duplicates'] as const

const RTT = numbers.length
const NUMBERS = numbers.length + 1
/** Words of a row beside the record's own: the kind of its origin, and who wrote the line. */
const ORIGIN_KIND = words.length
const WRITER = words.length + 1
const WORDS = words.length + 2
const SMALL = counters.length + 3
const [ATTEMPT, STREAMS, ORIGIN_LINE] = [counters.length, counters.length + 1, counters.length + 2]

const MOST_WORDS = 65_536
const MOST_SMALL = 2 ** 32 - 1

const known: ReadonlySet<string> = new Set([
  ...numbers,
  ...words,
  ...['v', 'id', 'status', 'error', 'attempt', 'streams', 'transport', 'checksum', 'traceparent', 'origin'],
])
const knownOfOrigin: ReadonlySet<string> = new Set(['kind', 'id', 'line'])
const knownOfTransport: ReadonlySet<string> = new Set([...counters, 'rttSeconds'])

/**
 * Transfer records in columns. As objects the newest 50,000 weigh 43 MB, most of it headers and boxed numbers; in columns
 * 12 MB. A record that has anything a column does not (a field of a newer minor version, a number beyond 32 bits where
 * small ones are usual) is kept as it is: what comes out is what went in.
 */
export class TransferShelf implements Shelf<TransferRecord, TransferProbe> {
  readonly #slots = new Slots()
  #rows = 0
  #numbers = new Float64Array(0)
  #words = new Uint16Array(0)
  #small = new Uint32Array(0)
  /** Status and checksum by their place in the lists; 255 where there is no transport. */
  #choices = new Uint8Array(0)
  readonly #originIds: (string | undefined)[] = []
  readonly #errors = new Map<number, TransferError>()
  /** Ids that do not follow from site and seq (repeated records), and trace contexts: few have one. */
  readonly #ids = new Map<number, string>()
  readonly #traces = new Map<number, string>()
  readonly #odd = new Map<number, Keyed<TransferRecord>>()
  readonly #wordIds = new Map<string, number>()
  readonly #wordList: string[] = []

  put(entry: Keyed<TransferRecord>): number {
    const slot = this.#slots.take()
    if (slot >= this.#rows) this.#grow()
    if (!this.#pack(slot, entry)) this.#odd.set(slot, entry)
    return slot
  }

  at(slot: number): number {
    return this.#odd.get(slot)?.at ?? this.#number(slot, 3)
  }

  writer(slot: number): string {
    return this.#odd.get(slot)?.writer ?? this.#word(slot, WRITER)
  }

  seq(slot: number): number {
    return this.#odd.get(slot)?.seq ?? this.#number(slot, 0)
  }

  probe(slot: number): TransferProbe {
    const odd = this.#odd.get(slot)
    if (odd !== undefined) return odd.value
    return {
      site: this.#word(slot, 0) as SiteName,
      source: this.#word(slot, 1) as SiteName,
      destination: this.#word(slot, 2) as SiteName,
      status: this.#status(slot),
    }
  }

  get(slot: number): TransferRecord {
    const odd = this.#odd.get(slot)
    if (odd !== undefined) return odd.value
    const seq = this.#number(slot, 0)
    const { site, source, destination, status } = this.probe(slot)
    const error = this.#errors.get(slot)
    const traceparent = this.#traces.get(slot)
    const originId = this.#originIds[slot]
    const originLine = this.#smallOf(slot, ORIGIN_LINE)
    return {
      v: RECORD_VERSION,
      seq,
      id: this.#ids.get(slot) ?? `${site}-${seq}`,
      site,
      source,
      destination,
      protocol: this.#word(slot, 3),
      activity: this.#word(slot, 4),
      queuedAt: this.#number(slot, 1),
      startedAt: this.#number(slot, 2),
      endedAt: this.#number(slot, 3),
      sizeBytes: this.#number(slot, 4),
      bytesTransferred: this.#number(slot, 5),
      durationSeconds: this.#number(slot, 6),
      firstByteSeconds: this.#number(slot, 7),
      status,
      ...(error === undefined ? {} : { error }),
      attempt: this.#smallOf(slot, ATTEMPT),
      streams: this.#smallOf(slot, STREAMS),
      ...(this.#choices[slot * 3 + 2] === 0 ? {} : { transport: this.#transport(slot) }),
      checksum: checksums[this.#choices[slot * 3 + 1] ?? 0] as ChecksumState,
      ...(traceparent === undefined ? {} : { traceparent }),
      origin: {
        kind: this.#word(slot, ORIGIN_KIND),
        ...(originId === undefined ? {} : { id: originId }),
        ...(originLine === 0 ? {} : { line: originLine }),
      },
    }
  }

  release(slot: number): void {
    this.#originIds[slot] = undefined
    for (const rare of [this.#errors, this.#ids, this.#traces, this.#odd]) rare.delete(slot)
    this.#slots.release(slot)
  }

  /** False when the record has something that has no column; what was written then is not looked at. */
  #pack(slot: number, { value, writer, at, seq }: Keyed<TransferRecord>): boolean {
    const { origin, transport, error, traceparent } = value
    if (value.v !== RECORD_VERSION || value.endedAt !== at || value.seq !== seq) return false
    if (!hasOnly(value, known) || !hasOnly(origin, knownOfOrigin)) return false
    if (transport !== undefined && !hasOnly(transport, knownOfTransport)) return false
    for (const [i, name] of numbers.entries()) this.#numbers[slot * NUMBERS + i] = value[name]
    this.#numbers[slot * NUMBERS + RTT] = transport?.rttSeconds ?? 0
    for (const [i, name] of words.entries()) if (!this.#putWord(slot, i, value[name])) return false
    if (!this.#putWord(slot, ORIGIN_KIND, origin.kind) || !this.#putWord(slot, WRITER, writer)) return false
    for (const [i, name] of counters.entries()) if (!this.#putSmall(slot, i, transport?.[name] ?? 0)) return false
    if (!this.#putSmall(slot, ATTEMPT, value.attempt) || !this.#putSmall(slot, STREAMS, value.streams)) return false
    if (origin.line === 0 || !this.#putSmall(slot, ORIGIN_LINE, origin.line ?? 0)) return false
    this.#choices[slot * 3] = statuses.indexOf(value.status)
    this.#choices[slot * 3 + 1] = checksums.indexOf(value.checksum)
    this.#choices[slot * 3 + 2] = transport === undefined ? 0 : 1
    this.#originIds[slot] = origin.id
    if (error !== undefined) this.#errors.set(slot, error)
    if (traceparent !== undefined) this.#traces.set(slot, traceparent)
    if (value.id !== `${value.site}-${value.seq}`) this.#ids.set(slot, value.id)
    return true
  }

  #grow(): void {
    this.#rows = Math.max(1024, Math.ceil(this.#rows * 1.5))
    this.#numbers = grown(this.#numbers, new Float64Array(this.#rows * NUMBERS))
    this.#words = grown(this.#words, new Uint16Array(this.#rows * WORDS))
    this.#small = grown(this.#small, new Uint32Array(this.#rows * SMALL))
    this.#choices = grown(this.#choices, new Uint8Array(this.#rows * 3))
  }

  #putWord(slot: number, column: number, text: string): boolean {
    let id = this.#wordIds.get(text)
    if (id === undefined) {
      if (this.#wordList.length >= MOST_WORDS) return false
      id = this.#wordList.push(text) - 1
      this.#wordIds.set(text, id)
    }
    this.#words[slot * WORDS + column] = id
    return true
  }

  #putSmall(slot: number, column: number, value: number): boolean {
    if (!Number.isInteger(value) || value < 0 || value > MOST_SMALL) return false
    this.#small[slot * SMALL + column] = value
    return true
  }

  #number(slot: number, column: number): number {
    return this.#numbers[slot * NUMBERS + column] ?? 0
  }

  #word(slot: number, column: number): string {
    return this.#wordList[this.#words[slot * WORDS + column] ?? 0] ?? ''
  }

  #smallOf(slot: number, column: number): number {
    return this.#small[slot * SMALL + column] ?? 0
  }

  #status(slot: number): TransferStatus {
    return statuses[this.#choices[slot * 3] ?? 0] as TransferStatus
  }

  #transport(slot: number) {
    return {
      retransmits: this.#smallOf(slot, 0),
      outOfOrder: this.#smallOf(slot, 1),
      duplicates: this.#smallOf(slot, 2),
      rttSeconds: this.#number(slot, RTT),
    }
  }
}

function hasOnly(value: object, names: ReadonlySet<string>): boolean {
  for (const name in value) if (!names.has(name)) return false
  return true
}

function grown<A extends { set(from: A): void }>(from: A, to: A): A {
  to.set(from)
  return to
}
