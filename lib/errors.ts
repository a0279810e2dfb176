/**
 * Every failure that DTMS itself raises, as one closed list. A code says what an operator can do about it;
 * `retryable` says whether doing the same again, later, can succeed.
 */
export const errorCodes = {
  'config.invalid': { retryable: false },
  'scenario.invalid': { retryable: false },
  'volume.unavailable': { retryable: true },
  'volume.stalled': { retryable: true },
  'volume.full': { retryable: true },
  'volume.path': { retryable: false },
  'log.writer_busy': { retryable: true },
  'log.fenced': { retryable: false },
  'log.closed': { retryable: false },
  'log.version': { retryable: false },
  'checkpoint.invalid': { retryable: false },
  'world.mismatch': { retryable: false },
  'world.invalid': { retryable: false },
  'record.invalid': { retryable: false },
  'model.invalid': { retryable: false },
  'input.unreadable': { retryable: false },
  'input.mapping': { retryable: false },
  'http.port_taken': { retryable: false },
  'http.unkeyed': { retryable: false },
  'bus.unavailable': { retryable: true },
  'bus.refused': { retryable: false },
  'bus.closed': { retryable: false },
  'fault.unknown': { retryable: false },
  'usage.invalid': { retryable: false },
  'internal.bug': { retryable: false },
} as const satisfies Record<string, { retryable: boolean }>

export type ErrorCode = keyof typeof errorCodes

export interface DtmsErrorOptions {
  /** The operator's next step, one sentence. */
  hint?: string
  cause?: unknown
  /** Overrides the code's default, for example when a deadline and not the data was at fault. */
  retryable?: boolean
}

export class DtmsError extends Error {
  readonly code: ErrorCode
  readonly retryable: boolean
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, options: DtmsErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'DtmsError'
    this.code = code
    this.retryable = options.retryable ?? errorCodes[code].retryable
    this.hint = options.hint
  }
}

/** 2 for what the operator must change before starting again (settings, usage), 1 for everything else. */
export function exitCodeOf(error: unknown): 1 | 2 {
  const usage: ErrorCode[] = [
    'config.invalid',
    'scenario.invalid',
    'usage.invalid',
    'fault.unknown',
    'input.mapping',
    'http.unkeyed',
  ]
  return error instanceof DtmsError && usage.includes(error.code) ? 2 : 1
}

/** The `code` of a Node system error (ENOSPC, EACCES ...), or undefined. */
export function systemCode(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return undefined
}

/** A system error in words people search for: its code, else its message. */
export function describeSystemError(error: unknown): string {
  return systemCode(error) ?? (error instanceof Error ? error.message : String(error))
}
