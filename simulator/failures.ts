import type { ErrorClass, ErrorPhase, ErrorScope, TransferError } from '../lib/record/record.ts'

/** Why an attempt fails: whose fault it is, what it is called, and its weight among all failures. */
export interface FailureCause {
  scope: ErrorScope
  class: ErrorClass
}

interface FailureFacts {
  phase: ErrorPhase
  retryable: boolean
  message: string
}

/**
 * What follows from scope and class. Retried: timeouts, unavailable ends, interrupted transfers; nothing else gets
 * better by trying again. The words are those that operators know from transfer services.
 */
const facts: Record<string, FailureFacts> = {
  'destination/no_space': prepared('DESTINATION: no space left on device'),
  'destination/permission': prepared('DESTINATION: permission denied (HTTP 403)'),
  'destination/exists': prepared('DESTINATION: file exists and overwrite is not enabled'),
  'destination/path': prepared('DESTINATION: no such parent directory'),
  'destination/unavailable': { ...prepared('DESTINATION: connection refused or timed out'), retryable: true },
  'source/not_found': prepared('SOURCE: no such file or directory'),
  'source/permission': prepared('SOURCE: permission denied (HTTP 403)'),
  'source/unavailable': sending('SOURCE: connection dropped by the storage', true),
  'transfer/timeout': sending('TRANSFER: operation timed out', true),
  'transfer/interrupted': sending('TRANSFER: connection reset during the copy', true),
  'transfer/checksum': {
    phase: 'finalization',
    retryable: false,
    message: 'TRANSFER: checksum mismatch after the copy',
  },
  'transfer/protocol': prepared('TRANSFER: third-party copy was refused by one end'),
  'scheduler/expired': prepared('SCHEDULER: request expired in the queue'),
  'scheduler/cancelled': prepared('SCHEDULER: request was cancelled'),
}

function prepared(message: string): FailureFacts {
  return { phase: 'preparation', retryable: false, message }
}

function sending(message: string, retryable: boolean): FailureFacts {
  return { phase: 'transfer', retryable, message }
}

/** Scope and class that the world can make; the scenario's mix is checked against this. */
export function isFailureCause(cause: FailureCause): boolean {
  return Object.hasOwn(facts, `${cause.scope}/${cause.class}`)
}

/** The error as the record carries it. `phase` overrides the usual one (a source that is down fails in preparation). */
export function toTransferError(cause: FailureCause, phase?: ErrorPhase): TransferError {
  const found = facts[`${cause.scope}/${cause.class}`]
  if (found === undefined) throw new RangeError(`no such failure: ${cause.scope}/${cause.class}`)
  return {
    scope: cause.scope,
    phase: phase ?? found.phase,
    class: cause.class,
    message: found.message,
    retryable: found.retryable,
  }
}

/** The phase in which this failure usually strikes. */
export function phaseOf(cause: FailureCause): ErrorPhase {
  return facts[`${cause.scope}/${cause.class}`]?.phase ?? 'preparation'
}
