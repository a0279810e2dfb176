import { isSiteName } from '../names.ts'
import {
  type ChecksumState,
  checksums,
  errorClasses,
  errorPhases,
  errorScopes,
  RECORD_VERSION,
  statuses,
  type TransferRecord,
  type TransferStatus,
} from './record.ts'

/**
 * The rules of docs/record-format.md for a transfer record, written by hand because they run for every line that is
 * written and read. Each function answers with the first broken rule in words, or undefined when all hold.
 */

/** Year 2200, Unix seconds. */
export const MAX_INSTANT = 7_258_118_400
/** A little over three years. */
export const MAX_DURATION_SECONDS = 100_000_000
export const MAX_TRANSFER_DEPTH = 4

const statusSet: ReadonlySet<unknown> = new Set(statuses)
const checksumSet: ReadonlySet<unknown> = new Set(checksums)
const phaseSet: ReadonlySet<unknown> = new Set(errorPhases)
const classesByScope: ReadonlyMap<unknown, ReadonlySet<unknown>> = new Map(
  errorScopes.map((scope) => [scope, new Set<unknown>(errorClasses[scope])]),
)
const traceparent = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/
const forbiddenKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/** What the writer adds; the rest is `transferProblem`. */
export interface RecordFields extends TransferFields {
  v?: unknown
  seq?: unknown
}

export interface TransferFields {
  id?: unknown
  site?: unknown
  source?: unknown
  destination?: unknown
  protocol?: unknown
  activity?: unknown
  queuedAt?: unknown
  startedAt?: unknown
  endedAt?: unknown
  sizeBytes?: unknown
  bytesTransferred?: unknown
  durationSeconds?: unknown
  firstByteSeconds?: unknown
  status?: unknown
  error?: unknown
  attempt?: unknown
  streams?: unknown
  transport?: unknown
  checksum?: unknown
  traceparent?: unknown
  origin?: unknown
}

export function recordProblem(record: RecordFields): string | undefined {
  if (record.v !== RECORD_VERSION) return `v must be ${RECORD_VERSION}`
  if (!isWhole(record.seq, 1, Number.MAX_SAFE_INTEGER)) return 'seq must be a whole number from 1'
  if (record.id === undefined) return 'id is missing'
  return transferProblem(record)
}

export function transferProblem(transfer: TransferFields): string | undefined {
  return namesProblem(transfer) ?? factsProblem(transfer)
}

/** The fields that say what kind of transfer it was: few combinations in any log. */
function namesProblem(transfer: TransferFields): string | undefined {
  if (!isSiteName(transfer.site)) return 'site is not a site name'
  if (!isSiteName(transfer.source)) return 'source is not a site name'
  if (!isSiteName(transfer.destination)) return 'destination is not a site name'
  if (!isProtocol(transfer.protocol)) return 'protocol must be a text of 1 to 32 characters'
  if (!isActivity(transfer.activity)) return 'activity must be a text of 1 to 64 characters'
  return undefined
}

/** All other fields: `transferProblem` for a transfer whose names have passed before. */
export function factsProblem(transfer: TransferFields): string | undefined {
  if (!isStatus(transfer.status)) return 'status must be ok, failed or aborted'
  if (transfer.id !== undefined && !isShortText(transfer.id, 128)) return 'id must be a text of 1 to 128 characters'
  if (!isChecksum(transfer.checksum)) return 'checksum must be ok, mismatch or none'
  return (
    quantityProblem(transfer) ??
    traceProblem(transfer) ??
    outcomeProblem(transfer) ??
    transportProblem(transfer.transport) ??
    originProblem(transfer.origin)
  )
}

/** The numbers that every record has. */
function quantityProblem(transfer: TransferFields): string | undefined {
  if (!isNumber(transfer.queuedAt, MAX_INSTANT)) return 'queuedAt is not an instant between 1970 and 2200'
  if (!isNumber(transfer.startedAt, MAX_INSTANT)) return 'startedAt is not an instant between 1970 and 2200'
  if (!isNumber(transfer.endedAt, MAX_INSTANT)) return 'endedAt is not an instant between 1970 and 2200'
  if (!isBytes(transfer.sizeBytes)) return 'sizeBytes must be a whole number from 0 to 2^53 - 1'
  if (!isBytes(transfer.bytesTransferred)) return 'bytesTransferred must be a whole number from 0 to 2^53 - 1'
  if (!isNumber(transfer.durationSeconds, MAX_DURATION_SECONDS)) return 'durationSeconds is out of range'
  if (!isNumber(transfer.firstByteSeconds, MAX_DURATION_SECONDS)) return 'firstByteSeconds is out of range'
  if (!isWhole(transfer.attempt, 1, 65_535)) return 'attempt must be a whole number from 1 to 65535'
  if (!isWhole(transfer.streams, 0, 65_535)) return 'streams must be a whole number from 0 to 65535'
  return undefined
}

function traceProblem({ traceparent }: TransferFields): string | undefined {
  if (traceparent === undefined || isTraceparent(traceparent)) return undefined
  return 'traceparent is not a W3C trace context'
}

/** An error is there exactly when something went wrong. */
function outcomeProblem({ status, error }: TransferFields): string | undefined {
  if (status === 'ok') return error === undefined ? undefined : 'error must be absent when the status is ok'
  if (error === undefined) return 'error must be present when the status is not ok'
  return errorProblem(error)
}

/**
 * `recordProblem` for what the scanner read. The scanner has held every name, word and closed list against the same rules
 * when it first met the word, takes no text with control characters, and gives no number that is negative or, where it
 * must be whole, is not: what is left are the ranges, and the fields that are not in every record.
 */
export function scannedProblem(record: TransferRecord): string | undefined {
  const { origin, transport } = record
  const isInRange =
    record.seq >= 1 &&
    record.queuedAt <= MAX_INSTANT &&
    record.startedAt <= MAX_INSTANT &&
    record.endedAt <= MAX_INSTANT &&
    record.durationSeconds <= MAX_DURATION_SECONDS &&
    record.firstByteSeconds <= MAX_DURATION_SECONDS &&
    record.attempt >= 1 &&
    record.attempt <= 65_535 &&
    record.streams <= 65_535 &&
    isWithin(record.id, 128) &&
    (origin.id === undefined || isWithin(origin.id, 256)) &&
    (origin.line === undefined || origin.line >= 1) &&
    (transport === undefined || transport.rttSeconds <= MAX_DURATION_SECONDS)
  if (!isInRange) return 'a number or a length is out of range'
  return traceProblem(record) ?? outcomeProblem(record)
}

function isWithin(text: string, maxLength: number): boolean {
  return text.length >= 1 && text.length <= maxLength
}

function errorProblem(value: unknown): string | undefined {
  if (!isObject(value)) return 'error must be an object'
  const error: { scope?: unknown; phase?: unknown; class?: unknown; message?: unknown; retryable?: unknown } = value
  const classes = classesByScope.get(error.scope)
  if (classes === undefined) return 'error.scope must be source, destination, transfer or scheduler'
  if (!classes.has(error.class)) return 'error.class is none of its scope'
  if (!phaseSet.has(error.phase)) return 'error.phase must be preparation, transfer or finalization'
  if (typeof error.message !== 'string' || error.message.length > 1024)
    return 'error.message must be a text of at most 1024 characters'
  if (typeof error.retryable !== 'boolean') return 'error.retryable must be true or false'
  return undefined
}

function transportProblem(value: unknown): string | undefined {
  if (value === undefined) return undefined
  if (!isObject(value)) return 'transport must be an object'
  const counters: { retransmits?: unknown; outOfOrder?: unknown; duplicates?: unknown; rttSeconds?: unknown } = value
  if (!isBytes(counters.retransmits) || !isBytes(counters.outOfOrder) || !isBytes(counters.duplicates))
    return 'transport counters must be whole numbers'
  if (!isNumber(counters.rttSeconds, MAX_DURATION_SECONDS)) return 'transport.rttSeconds is out of range'
  return undefined
}

function originProblem(value: unknown): string | undefined {
  if (!isObject(value)) return 'origin must be an object'
  const origin: { kind?: unknown; id?: unknown; line?: unknown } = value
  if (!isOriginKind(origin.kind)) return 'origin.kind must be a text of 1 to 32 characters'
  if (origin.id !== undefined && !isShortText(origin.id, 256)) return 'origin.id must be a text of 1 to 256 characters'
  if (origin.line !== undefined && !isWhole(origin.line, 1, Number.MAX_SAFE_INTEGER))
    return 'origin.line must be a whole number from 1'
  return undefined
}

/**
 * Rules for what `JSON.parse` may hand on: nesting (objects and lists count) and keys that could reach a prototype.
 * Stops at the limit, so that a hostile line cannot make it recurse.
 */
export function treeProblem(value: unknown, maxDepth: number): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (maxDepth === 0) return 'is nested too deeply'
  if (Array.isArray(value)) {
    for (const item of value) {
      const problem = treeProblem(item, maxDepth - 1)
      if (problem !== undefined) return problem
    }
    return undefined
  }
  for (const [key, item] of Object.entries(value)) {
    if (forbiddenKeys.has(key)) return `has the forbidden key ${key}`
    const problem = treeProblem(item, maxDepth - 1)
    if (problem !== undefined) return problem
  }
  return undefined
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isProtocol(value: unknown): value is string {
  return isShortWord(value)
}

export function isActivity(value: unknown): value is string {
  return passedWords.has(value) || isShortText(value, 64)
}

export function isOriginKind(value: unknown): value is string {
  return isShortWord(value)
}

/** Protocols and kinds of origin that have passed before: few in any log. Bounded, because input is not. */
const passedWords = new Set<unknown>()
const MOST_WORDS = 1024

function isShortWord(value: unknown): value is string {
  if (passedWords.has(value)) return true
  if (!isShortText(value, 32)) return false
  if (passedWords.size < MOST_WORDS) passedWords.add(value)
  return true
}

export function isStatus(value: unknown): value is TransferStatus {
  return statusSet.has(value)
}

export function isChecksum(value: unknown): value is ChecksumState {
  return checksumSet.has(value)
}

function isWhole(value: unknown, min: number, max: number): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max
}

function isBytes(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && Number.isSafeInteger(value)
}

/** NaN fails both comparisons. */
function isNumber(value: unknown, max: number): boolean {
  return typeof value === 'number' && value >= 0 && value <= max
}

function isTraceparent(value: unknown): boolean {
  return typeof value === 'string' && traceparent.test(value)
}

function isShortText(value: unknown, maxLength: number): value is string {
  if (typeof value !== 'string' || value.length === 0 || value.length > maxLength) return false
  for (let i = 0; i < value.length; i += 1) {
    const code = value.charCodeAt(i)
    if (code < 0x20 || code === 0x7f) return false
  }
  return true
}
