import { DtmsError } from '../errors.ts'
import { closeLine } from './crc.ts'
import { MAX_LINE_BYTES, RECORD_VERSION, type Transfer } from './record.ts'
import { transferProblem } from './validate.ts'

/**
 * The one text of a transfer record: canonical order, no spaces, instants rounded to milliseconds, durations to
 * microseconds. Two equal transfers always give equal bytes, on which reproducible logs rest.
 *
 * @throws DtmsError `record.invalid` when a rule of docs/record-format.md is broken: nothing is written that a reader
 * would refuse
 */
export function serialiseTransfer(transfer: Transfer, seq: number): string {
  const problem = transferProblem(transfer)
  if (problem !== undefined) throw invalid(problem)
  if (!Number.isSafeInteger(seq) || seq < 1) throw invalid('seq must be a whole number from 1')
  const { site, error, transport, origin } = transfer
  const id = transfer.id === undefined ? `"${site}-${seq}"` : quote(transfer.id)
  let body =
    `{"v":${RECORD_VERSION},"seq":${seq},"id":${id},"site":"${site}","source":"${transfer.source}"` +
    `,"destination":"${transfer.destination}","protocol":${quote(transfer.protocol)}` +
    `,"activity":${quote(transfer.activity)},"queuedAt":${instant(transfer.queuedAt)}` +
    `,"startedAt":${instant(transfer.startedAt)},"endedAt":${instant(transfer.endedAt)}` +
    `,"sizeBytes":${transfer.sizeBytes},"bytesTransferred":${transfer.bytesTransferred}` +
    `,"durationSeconds":${duration(transfer.durationSeconds)}` +
    `,"firstByteSeconds":${duration(transfer.firstByteSeconds)},"status":"${transfer.status}"`
  if (error !== undefined)
    body +=
      `,"error":{"scope":"${error.scope}","phase":"${error.phase}","class":"${error.class}"` +
      `,"message":${quote(error.message)},"retryable":${error.retryable}}`
  body += `,"attempt":${transfer.attempt},"streams":${transfer.streams}`
  if (transport !== undefined)
    body +=
      `,"transport":{"retransmits":${transport.retransmits},"outOfOrder":${transport.outOfOrder}` +
      `,"duplicates":${transport.duplicates},"rttSeconds":${duration(transport.rttSeconds)}}`
  body += `,"checksum":"${transfer.checksum}"`
  if (transfer.traceparent !== undefined) body += `,"traceparent":"${transfer.traceparent}"`
  body += `,"origin":{"kind":${quote(origin.kind)}`
  if (origin.id !== undefined) body += `,"id":${quote(origin.id)}`
  if (origin.line !== undefined) body += `,"line":${origin.line}`
  return closeLine(`${body}}`)
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

function instant(seconds: number): string {
  const total = Math.round(seconds * 1000)
  const wholeSeconds = Math.floor(total / 1000)
  return `${wholeSeconds}${fraction3[total - wholeSeconds * 1000]}`
}

/** `''`, `.001` ... `.999`, without trailing zeros: much cheaper than printing a double. */
const fraction3 = Array.from({ length: 1000 }, (_, ms) =>
  ms === 0 ? '' : `.${ms.toString().padStart(3, '0').replace(/0+$/, '')}`,
)

function duration(seconds: number): string {
  const total = Math.round(seconds * 1_000_000)
  const wholeSeconds = Math.floor(total / 1_000_000)
  const micros = total - wholeSeconds * 1_000_000
  if (micros === 0) return `${wholeSeconds}`
  const millis = Math.floor(micros / 1000)
  const rest = micros - millis * 1000
  if (rest === 0) return `${wholeSeconds}${fraction3[millis]}`
  return `${wholeSeconds}.${digits3[millis]}${(fraction3[rest] as string).slice(1)}`
}

const digits3 = Array.from({ length: 1000 }, (_, n) => n.toString().padStart(3, '0'))

/** JSON text of a string; most are plain and need no escaping. */
function quote(text: string): string {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    if (code < 0x20 || code > 0x7e || code === 0x22 || code === 0x5c) return JSON.stringify(text)
  }
  return `"${text}"`
}
