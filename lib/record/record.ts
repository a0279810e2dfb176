import type { SiteName } from '../names.ts'

/** Major version of the transfer record. Unknown fields of a line are a newer minor and are kept; a higher `v` is refused. */
export const RECORD_VERSION = 1

/** Longest line, newline included, bytes. */
export const MAX_LINE_BYTES = 65_536

export const statuses = ['ok', 'failed', 'aborted'] as const
export type TransferStatus = (typeof statuses)[number]

export const checksums = ['ok', 'mismatch', 'none'] as const
export type ChecksumState = (typeof checksums)[number]

export const errorScopes = ['source', 'destination', 'transfer', 'scheduler'] as const
export type ErrorScope = (typeof errorScopes)[number]

export const errorPhases = ['preparation', 'transfer', 'finalization'] as const
export type ErrorPhase = (typeof errorPhases)[number]

/** What operators know, by the scope that is to blame. */
export const errorClasses = {
  destination: ['no_space', 'permission', 'exists', 'path', 'unavailable'],
  source: ['not_found', 'permission', 'unavailable'],
  transfer: ['timeout', 'interrupted', 'checksum', 'protocol'],
  scheduler: ['expired', 'cancelled'],
} as const satisfies Record<ErrorScope, readonly string[]>

export type ErrorClass = (typeof errorClasses)[ErrorScope][number]

export interface TransferError {
  scope: ErrorScope
  phase: ErrorPhase
  class: ErrorClass
  /** At most 1,024 characters. */
  message: string
  retryable: boolean
}

export interface TransportCounters {
  retransmits: number
  outOfOrder: number
  duplicates: number
  rttSeconds: number
}

/** Where a record came from: `simulator`, or the importer's format with the source's own id or line. */
export interface RecordOrigin {
  kind: string
  id?: string
  line?: number
}

/** A transfer as its source reports it, before the log has given it a number. Instants are Unix seconds, ms precision. */
export interface Transfer {
  /** The recorder. */
  site: SiteName
  source: SiteName
  destination: SiteName
  protocol: string
  activity: string
  queuedAt: number
  startedAt: number
  endedAt: number
  sizeBytes: number
  bytesTransferred: number
  durationSeconds: number
  firstByteSeconds: number
  status: TransferStatus
  /** Present exactly when the status is not ok. */
  error?: TransferError
  /** 1 for the first try. */
  attempt: number
  streams: number
  transport?: TransportCounters
  checksum: ChecksumState
  traceparent?: string
  origin: RecordOrigin
  /** A repeated record carries the id of the first one; else the log makes `<SITE>-<seq>`. */
  id?: string
}

/** A transfer that is in the log: one line of `transfers/<SITE>/`. */
export interface TransferRecord extends Transfer {
  v: number
  /** Per site, +1 each, from 1. */
  seq: number
  id: string
}

/** Bytes per second; derived, never stored. Zero when nothing was measured. */
export function throughputOf(record: Pick<Transfer, 'bytesTransferred' | 'durationSeconds'>): number {
  return record.durationSeconds > 0 ? record.bytesTransferred / record.durationSeconds : 0
}
