import type { Logger } from '../../lib/logger.ts'

export interface LogLine {
  level: string
  message: string
  fields: Record<string, unknown>
}

/** A logger that keeps what was said. */
export function aLogger(): { logger: Logger; lines: LogLine[] } {
  const lines: LogLine[] = []
  const level =
    (name: string) =>
    (message: string, fields: Record<string, unknown> = {}) => {
      lines.push({ level: name, message, fields })
    }
  const logger: Logger = {
    debug: level('debug'),
    info: level('info'),
    warn: level('warn'),
    error: level('error'),
    child: () => logger,
  }
  return { logger, lines }
}
