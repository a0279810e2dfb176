import { isSiteName } from '../names.ts'
import { TRAILER_BYTES } from './crc.ts'
import {
  type ErrorClass,
  type ErrorPhase,
  type ErrorScope,
  RECORD_VERSION,
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
 * for words are checked here, the others by `scannedProblem`.
 */
export function scanTransfer(line: Buffer): TransferRecord | undefined {
  cursor.open(line, line.length - TRAILER_BYTES)
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

/** Everything before the number in an id of the usual form. */
const idPrefixes = new KnownPieces<string>()

/** All that follows `firstByteSeconds`: the same few texts in most lines of a log. */
type Closing = Pick<TransferRecord, 'status' | 'attempt' | 'streams' | 'checksum'> & {
  error: TransferError | undefined
  transport: TransportCounters | undefined
  traceparent: string | undefined
  kind: string
  originId: string | undefined
  originLine: number | undefined
}
const closings = new KnownPieces<Closing>()

const field = {
  start: literal(`{"v":${RECORD_VERSION},"seq":`),
  id: literal(',"id":"'),
  queuedAt: literal(',"queuedAt":'),
  startedAt: literal(',"startedAt":'),
  endedAt: literal(',"endedAt":'),
  sizeBytes: literal(',"sizeBytes":'),
  bytesTransferred: literal(',"bytesTransferred":'),
  durationSeconds: literal(',"durationSeconds":'),
  firstByteSeconds: literal(',"firstByteSeconds":'),
  error: literal(',"error":{"scope":"'),
  phase: literal(',"phase":"'),
  class: literal(',"class":"'),
  message: literal(',"message":"'),
  retryable: literal(',"retryable":true}'),
  final: literal(',"retryable":false}'),
  attempt: literal(',"attempt":'),
  streams: literal(',"streams":'),
  transport: literal(',"transport":{"retransmits":'),
  outOfOrder: literal(',"outOfOrder":'),
  duplicates: literal(',"duplicates":'),
  rttSeconds: literal(',"rttSeconds":'),
  traceparent: literal(',"traceparent":"'),
  originLine: literal(',"line":'),
}

function readRecord(): TransferRecord {
  const c = cursor
  c.expect(field.start)
  const seq = c.whole()
  const id = readId(seq)
  const site = c.known(known.site)
  const source = c.known(known.source)
  const destination = c.known(known.destination)
  const protocol = c.known(known.protocol)
  const activity = c.known(known.activity)
  c.expect(field.queuedAt)
  const queuedAt = c.number()
  c.expect(field.startedAt)
  const startedAt = c.number()
  c.expect(field.endedAt)
  const endedAt = c.number()
  c.expect(field.sizeBytes)
  const sizeBytes = c.whole()
  c.expect(field.bytesTransferred)
  const bytesTransferred = c.whole()
  c.expect(field.durationSeconds)
  const durationSeconds = c.number()
  c.expect(field.firstByteSeconds)
  const firstByteSeconds = c.number()
  const closing = c.piece(closings) ?? readClosing()
  const record: TransferRecord = {
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
    status: closing.status,
    attempt: closing.attempt,
    streams: closing.streams,
    checksum: closing.checksum,
    origin: { kind: closing.kind },
  }
  if (closing.error !== undefined) record.error = closing.error
  if (closing.transport !== undefined) record.transport = closing.transport
  if (closing.traceparent !== undefined) record.traceparent = closing.traceparent
  if (closing.originId !== undefined) record.origin.id = closing.originId
  if (closing.originLine !== undefined) record.origin.line = closing.originLine
  return record
}

function readClosing(): Closing {
  const c = cursor
  const start = c.place()
  const status = c.known(known.status)
  const error = c.skip(field.error) ? readError() : undefined
  c.expect(field.attempt)
  const attempt = c.whole()
  c.expect(field.streams)
  const streams = c.whole()
  const transport = c.skip(field.transport) ? readTransport() : undefined
  const checksum = c.known(known.checksum)
  const traceparent = c.skip(field.traceparent) ? c.text() : undefined
  const kind = c.known(known.kind)
  const originId = c.skip(field.id) ? c.text() : undefined
  const originLine = c.skip(field.originLine) ? c.whole() : undefined
  c.closeObject()
  const closing = { status, error, attempt, streams, transport, checksum, traceparent, kind, originId, originLine }
  // Kept values are shared by records, so objects that a reader could change are read anew each time.
  const simple = error === undefined && transport === undefined && traceparent === undefined
  if (simple && originId === undefined && originLine === undefined && c.closed())
    closings.learn(c.since(start), closing)
  return closing
}

/** Nearly always `<SITE>-<seq>`, made from parts that are there already; any other id is read as it stands. */
function readId(seq: number): string {
  cursor.mark()
  const prefix = cursor.piece(idPrefixes)
  if (prefix !== undefined && cursor.whole() === seq && cursor.skipQuote()) return `${prefix}${seq}`
  cursor.reset()
  cursor.expect(field.id)
  const id = cursor.text()
  const dash = id.lastIndexOf('-') + 1
  if (prefix === undefined && id.slice(dash) === `${seq}`)
    idPrefixes.learn(`,"id":"${id.slice(0, dash)}`, id.slice(0, dash))
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

function readTransport(): TransportCounters {
  const retransmits = cursor.whole()
  cursor.expect(field.outOfOrder)
  const outOfOrder = cursor.whole()
  cursor.expect(field.duplicates)
  const duplicates = cursor.whole()
  cursor.expect(field.rttSeconds)
  const rttSeconds = cursor.number()
  cursor.closeObject()
  return { retransmits, outOfOrder, duplicates, rttSeconds }
}
