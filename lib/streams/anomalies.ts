import { z } from 'zod'
import { instantSchema, siteSchema } from './envelope.ts'

/** `anomalies/<detector>/`: one line for each verdict that something is wrong. Scores are 0...1 and high is anomalous. */
export const severities = ['minor', 'major', 'critical'] as const
export type Severity = (typeof severities)[number]

export const reasonSchema = z.strictObject({
  /** Feature name as in docs/detection.md, for example `rate`. */
  feature: z.string(),
  /** The value in the unit a person reads, and the usual range of that link in the same unit. */
  value: z.number(),
  unit: z.string(),
  usualLow: z.number(),
  usualHigh: z.number(),
  direction: z.enum(['high', 'low']),
  /** Robust z against the link's baseline. */
  z: z.number(),
  /** Share of the score that this feature explains, 0...1. */
  share: z.number(),
})
export type Reason = z.infer<typeof reasonSchema>

export const anomalySchema = z.looseObject({
  v: z.number().int(),
  seq: z.number().int().positive(),
  /** World instant at which the transfer ended (the verdict's place in record time). */
  at: instantSchema,
  type: z.literal('anomaly'),
  /** `<detector>-<transfer id>`. */
  id: z.string(),
  /** `forest`, `failure-share`, `throughput-shift`, later `zscore-...`. */
  detector: z.string(),
  /** A single transfer, or a whole link whose behaviour changed (then `transferId` is the one that tipped it). */
  level: z.enum(['transfer', 'link']),
  transferId: z.string(),
  site: siteSchema,
  source: siteSchema,
  destination: siteSchema,
  score: z.number().min(0).max(1),
  threshold: z.number().min(0).max(1),
  confidence: z.number().min(0).max(1),
  severity: z.enum(severities),
  /** One sentence for people, made from the reasons. */
  why: z.string().max(1024),
  reasons: z.array(reasonSchema).max(8),
  /** What anomalies.csv needs of the transfer. */
  sizeBytes: z.number(),
  bytesTransferred: z.number(),
  durationSeconds: z.number(),
  status: z.enum(['ok', 'failed', 'aborted']),
})
export type AnomalyLine = z.infer<typeof anomalySchema>
