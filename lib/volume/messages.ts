import { DtmsError, type ErrorCode, errorCodes } from '../errors.ts'
import type { Look } from './volume.ts'

/** What each call takes and gives: the one list that the worker and its caller share. */
export interface Operations {
  list: { args: [folder: string]; result: string[] | undefined }
  read: { args: [path: string, offset: number, maxBytes: number]; result: Uint8Array | undefined }
  look: {
    args: [folder: string, file: string | undefined, offset: number, maxBytes: number]
    result: Omit<Look, 'bytes'> & { bytes: Uint8Array | undefined }
  }
  size: { args: [path: string]; result: number | undefined }
  createExclusive: { args: [path: string, bytes: Uint8Array]; result: boolean }
  replace: { args: [path: string, bytes: Uint8Array, keepAs: string | undefined]; result: undefined }
  openSegment: { args: [path: string]; result: number | undefined }
  append: { args: [handle: number, bytes: Uint8Array]; result: undefined }
  closeSegment: { args: [handle: number]; result: undefined }
  remove: { args: [path: string]; result: undefined }
  capacity: { args: []; result: { totalBytes: number; availableBytes: number } }
  closeAll: { args: []; result: undefined }
}

export type Operation = keyof Operations

export type Request = { [O in Operation]: { id: number; operation: O; args: Operations[O]['args'] } }[Operation]

export interface PlainError {
  code: string
  message: string
  hint?: string
  cause?: string
}

export type Response = { id: number; value: unknown } | { id: number; error: PlainError }

export interface WorkerData {
  root: string
  /** One Int32: set to 1 when the caller has given this worker up. */
  abandoned: SharedArrayBuffer
  /** A module whose `createCalls(data)` replaces the system calls: for tests of a volume that misbehaves. */
  callsModule?: string
  callsData?: unknown
}

export function toPlainError(error: unknown): PlainError {
  if (!(error instanceof DtmsError)) return { code: 'internal.bug', message: String(error) }
  return {
    code: error.code,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.cause instanceof Error ? { cause: error.cause.message } : {}),
  }
}

export function fromPlainError(plain: PlainError): DtmsError {
  const code = (plain.code in errorCodes ? plain.code : 'internal.bug') as ErrorCode
  return new DtmsError(code, plain.message, {
    ...(plain.hint === undefined ? {} : { hint: plain.hint }),
    ...(plain.cause === undefined ? {} : { cause: new Error(plain.cause) }),
  })
}
