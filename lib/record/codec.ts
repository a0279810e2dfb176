import { isUtf8 } from 'node:buffer'
import type { Codec, DamageReason, ParsedLine } from '../log/log.ts'
import { checksumMatches, hasTrailer, TRAILER_BYTES } from './crc.ts'
import { MAX_LINE_BYTES, RECORD_VERSION, type Transfer, type TransferRecord } from './record.ts'
import { scanTransfer } from './scan.ts'
import { MOST_TRANSFER_BYTES, roundInstant, serialiseTransfer, writeTransfer } from './serialise.ts'
import { isObject, MAX_TRANSFER_DEPTH, recordProblem, scannedProblem, treeProblem } from './validate.ts'

/** Transfers as lines of `transfers/<SITE>/` (docs/record-format.md). Parsing never throws: damage is an answer. */
export const transferCodec: Codec<Transfer, TransferRecord> = {
  serialise: serialiseTransfer,
  bytes: { most: MOST_TRANSFER_BYTES, write: writeTransfer },
  parse: parseTransfer,
  scan: { read: readTransfer, seqOf: (record) => record.seq, atOf: (record) => record.endedAt },
  timeOf: (transfer) => roundInstant(transfer.endedAt),
}

function parseTransfer(line: Buffer, isIntact = false): ParsedLine<TransferRecord> {
  const damage = isIntact ? undefined : frameDamage(line)
  if (damage !== undefined) return { ok: false, reason: damage }
  const scanned = readTransfer(line, 0, line.length)
  if (scanned !== undefined) return { ok: true, seq: scanned.seq, value: scanned, at: scanned.endedAt }
  return parseTransferPlainly(line)
}

/** A line with a good frame and in the usual form; else undefined. */
function readTransfer(bytes: Buffer, start: number, end: number): TransferRecord | undefined {
  const scanned = scanTransfer(bytes, start, end)
  return scanned !== undefined && scannedProblem(scanned) === undefined ? scanned : undefined
}

/** The same by `JSON.parse` alone: what the scanner falls back on and is tested against. For lines with a good frame. */
export function parseTransferPlainly(line: Buffer): ParsedLine<TransferRecord> {
  const parsed = parseBody(line, RECORD_VERSION, MAX_TRANSFER_DEPTH)
  if (!parsed.ok) return parsed
  const record: object = parsed.value
  const { seq } = parsed
  if (!isTransferRecord(record)) return { ok: false, reason: 'schema', seq }
  return { ok: true, seq, value: record, at: record.endedAt }
}

function isTransferRecord(value: object): value is TransferRecord {
  return recordProblem(value) === undefined
}

/**
 * What can be said of any line of any version before its content is looked at: length, trailer, checksum. A line that
 * begins like ours and has no trailer was cut; the rest never was ours.
 */
export function frameDamage(line: Buffer): DamageReason | undefined {
  if (line.length >= MAX_LINE_BYTES) return 'oversized'
  if (!hasTrailer(line)) return strayReason(line)
  return checksumMatches(line) ? undefined : 'crc'
}

const lineStart = Buffer.from('{"v":', 'latin1')
const CARRIAGE_RETURN = 0x0d

function strayReason(line: Buffer): DamageReason {
  if (!isUtf8(line) || line.includes(0) || line.subarray(0, 3).equals(byteOrderMark)) return 'encoding'
  if (line[line.length - 1] === CARRIAGE_RETURN) return 'foreign'
  return line.subarray(0, lineStart.length).equals(lineStart) ? 'torn' : 'foreign'
}

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])

/**
 * The fields of a line whose frame is good, `crc` taken off. Version and seq are told before anything else is judged, so
 * that a reader can say "newer version" and does not report a gap for a line that it saw.
 */
export function parseBody(
  line: Buffer,
  knownVersion: number,
  maxDepth: number,
): { ok: true; seq: number; value: object } | { ok: false; reason: DamageReason; seq?: number } {
  if (!isUtf8(line)) return { ok: false, reason: 'encoding' }
  let value: unknown
  try {
    value = JSON.parse(`${line.toString('utf8', 0, line.length - TRAILER_BYTES)}}`)
  } catch {
    return { ok: false, reason: 'syntax' }
  }
  if (!isObject(value)) return { ok: false, reason: 'syntax' }
  const { v, seq } = value as { v?: unknown; seq?: unknown }
  const known = typeof seq === 'number' && Number.isSafeInteger(seq) && seq >= 1
  const place = known ? { seq } : {}
  if (typeof v === 'number' && Number.isSafeInteger(v) && v > knownVersion)
    return { ok: false, reason: 'version', ...place }
  if (!known || v !== knownVersion || treeProblem(value, maxDepth) !== undefined)
    return { ok: false, reason: 'schema', ...place }
  return { ok: true, seq, value }
}
