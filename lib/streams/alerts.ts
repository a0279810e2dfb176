import { z } from 'zod'
import { instantSchema } from './envelope.ts'

/**
 * `alerts/api/`: what Alertmanager told the API, one line for each change of an alert. `at` is world time, as everywhere;
 * `startsAt` and `endsAt` come from Prometheus, which knows the wall clock only.
 */
export const MOST_LABELS = 32
export const MOST_ANNOTATIONS = 16
export const LONGEST_NAME = 128
export const LONGEST_LABEL = 1024
export const LONGEST_ANNOTATION = 4096

const reserved = new Set(['__proto__', 'constructor', 'prototype'])

const name = z
  .string()
  .min(1)
  .max(LONGEST_NAME)
  .refine((text) => !reserved.has(text), 'is not a name that a label or annotation may have')

export const labelsSchema = z
  .record(name, z.string().max(LONGEST_LABEL))
  .refine((labels) => Object.keys(labels).length <= MOST_LABELS, `at most ${MOST_LABELS} labels`)

export const annotationsSchema = z
  .record(name, z.string().max(LONGEST_ANNOTATION))
  .refine(
    (annotations) => Object.keys(annotations).length <= MOST_ANNOTATIONS,
    `at most ${MOST_ANNOTATIONS} annotations`,
  )

/** Alertmanager's hash of the labels, the same in every life of an alert. */
export const fingerprintSchema = z
  .string()
  .regex(/^[0-9A-Za-z]{1,64}$/, 'must be a fingerprint: up to 64 letters and digits')

/** Why it counts as resolved: it was told, or not repeated any more, or told anew with a later start. */
export const resolutions = ['told', 'expired', 'superseded'] as const

const head = { v: z.number().int(), seq: z.number().int().positive(), at: instantSchema }
const alert = {
  fingerprint: fingerprintSchema,
  /** Wall time, Unix seconds: with the fingerprint it names one life of an alert. */
  startsAt: instantSchema,
  labels: labelsSchema,
  annotations: annotationsSchema,
  generatorUrl: z.string().max(8192).optional(),
}

export const alertFiringSchema = z.looseObject({ ...head, type: z.literal('firing'), ...alert })

/** Carries everything again: its firing line may have been deleted, or was never written. */
export const alertResolvedSchema = z.looseObject({
  ...head,
  type: z.literal('resolved'),
  ...alert,
  /** Wall time, Unix seconds. */
  endsAt: instantSchema,
  resolution: z.enum(resolutions),
  /** seq of its firing line; absent when the API never heard of it firing. The alert's id is `a-` and this, or its own seq. */
  firing: z.number().int().positive().optional(),
})

export const alertSchema = z.discriminatedUnion('type', [alertFiringSchema, alertResolvedSchema])
export type AlertFiring = z.infer<typeof alertFiringSchema>
export type AlertResolved = z.infer<typeof alertResolvedSchema>
export type AlertLine = AlertFiring | AlertResolved
