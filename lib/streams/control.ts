import { z } from 'zod'
import { instantSchema, scopeSchema } from './envelope.ts'

/** `control/api/`: requests that change the world. Read by exporters and lab; a clock reads the speed lines alone. */
const head = { v: z.number().int(), seq: z.number().int().positive(), at: instantSchema }

export const faultRequestSchema = z.looseObject({
  ...head,
  type: z.literal('fault'),
  kind: z.string(),
  scope: scopeSchema,
  severity: z.number().gt(0).max(1),
  durationSeconds: z.number().positive(),
  /** World instant from which the fault holds; its id is `f-<seq>`. */
  effectiveAt: instantSchema,
  hidden: z.boolean(),
})

export const faultCancelSchema = z.looseObject({
  ...head,
  type: z.literal('fault-cancel'),
  /** seq of the fault line. */
  fault: z.number().int().positive(),
  effectiveAt: instantSchema,
})

export const speedSchema = z.looseObject({
  ...head,
  type: z.literal('speed'),
  effectiveAt: instantSchema,
  speed: z.number().positive().max(10_000),
})

export const controlSchema = z.discriminatedUnion('type', [faultRequestSchema, faultCancelSchema, speedSchema])
export type FaultRequest = z.infer<typeof faultRequestSchema>
export type FaultCancel = z.infer<typeof faultCancelSchema>
export type SpeedLine = z.infer<typeof speedSchema>
export type ControlLine = FaultRequest | FaultCancel | SpeedLine
