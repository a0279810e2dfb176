import type { Logger } from '../../lib/logger.ts'

/** What the client library logs. */
export interface ClientLine {
  namespace: string
  label: string
  log: { message: string; [field: string]: unknown }
}

/** The same complaint is passed on once in this time, milliseconds. */
const REPEAT_MS = 60_000

/** What every absence, rebalance and retry brings with it; this program says those in its own words. */
const expected =
  /Connection error|Connection timeout|Closed connection|seed broker|rebalancing|re-joining|Crash: |Restarting|Failed to send messages|does not host this topic|not the (correct )?(coordinator|leader)|no leader|coordinator is|Offset out of range|Response |timed out|cached metadata|shutting down|SASL|authentication/i

/**
 * The client library complains aloud of everything it then deals with. That goes to debug; what is left of its errors is
 * worth a warning, once a minute each. Only message and broker are passed on: other fields may hold requests.
 */
export function clientLog(logger: Logger, now: () => number): (line: ClientLine) => void {
  const saidAt = new Map<string, number>()
  return ({ namespace, label, log }) => {
    const fields = { client: namespace, ...(typeof log.broker === 'string' ? { broker: log.broker } : {}) }
    const { message } = log
    const at = now()
    const isNews = at - (saidAt.get(message) ?? Number.NEGATIVE_INFINITY) >= REPEAT_MS
    if (label !== 'ERROR' || expected.test(message) || !isNews)
      return logger.debug('kafka client', { ...fields, said: message })
    if (saidAt.size > 100) saidAt.clear()
    saidAt.set(message, at)
    logger.warn('kafka client', { ...fields, said: message })
  }
}
