import { z } from 'zod'
import { instantSchema } from './envelope.ts'

/** `quarantine/<writer>/`: input that could not become a record, kept so that nothing is dropped silently. */

/** Longest piece of the original that is kept, bytes. */
export const QUARANTINE_TEXT_BYTES = 1024

export const quarantineSchema = z.looseObject({
  v: z.number().int(),
  seq: z.number().int().positive(),
  /** Record time of the last good entry before it (0 before the first): lines of the same input are the same bytes. */
  at: instantSchema,
  type: z.literal('quarantined'),
  reason: z.string().min(1).max(64),
  /** The file or log that it came from. */
  origin: z.string().max(256),
  line: z.number().int().positive().optional(),
  offset: z.number().int().nonnegative().optional(),
  /** Length of the original. */
  bytes: z.number().int().nonnegative(),
  text: z.string(),
  /** What exactly was wrong, in words. */
  detail: z.string().max(256).optional(),
  /** Of a webhook call that was given up: how often it was tried. */
  attempts: z.number().int().nonnegative().optional(),
})
export type QuarantineLine = z.infer<typeof quarantineSchema>
