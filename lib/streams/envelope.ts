import { z } from 'zod'
import { isSiteName, type Scope, type SiteName } from '../names.ts'

/**
 * Every line that is not a transfer is an envelope: `v, seq, at, type, ... , crc`. The writer adds v, seq and crc; the
 * entry brings `at` (Unix seconds of world time) and its type's fields. Unknown types and fields belong to a newer minor
 * version: readers keep the fields and skip the types.
 */
export const ENVELOPE_VERSION = 1

export interface Envelope {
  v: number
  seq: number
  at: number
  type: string
}

export const siteSchema = z.custom<SiteName>(isSiteName, {
  error: 'must be a site name: 1 to 32 characters of A-Z, 0-9 and _',
})

/** Unix seconds, finite, within the years 1970 to 2200. */
export const instantSchema = z.number().min(0).max(7_258_118_400)

export const scopeSchema: z.ZodType<Scope> = z.union([
  z.strictObject({ site: siteSchema }),
  z.strictObject({ source: siteSchema, destination: siteSchema }),
  z.strictObject({ platform: z.literal(true) }),
])

/** A log entry as its author writes it: everything but v and seq. (`Omit` would lose the named fields of a loose object.) */
export type Entry<T extends Envelope> = T extends Envelope
  ? { [K in keyof T as K extends 'v' | 'seq' ? never : K]: T[K] }
  : never
