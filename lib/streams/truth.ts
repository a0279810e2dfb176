import { z } from 'zod'
import { instantSchema, scopeSchema } from './envelope.ts'

/** `truth/<SITE>/`: what really was done to the world. Detectors never read it. */
const head = { v: z.number().int(), seq: z.number().int().positive(), at: instantSchema }

/** Written when a fault begins to act, ends, or is cancelled, by every exporter for its own records. */
export const truthSchema = z.looseObject({
  ...head,
  type: z.enum(['fault-started', 'fault-ended', 'fault-witness']),
  /** `f-<control seq>` of a live fault, `s-<n>` of the n-th fault of the scenario. */
  fault: z.string(),
  kind: z.string(),
  scope: scopeSchema,
  severity: z.number(),
  plannedStartAt: instantSchema,
  plannedEndAt: instantSchema,
  /** When it really began and ended in this world; a late reader applies a fault late and says so here. */
  startedAt: instantSchema.optional(),
  endedAt: instantSchema.optional(),
  /** Whether records inside its scope are anomalous (false for `none` and `maintenance`). */
  anomalous: z.boolean(),
  /** Only in `fault-witness`: one measured figure with and without the fault, from the records of this site. */
  witness: z
    .strictObject({
      measure: z.string(),
      unit: z.string(),
      with: z.number(),
      without: z.number(),
      records: z.number().int(),
      tookEffect: z.boolean(),
      firstAffectedAt: instantSchema.optional(),
    })
    .optional(),
})
export type TruthLine = z.infer<typeof truthSchema>
