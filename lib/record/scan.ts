import { isSiteName, type SiteName } from '../names.ts'
import { TRAILER_BYTES } from './crc.ts'
import type {
  ChecksumState,
  ErrorClass,
  ErrorPhase,
  ErrorScope,
  TransferError,
  TransferRecord,
  TransferStatus,
  TransportCounters,
} from './record.ts'

/**
 * Reads the canonical order of version 1 straight from the bytes, several times faster than `JSON.parse`, and gives up
 * on any surprise: another order, an escape, a byte outside ASCII, an unknown field, a long number. Giving up is always
 * right, because the caller then asks `JSON.parse`; what is returned here must be exactly what that would return. Ranges
 * are not checked here except the form of site names.
 *
 * The state of a scan lies in this module's variables: a scan is one synchronous call and allocates only its result.
 */
export function scanTransfer(line: Buffer): TransferRecord | undefined {
  bytes = line
  at = 0
  good = true
  const record = readRecord()
  if (!good || at !== line.length - TRAILER_BYTES) return undefined
  return record
}

let bytes: Buffer = Buffer.alloc(0)
let at = 0
let good = true

const QUOTE = 0x22
const DASH = 0x2d
const DOT = 0x2e
const ZERO = 0x30
const BACKSLASH = 0x5c

const field = {
  v: text('{"v":'),
  seq: text(',"seq":'),
  id: text(',"id":"'),
  site: text(',"site":"'),
  source: text(',"source":"'),
  destination: text(',"destination":"'),
  protocol: text(',"protocol":"'),
  activity: text(',"activity":"'),
  queuedAt: text(',"queuedAt":'),
  startedAt: text(',"startedAt":'),
  endedAt: text(',"endedAt":'),
  sizeBytes: text(',"sizeBytes":'),
  bytesTransferred: text(',"bytesTransferred":'),
  durationSeconds: text(',"durationSeconds":'),
  firstByteSeconds: text(',"firstByteSeconds":'),
  status: text(',"status":"'),
  error: text(',"error":{"scope":"'),
  phase: text(',"phase":"'),
  class: text(',"class":"'),
  message: text(',"message":"'),
  retryable: text(',"retryable":'),
  attempt: text(',"attempt":'),
  streams: text(',"streams":'),
  transport: text(',"transport":{"retransmits":'),
  outOfOrder: text(',"outOfOrder":'),
  duplicates: text(',"duplicates":'),
  rttSeconds: text(',"rttSeconds":'),
  checksum: text(',"checksum":"'),
  traceparent: text(',"traceparent":"'),
  origin: text(',"origin":{"kind":"'),
  originLine: text(',"line":'),
  true: text('true}'),
  false: text('false}'),
  close: text('}'),
}

function text(literal: string): Uint8Array {
  return Uint8Array.from(literal, (character) => character.charCodeAt(0))
}

function readRecord(): TransferRecord {
  expect(field.v)
  const v = readNumber()
  expect(field.seq)
  const seq = readNumber()
  expect(field.id)
  const idStart = at
  const idEnd = skipText()
  expect(field.site)
  const site = readName()
  const id = readId(idStart, idEnd, site, seq)
  expect(field.source)
  const source = readName()
  expect(field.destination)
  const destination = readName()
  expect(field.protocol)
  const protocol = readWord()
  expect(field.activity)
  const activity = readWord()
  expect(field.queuedAt)
  const queuedAt = readNumber()
  expect(field.startedAt)
  const startedAt = readNumber()
  expect(field.endedAt)
  const endedAt = readNumber()
  expect(field.sizeBytes)
  const sizeBytes = readNumber()
  expect(field.bytesTransferred)
  const bytesTransferred = readNumber()
  expect(field.durationSeconds)
  const durationSeconds = readNumber()
  expect(field.firstByteSeconds)
  const firstByteSeconds = readNumber()
  expect(field.status)
  // The closed lists are checked by the caller's validation.
  const status = readWord() as TransferStatus
  const error = startsWith(field.error) ? readError() : undefined
  expect(field.attempt)
  const attempt = readNumber()
  expect(field.streams)
  const streams = readNumber()
  const transport = startsWith(field.transport) ? readTransport() : undefined
  expect(field.checksum)
  const checksum = readWord() as ChecksumState
  const traceparent = startsWith(field.traceparent) ? readText() : undefined
  expect(field.origin)
  const kind = readWord()
  const originId = startsWith(field.id) ? readText() : undefined
  const originLine = startsWith(field.originLine) ? readNumber() : undefined
  expect(field.close)
  const record: TransferRecord = {
    v,
    seq,
    id,
    site,
    source,
    destination,
    protocol,
    activity,
    queuedAt,
    startedAt,
    endedAt,
    sizeBytes,
    bytesTransferred,
    durationSeconds,
    firstByteSeconds,
    status,
    attempt,
    streams,
    checksum,
    origin: { kind },
  }
  if (error !== undefined) record.error = error
  if (transport !== undefined) record.transport = transport
  if (traceparent !== undefined) record.traceparent = traceparent
  if (originId !== undefined) record.origin.id = originId
  if (originLine !== undefined) record.origin.line = originLine
  return record
}

function readError(): TransferError {
  const scope = readWord() as ErrorScope
  expect(field.phase)
  const phase = readWord() as ErrorPhase
  expect(field.class)
  const errorClass = readWord() as ErrorClass
  expect(field.message)
  const message = readText()
  expect(field.retryable)
  const retryable = startsWith(field.true)
  if (!retryable) expect(field.false)
  return { scope, phase, class: errorClass, message, retryable }
}

function readTransport(): TransportCounters {
  const retransmits = readNumber()
  expect(field.outOfOrder)
  const outOfOrder = readNumber()
  expect(field.duplicates)
  const duplicates = readNumber()
  expect(field.rttSeconds)
  const rttSeconds = readNumber()
  expect(field.close)
  return { retransmits, outOfOrder, duplicates, rttSeconds }
}

function expect(literal: Uint8Array): void {
  if (!startsWith(literal)) good = false
}

/** Moves past the literal when it is next; stays otherwise. */
function startsWith(literal: Uint8Array): boolean {
  const length = literal.length
  for (let i = 0; i < length; i += 1) if (bytes[at + i] !== literal[i]) return false
  at += length
  return true
}

const powersOfTen = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15]

/**
 * Digits, or digits.digits, at most 15 in all: then the digits are a whole number below 2^53 and one division by a power of
 * ten is correctly rounded (Clinger, "How to read floating point numbers accurately", PLDI 1990), as in `JSON.parse`.
 */
function readNumber(): number {
  const start = at
  let value = 0
  let digit = (bytes[at] as number) - ZERO
  while (digit >= 0 && digit <= 9) {
    value = value * 10 + digit
    at += 1
    digit = (bytes[at] as number) - ZERO
  }
  const wholeDigits = at - start
  if (wholeDigits === 0 || wholeDigits > 15 || (wholeDigits > 1 && bytes[start] === ZERO)) {
    good = false
    return 0
  }
  if (bytes[at] !== DOT) return value
  at += 1
  const fractionStart = at
  digit = (bytes[at] as number) - ZERO
  while (digit >= 0 && digit <= 9) {
    value = value * 10 + digit
    at += 1
    digit = (bytes[at] as number) - ZERO
  }
  const fractionDigits = at - fractionStart
  if (fractionDigits === 0 || wholeDigits + fractionDigits > 15) {
    good = false
    return 0
  }
  return value / (powersOfTen[fractionDigits] as number)
}

/** Moves past plain text and its closing quote; answers where the text ends. */
function skipText(): number {
  let byte = bytes[at] as number
  while (byte !== QUOTE) {
    // Also ends at the end of the bytes, where the comparison with undefined is false.
    if (!(byte >= 0x20 && byte < 0x7f) || byte === BACKSLASH) {
      good = false
      return at
    }
    at += 1
    byte = bytes[at] as number
  }
  at += 1
  return at - 1
}

function readText(): string {
  const start = at
  return plain(start, skipText())
}

/** `<SITE>-<seq>` is made from the parts that were read anyway; a repeated record's id is read as it stands. */
function readId(start: number, end: number, site: string, seq: number): string {
  const length = site.length
  if (bytes[start + length] === DASH && end - start < length + 17) {
    let same = true
    for (let i = 0; i < length; i += 1) if (bytes[start + i] !== site.charCodeAt(i)) same = false
    let number = 0
    let i = start + length + 1
    if (bytes[i] === ZERO || i === end) same = false
    for (; i < end; i += 1) number = number * 10 + ((bytes[i] as number) - ZERO)
    if (same && number === seq) return `${site}-${seq}`
  }
  return plain(start, end)
}

/** Words and names come from few values: each is made once and found again by its bytes. */
const SLOTS = 1024
const MAX_WORD = 64
const words: (string | undefined)[] = new Array(SLOTS).fill(undefined)
const names: (SiteName | undefined)[] = new Array(SLOTS).fill(undefined)

function readWord(): string {
  const start = at
  const end = skipText()
  if (end - start > MAX_WORD) return plain(start, end)
  const slot = slotOf(start, end)
  const known = words[slot]
  if (known !== undefined && isAt(known, start, end)) return known
  const word = plain(start, end)
  words[slot] = word
  return word
}

function readName(): SiteName {
  const start = at
  const end = skipText()
  const slot = slotOf(start, end)
  const known = names[slot]
  if (known !== undefined && isAt(known, start, end)) return known
  const name = plain(start, end)
  if (isSiteName(name)) names[slot] = name
  else good = false
  return name as SiteName
}

function slotOf(start: number, end: number): number {
  let hash = end - start
  for (let i = start; i < end; i += 1) hash = (Math.imul(hash, 31) + (bytes[i] as number)) | 0
  return (hash ^ (hash >>> 10)) & (SLOTS - 1)
}

function isAt(known: string, start: number, end: number): boolean {
  const length = known.length
  if (length !== end - start) return false
  for (let i = 0; i < length; i += 1) if (known.charCodeAt(i) !== bytes[start + i]) return false
  return true
}

function plain(start: number, end: number): string {
  return bytes.toString('latin1', start, end)
}
