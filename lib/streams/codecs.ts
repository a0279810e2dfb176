import { z } from 'zod'
import type { Codec, ParsedLine } from '../log/log.ts'
import { frameDamage, parseBody } from '../record/codec.ts'
import { closeLine } from '../record/crc.ts'
import { checkLineLength, invalid, roundInstant } from '../record/serialise.ts'
import { alertSchema } from './alerts.ts'
import { anomalySchema } from './anomalies.ts'
import { controlSchema } from './control.ts'
import { correlationSchema } from './correlations.ts'
import { ENVELOPE_VERSION, type Entry, type Envelope } from './envelope.ts'
import { eventAnomalySchema } from './event-anomalies.ts'
import { eventSchema } from './events.ts'
import { quarantineSchema } from './quarantine.ts'
import { truthSchema } from './truth.ts'
import { windowSchema } from './windows.ts'

const MAX_ENVELOPE_DEPTH = 6

export const eventsCodec = envelopeCodec(eventSchema)
export const controlCodec = envelopeCodec(controlSchema)
export const truthCodec = envelopeCodec(truthSchema)
export const anomaliesCodec = envelopeCodec(anomalySchema)
export const alertsCodec = envelopeCodec(alertSchema)
export const correlationsCodec = envelopeCodec(correlationSchema)
export const windowsCodec = envelopeCodec(windowSchema)
export const eventAnomaliesCodec = envelopeCodec(eventAnomalySchema)
export const quarantineCodec = envelopeCodec(quarantineSchema)

/** By the name of the stream's folder: all but `transfers/`, whose lines are records. */
export const streamCodecs: ReadonlyMap<string, Codec<never, unknown>> = new Map<string, Codec<never, unknown>>([
  ['anomalies', anomaliesCodec],
  ['alerts', alertsCodec],
  ['correlations', correlationsCodec],
  ['events', eventsCodec],
  ['control', controlCodec],
  ['truth', truthCodec],
  ['windows', windowsCodec],
  ['event-anomalies', eventAnomaliesCodec],
  ['quarantine', quarantineCodec],
])

/**
 * Lines of a stream of envelopes. The schema gives the canonical order (its own order of fields) and is held on both
 * sides: nothing is written that a reader would refuse. A `type` that the schema does not have is `unknown`, not damage.
 */
export function envelopeCodec<T extends Envelope>(schema: z.ZodType<T>): Codec<Entry<T>, T> {
  const types = typesOf(schema)
  return {
    serialise(entry, seq) {
      const checked = schema.safeParse({ ...entry, v: ENVELOPE_VERSION, seq, at: roundInstant(entry.at) })
      if (!checked.success) throw invalid(z.prettifyError(checked.error).replaceAll('\n', ' '))
      const { v, seq: number, at, type, ...fields } = checked.data
      const body = JSON.stringify({ v, seq: number, at, type, ...fields })
      const line = closeLine(body.slice(0, -1))
      checkLineLength(line)
      return line
    },
    parse(line, isIntact = false): ParsedLine<T> {
      const damage = isIntact ? undefined : frameDamage(line)
      if (damage !== undefined) return { ok: false, reason: damage }
      const parsed = parseBody(line, ENVELOPE_VERSION, MAX_ENVELOPE_DEPTH)
      if (!parsed.ok) return parsed
      const { seq } = parsed
      const { type } = parsed.value as { type?: unknown }
      if (typeof type === 'string' && !types.has(type)) return { ok: false, reason: 'unknown', seq }
      const checked = schema.safeParse(parsed.value)
      if (!checked.success) return { ok: false, reason: 'schema', seq }
      return { ok: true, seq, value: checked.data, at: checked.data.at }
    },
    timeOf: (entry) => roundInstant(entry.at),
  }
}

/** The values of `type` that a schema knows. */
function typesOf(schema: z.ZodType): Set<unknown> {
  if (schema instanceof z.ZodDiscriminatedUnion)
    return new Set(schema.options.flatMap((option) => [...typesOf(option as z.ZodType)]))
  if (schema instanceof z.ZodObject) {
    const type: unknown = schema.shape.type
    if (type instanceof z.ZodLiteral) return new Set(type.values)
    if (type instanceof z.ZodEnum) return new Set(type.options)
  }
  throw invalid('a stream schema needs a literal or enumerated type')
}
