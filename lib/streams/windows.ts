import { z } from 'zod'
import { instantSchema, siteSchema } from './envelope.ts'

/**
 * `windows/p<N>/`: one line for the part of a closed window that partition N saw from one recorder. The window of a link
 * or site is the sum of all parts with the same scope and start: links of one source lie in several partitions.
 */
const measureSchema = z.strictObject({
  count: z.number().int().nonnegative(),
  sum: z.number(),
  min: z.number(),
  max: z.number(),
  p50: z.number(),
  p95: z.number(),
  p99: z.number(),
  /** The DDSketch that the percentiles come from (lib/detect/sketch.ts), so that parts can be merged. */
  sketch: z.string(),
})
export type Measure = z.infer<typeof measureSchema>

export const windowSchema = z.looseObject({
  v: z.number().int(),
  seq: z.number().int().positive(),
  /** End of the window: its place in record time. */
  at: instantSchema,
  type: z.literal('window'),
  /** `w-p<partition>-<recorder>-<from>-<source>` or `...-<source>><destination>`: written once, however often it is computed. */
  id: z.string().max(128),
  partition: z.number().int().nonnegative(),
  /** The recorder. */
  site: siteSchema,
  scope: z.enum(['link', 'site']),
  source: siteSchema,
  /** Of a link only. */
  destination: siteSchema.optional(),
  from: instantSchema,
  to: instantSchema,
  count: z.number().int().positive(),
  failed: z.number().int().nonnegative(),
  /** Failures by `<scope>/<class>`; the sum is `failed`. */
  failures: z.record(z.string().max(64), z.number().int().positive()),
  /** Sum of the bytes transferred. */
  bytes: z.number().nonnegative(),
  /** Sum of the times to first byte, seconds. */
  firstByteSeconds: z.number().nonnegative(),
  /** Seconds, over all transfers. */
  duration: measureSchema,
  /** Bytes per second, over the transfers that succeeded and took time. */
  rate: measureSchema,
  /** Seconds between queued and started, over all transfers. */
  queueWait: measureSchema,
})
export type WindowLine = z.infer<typeof windowSchema>
