import { pino } from 'pino'

/** The layer of the platform a line belongs to; dashboards group by it. */
export type Layer = 'collection' | 'processing' | 'storage' | 'detection' | 'api' | 'platform'

export interface LogFields {
  event_id?: string
  trace_id?: string
  span_id?: string
  processing_time_ms?: number
  [field: string]: unknown
}

/** Structured lines only: user text is always a field, never part of a message. */
export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  child(fields: LogFields): Logger
}

export interface LoggerOptions {
  service: string
  layer: Layer
  /** debug, info, warn, error or silent. */
  level?: string
  /** 1 for stdout (services), 2 for stderr (the all-in-one, whose banner owns stdout). */
  fd?: 1 | 2
}

/** One JSON object a line: timestamp, level, service, layer, message, and what the caller adds. */
export function createLogger(options: LoggerOptions): Logger {
  const destination = pino.destination({ fd: options.fd ?? 1, sync: true })
  const base = pino(
    {
      level: options.level ?? 'info',
      messageKey: 'message',
      // Errors arrive described (describeError); pino's own rendering would drop code and hint.
      serializers: { err: (error) => error },
      base: { service: options.service, layer: options.layer },
      timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  )
  return wrap(base)
}

/** Whole lines of another form than the log's own, to the same place. */
export function createLinePrinter(fd: 1 | 2): (lines: string) => void {
  const destination = pino.destination({ fd, sync: true })
  return (lines) => void destination.write(lines)
}

interface Backend {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  child(fields: object): Backend
}

function wrap(backend: Backend): Logger {
  return {
    debug: (message, fields = {}) => backend.debug(fields, message),
    info: (message, fields = {}) => backend.info(fields, message),
    warn: (message, fields = {}) => backend.warn(fields, message),
    error: (message, fields = {}) => backend.error(fields, message),
    child: (fields) => wrap(backend.child(fields)),
  }
}

export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLogger,
}
