import { isSiteName } from '../names.ts'
import { TRAILER_BYTES } from './crc.ts'
import {
  type ErrorClass,
  type ErrorPhase,
  type ErrorScope,
  RECORD_VERSION,
  type RecordOrigin,
  type TransferError,
  type TransferRecord,
  type TransportCounters,
} from './record.ts'
import { Cursor, KnownPieces, KnownTexts, literal } from './scan-cursor.ts'
import { isActivity, isChecksum, isOriginKind, isProtocol, isStatus } from './validate.ts'

/**
 * Reads the canonical order of version 1 straight from the bytes, several times faster than `JSON.parse`, and gives up
 * on any surprise: another order, an escape, a byte outside ASCII, an unknown field, a long number. Giving up is always
 * right, because the caller then asks `JSON.parse`; what is returned here must be exactly what that would return. Rules
 * for words are checked here, the others by `scannedProblem`. The line may be a part of larger memory.
 */
export function scanTransfer(bytes: Buffer, start = 0, end = bytes.length): TransferRecord | undefined {
  cursor.open(bytes, start, end - TRAILER_BYTES)
  const record = readRecord()
  return cursor.closed() ? record : undefined
}

/** One for all: a scan is one synchronous call. */
const cursor = new Cursor()

/** Words that come again and again, by the field in which they stand: each is checked and made once. */
const known = {
  site: new KnownTexts(',"site":"', isSiteName),
  source: new KnownTexts(',"source":"', isSiteName),
  destination: new KnownTexts(',"destination":"', isSiteName),
  protocol: new KnownTexts(',"protocol":"', isProtocol),
  activity: new KnownTexts(',"activity":"', isActivity),
  status: new KnownTexts(',"status":"', isStatus),
  checksum: new KnownTexts(',"checksum":"', isChecksum),
  kind: new KnownTexts(',"origin":{"kind":"', isOriginKind),
}

/** Ids that end with a number, by what stands before it. */
const ids = { record: new KnownPieces<Series>(), origin: new KnownPieces<Series>() }

/** Numbers of a series mostly grow by one: all but the last two digits have their text already. */
interface Series {
  prefix: string
  hundreds: number
  hundredsText: string
}

const twoDigits = Array.from({ length: 100 }, (_, n) => String(n).padStart(2, '0'))

function idIn(series: Series, number: number): string {
  if (number < 100) return `${series.prefix}${number}`
  const hundreds = Math.floor(number / 100)
  if (hundreds !== series.hundreds) {
    series.hundreds = hundreds
    series.hundredsText = `${series.prefix}${hundreds}`
  }
  return series.hundredsText + (twoDigits[number - hundreds * 100] as string)
}

/** Runs of fields that few texts fill in most logs: read as a whole. */
type Opening = Pick<TransferRecord, 'site' | 'source' | 'destination' | 'protocol' | 'activity'>
type Outcome = Pick<TransferRecord, 'status' | 'attempt'> & { error: TransferError | undefined }
type Ending = Pick<TransferRecord, 'checksum' | 'traceparent'> & { kind: string }
const openings = new KnownPieces<Opening>()
const outcomes = new KnownPieces<Outcome>()
const endings = new KnownPieces<Ending>()

const field = {
  start: literal(`{"v":${RECORD_VERSION},"seq":`),
  id: literal(',"id":"'),
  error: literal(',"error":{"scope":"'),
  phase: literal(',"phase":"'),
  class: literal(',"class":"'),
  message: literal(',"message":"'),
  retryable: literal(',"retryable":true}'),
  final: literal(',"retryable":false}'),
  attempt: literal(',"attempt":'),
  streams: literal(',"streams":'),
  transport: literal(',"transport":{"retransmits":'),
  traceparent: literal(',"traceparent":"'),
  originLine: literal(',"line":'),
}

const numberKeys = [
  literal(',"queuedAt":'),
  literal(',"startedAt":'),
  literal(',"endedAt":'),
  literal(',"sizeBytes":'),
  literal(',"bytesTransferred":'),
  literal(',"durationSeconds":'),
  literal(',"firstByteSeconds":'),
]
const numbersAreWhole = [false, false, false, true, true, false, false]
const numbers = new Float64Array(numberKeys.length)

const counterKeys = [field.transport, literal(',"outOfOrder":'), literal(',"duplicates":'), literal(',"rttSeconds":')]
const countersAreWhole = [true, true, true, false]
const counters = new Float64Array(counterKeys.length)

function readRecord(): TransferRecord {
  const c = cursor
  c.expect(field.start)
  const seq = c.whole()
  const id = readId(ids.record)
  const opening = c.piece(openings) ?? readOpening()
  c.numbers(numberKeys, numbersAreWhole, numbers)
  const outcome = c.piece(outcomes) ?? readOutcome()
  const streams = c.whole()
  const transport = readTransport()
  const ending = c.piece(endings) ?? readEnding()
  const originId = c.isNext(field.id) ? readId(ids.origin) : undefined
  const origin: RecordOrigin = originId === undefined ? { kind: ending.kind } : { kind: ending.kind, id: originId }
  if (c.skip(field.originLine)) origin.line = c.whole()
  c.closeObject()
  const { site, source, destination, protocol, activity } = opening
  const { status, attempt, error } = outcome
  const { checksum, traceparent } = ending
  const queuedAt = numbers[0] as number
  const startedAt = numbers[1] as number
  const endedAt = numbers[2] as number
  const sizeBytes = numbers[3] as number
  const bytesTransferred = numbers[4] as number
  const durationSeconds = numbers[5] as number
  const firstByteSeconds = numbers[6] as number
  // Both shapes are written out: a field that is added later costs a second piece of memory for every record.
  const record: TransferRecord =
    transport === undefined
      ? {
          v: RECORD_VERSION,
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
          origin,
        }
      : {
          v: RECORD_VERSION,
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
          transport,
          checksum,
          origin,
        }
  if (error !== undefined) record.error = error
  if (traceparent !== undefined) record.traceparent = traceparent
  return record
}

function readOpening(): Opening {
  const c = cursor
  const start = c.place()
  const site = c.known(known.site)
  const source = c.known(known.source)
  const destination = c.known(known.destination)
  const protocol = c.known(known.protocol)
  const activity = c.known(known.activity)
  const opening = { site, source, destination, protocol, activity }
  if (c.good) openings.learn(c.since(start), opening)
  return opening
}

function readOutcome(): Outcome {
  const c = cursor
  const start = c.place()
  const status = c.known(known.status)
  const error = c.skip(field.error) ? readError() : undefined
  c.expect(field.attempt)
  const attempt = c.whole()
  c.expect(field.streams)
  const outcome = { status, error, attempt }
  // What is kept is shared by records: an object that a reader could change is read anew each time.
  if (c.good && error === undefined) outcomes.learn(c.since(start), outcome)
  return outcome
}

function readEnding(): Ending {
  const c = cursor
  const start = c.place()
  const checksum = c.known(known.checksum)
  const traceparent = c.skip(field.traceparent) ? c.text() : undefined
  const kind = c.known(known.kind)
  if (traceparent !== undefined) return { checksum, traceparent, kind }
  const ending = { checksum, kind }
  if (c.good) endings.learn(c.since(start), ending)
  return ending
}

/** Mostly a fixed text and a number: then it is made from both, for a number without leading zeros has one text. */
function readId(known: KnownPieces<Series>): string {
  cursor.mark()
  const series = cursor.piece(known)
  if (series !== undefined) {
    const number = cursor.whole()
    if (cursor.good && cursor.skipQuote()) return idIn(series, number)
    cursor.reset()
  }
  cursor.expect(field.id)
  const id = cursor.text()
  const end = id.search(/(0|[1-9][0-9]{0,14})$/)
  if (cursor.good && series === undefined && end >= 0) {
    const prefix = id.slice(0, end)
    known.learn(`,"id":"${prefix}`, { prefix, hundreds: 0, hundredsText: '' })
  }
  return id
}

function readError(): TransferError {
  // Scope, phase and class depend on each other: `scannedProblem` holds them against their lists.
  const scope = cursor.text() as ErrorScope
  cursor.expect(field.phase)
  const phase = cursor.text() as ErrorPhase
  cursor.expect(field.class)
  const errorClass = cursor.text() as ErrorClass
  cursor.expect(field.message)
  const message = cursor.text()
  const retryable = cursor.skip(field.retryable)
  if (!retryable) cursor.expect(field.final)
  return { scope, phase, class: errorClass, message, retryable }
}

function readTransport(): TransportCounters | undefined {
  if (!cursor.isNext(field.transport)) return undefined
  cursor.numbers(counterKeys, countersAreWhole, counters)
  cursor.closeObject()
  return {
    retransmits: counters[0] as number,
    outOfOrder: counters[1] as number,
    duplicates: counters[2] as number,
    rttSeconds: counters[3] as number,
  }
}
