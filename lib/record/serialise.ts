import { DtmsError } from '../errors.ts'
import { closeBytes } from './crc.ts'
import { KnownOpenings } from './known-openings.ts'
import { LineBytes, piece } from './line-bytes.ts'
import {
  MAX_LINE_BYTES,
  RECORD_VERSION,
  type RecordOrigin,
  type Transfer,
  type TransferError,
  type TransportCounters,
} from './record.ts'
import { factsProblem, transferProblem } from './validate.ts'

/**
 * The one text of a transfer record: canonical order, no spaces, instants rounded to milliseconds, durations to
 * microseconds. Two equal transfers always give equal bytes, on which reproducible logs rest.
 *
 * @throws DtmsError `record.invalid` when a rule of docs/record-format.md is broken: nothing is written that a reader
 * would refuse
 */
export function serialiseTransfer(transfer: Transfer, seq: number): string {
  return scratch.toString('utf8', 0, writeTransfer(transfer, seq, scratch, 0))
}

/** More than the longest record: every text in it is limited, and no character of one takes more than six bytes. */
export const MOST_TRANSFER_BYTES = 16_384

const scratch = Buffer.allocUnsafeSlow(MOST_TRANSFER_BYTES)

/**
 * The same as bytes into `target`, which must have `MOST_TRANSFER_BYTES` from `start`. Returns where the line ends, its
 * newline included. Throws before it has written anything.
 */
export function writeTransfer(transfer: Transfer, seq: number, target: Buffer, start: number): number {
  const opening = openings.find(transfer)
  const problem = opening === undefined ? transferProblem(transfer) : factsProblem(transfer)
  if (problem !== undefined) throw invalid(problem)
  if (!Number.isSafeInteger(seq) || seq < 1) throw invalid('seq must be a whole number from 1')
  const { error, transport, origin } = transfer
  line.open(target, start)
  line.whole(pieces.v, seq)
  if (transfer.id !== undefined) line.quoted(pieces.id, transfer.id)
  else {
    if (opening === undefined) line.plain(pieces.ownId, transfer.site)
    else line.piece(opening.ownId)
    line.whole(pieces.dash, seq)
    line.piece(pieces.quote)
  }
  if (opening === undefined) writeOpening(transfer)
  else line.piece(opening.fields)
  line.millis(pieces.queuedAt, transfer.queuedAt)
  line.millis(pieces.startedAt, transfer.startedAt)
  line.millis(pieces.endedAt, transfer.endedAt)
  line.whole(pieces.sizeBytes, transfer.sizeBytes)
  line.whole(pieces.bytesTransferred, transfer.bytesTransferred)
  line.micros(pieces.durationSeconds, transfer.durationSeconds)
  line.micros(pieces.firstByteSeconds, transfer.firstByteSeconds)
  line.plain(pieces.status, transfer.status)
  line.piece(pieces.quote)
  if (error !== undefined) writeError(error)
  line.whole(pieces.attempt, transfer.attempt)
  line.whole(pieces.streams, transfer.streams)
  if (transport !== undefined) writeTransport(transport)
  line.plain(pieces.checksum, transfer.checksum)
  line.piece(pieces.quote)
  if (transfer.traceparent !== undefined) {
    line.plain(pieces.traceparent, transfer.traceparent)
    line.piece(pieces.quote)
  }
  writeOrigin(origin)
  return closeBytes(target, start, line.at)
}

/** A new combination of names has passed the rules by now. */
function writeOpening(transfer: Transfer): void {
  openings.learn(transfer)
  line.plain(pieces.site, transfer.site)
  line.plain(pieces.source, transfer.source)
  line.plain(pieces.destination, transfer.destination)
  line.quoted(pieces.protocol, transfer.protocol)
  line.quoted(pieces.activity, transfer.activity)
}

function writeError(error: TransferError): void {
  line.plain(pieces.scope, error.scope)
  line.plain(pieces.phase, error.phase)
  line.plain(pieces.class, error.class)
  line.quoted(pieces.message, error.message)
  line.piece(error.retryable ? pieces.retryable : pieces.final)
}

function writeTransport(transport: TransportCounters): void {
  line.whole(pieces.retransmits, transport.retransmits)
  line.whole(pieces.outOfOrder, transport.outOfOrder)
  line.whole(pieces.duplicates, transport.duplicates)
  line.micros(pieces.rttSeconds, transport.rttSeconds)
  line.piece(pieces.brace)
}

function writeOrigin(origin: RecordOrigin): void {
  line.quoted(pieces.kind, origin.kind)
  if (origin.id !== undefined) line.quoted(pieces.id, origin.id)
  if (origin.line !== undefined) line.whole(pieces.line, origin.line)
  line.piece(pieces.brace)
}

/** One for all lines; no call is under way when another begins. */
const line = new LineBytes()

/** For all writers of the process. */
const openings = new KnownOpenings()

const pieces = {
  v: piece(`{"v":${RECORD_VERSION},"seq":`),
  id: piece(',"id":'),
  ownId: piece(',"id":"'),
  quote: piece('"'),
  dash: piece('-'),
  brace: piece('}'),
  site: piece(',"site":"'),
  source: piece('","source":"'),
  destination: piece('","destination":"'),
  protocol: piece('","protocol":'),
  activity: piece(',"activity":'),
  queuedAt: piece(',"queuedAt":'),
  startedAt: piece(',"startedAt":'),
  endedAt: piece(',"endedAt":'),
  sizeBytes: piece(',"sizeBytes":'),
  bytesTransferred: piece(',"bytesTransferred":'),
  durationSeconds: piece(',"durationSeconds":'),
  firstByteSeconds: piece(',"firstByteSeconds":'),
  status: piece(',"status":"'),
  scope: piece(',"error":{"scope":"'),
  phase: piece('","phase":"'),
  class: piece('","class":"'),
  message: piece('","message":'),
  retryable: piece(',"retryable":true}'),
  final: piece(',"retryable":false}'),
  attempt: piece(',"attempt":'),
  streams: piece(',"streams":'),
  retransmits: piece(',"transport":{"retransmits":'),
  outOfOrder: piece(',"outOfOrder":'),
  duplicates: piece(',"duplicates":'),
  rttSeconds: piece(',"rttSeconds":'),
  checksum: piece(',"checksum":"'),
  traceparent: piece(',"traceparent":"'),
  kind: piece(',"origin":{"kind":'),
  line: piece(',"line":'),
}

/** The line is too long for a reader; only free text can make it so. */
export function checkLineLength(line: string): void {
  if (line.length * 3 > MAX_LINE_BYTES && Buffer.byteLength(line) > MAX_LINE_BYTES)
    throw invalid(`the line is longer than ${MAX_LINE_BYTES} bytes`)
}

export function invalid(problem: string): DtmsError {
  return new DtmsError('record.invalid', `this line cannot be written: ${problem}`, {
    hint: 'docs/record-format.md lists the rules of every field',
  })
}

/** Milliseconds; the sum of a whole number and a fraction of three digits prints without noise. */
export function roundInstant(seconds: number): number {
  return Math.round(seconds * 1000) / 1000
}

export function roundDuration(seconds: number): number {
  return Math.round(seconds * 1_000_000) / 1_000_000
}
