import type { Decision } from './flow.ts'

/**
 * One line of JSON for each scored event, with exactly the fields that readers of the older event consumer's output
 * know. `now`: Unix milliseconds.
 */
export function decisionLine(decision: Decision, partition: number, now: number): string {
  const { eventId, offset, score, anomaly, processingMs } = decision
  return `${JSON.stringify({
    level: anomaly ? 'warn' : 'info',
    ts: new Date(now).toISOString(),
    event_id: eventId,
    partition,
    offset,
    score,
    anomaly,
    processing_ms: Number(processingMs.toFixed(3)),
    msg: anomaly ? 'anomaly' : 'event scored',
  })}\n`
}
