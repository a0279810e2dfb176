import { z } from 'zod'
import { instantSchema, siteSchema } from './envelope.ts'

/** `correlations/batch/`: one line for each run of the batch job. */
export const correlationItemSchema = z.strictObject({
  /** A whole site (source), one link, or everything together (`all`). */
  scope: z.union([
    z.strictObject({ site: siteSchema }),
    z.strictObject({ source: siteSchema, destination: siteSchema }),
    z.strictObject({ platform: z.literal(true) }),
  ]),
  /** Pearson coefficient of anomalies per minute against mean throughput per minute at lag 0; null when undefined. */
  coefficient: z.number().min(-1).max(1).nullable(),
  pairs: z.number().int(),
  /** Two-sided p of the lag-0 coefficient with the effective sample size; null when undefined. */
  pValue: z.number().min(0).max(1).nullable(),
  /** The lag (minutes; positive: throughput follows the anomalies) with the largest |coefficient|. */
  bestLagMinutes: z.number().int().nullable(),
  bestCoefficient: z.number().min(-1).max(1).nullable(),
  /** p of the best lag after correction for having looked at all lags. */
  bestPValue: z.number().min(0).max(1).nullable(),
  significant: z.boolean(),
  /** Coefficient at every lag from -10 to +10, null where undefined. */
  lags: z.array(
    z.strictObject({ lagMinutes: z.number().int(), coefficient: z.number().nullable(), pairs: z.number().int() }),
  ),
})
export type CorrelationItem = z.infer<typeof correlationItemSchema>

export const correlationSchema = z.looseObject({
  v: z.number().int(),
  seq: z.number().int().positive(),
  at: instantSchema,
  type: z.literal('correlation'),
  /** Record time covered. */
  from: instantSchema,
  to: instantSchema,
  newRecords: z.number().int(),
  newAnomalies: z.number().int(),
  items: z.array(correlationItemSchema),
})
export type CorrelationLine = z.infer<typeof correlationSchema>
