import { z } from 'zod'
import { instantSchema } from './envelope.ts'

/** `event-anomalies/<topic>-p<N>/`: verdicts on values of a topic that does not carry transfers (KAFKA_TOPIC). */
export const eventAnomalySchema = z.looseObject({
  v: z.number().int(),
  seq: z.number().int().positive(),
  /** The event's own time, Unix seconds. */
  at: instantSchema,
  type: z.literal('event-anomaly'),
  /** `zscore-<topic>-<partition>-<offset>`. */
  id: z.string().max(320),
  topic: z.string().max(249),
  partition: z.number().int().nonnegative(),
  offset: z.number().int().nonnegative(),
  eventId: z.string().max(320),
  /** What the value belongs to: the key of the message, or the partition when it has none. */
  key: z.string().max(256),
  value: z.number(),
  zScore: z.number(),
  /** level, difference, mean or spread: what was unusual. */
  channel: z.string().max(32),
  score: z.number().min(0).max(1),
  threshold: z.number().min(0).max(1),
})
export type EventAnomalyLine = z.infer<typeof eventAnomalySchema>
