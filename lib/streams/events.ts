import { z } from 'zod'
import { instantSchema, scopeSchema } from './envelope.ts'

/** `events/<SITE>/` and `events/api/`: what freshness, anomaly and incidents must know to stay silent at the right time. */
const head = { v: z.number().int(), seq: z.number().int().positive(), at: instantSchema }

export const pausedSchema = z.looseObject({
  ...head,
  type: z.literal('paused'),
  /** World instants between which nothing was recorded because nobody was recording. */
  from: instantSchema,
  to: instantSchema,
})

export const maintenanceSchema = z.looseObject({
  ...head,
  type: z.literal('maintenance'),
  scope: scopeSchema,
  startsAt: instantSchema,
  endsAt: instantSchema,
  note: z.string().max(1024).optional(),
})

export const eventSchema = z.discriminatedUnion('type', [pausedSchema, maintenanceSchema])
export type PausedEvent = z.infer<typeof pausedSchema>
export type MaintenanceEvent = z.infer<typeof maintenanceSchema>
export type SiteEvent = PausedEvent | MaintenanceEvent
