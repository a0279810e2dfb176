import { z } from 'zod'
import { errorClasses, statuses } from '../lib/record/record.ts'
import { siteSchema } from '../lib/streams/envelope.ts'
import { parseYamlFile } from '../lib/yaml-file.ts'
import { Enricher, type Enrichment, routeClasses, sizeBounds, sizeClasses } from './enrichment.ts'
import type { StreamEvent } from './event.ts'

/** The table of rules: which records go to which topic or sink as well (docs/streaming.md, "Rules"). */

const topic = z
  .string()
  .max(249)
  .regex(/^[a-zA-Z0-9._-]+$/, 'must be a topic name: letters, digits, dot, underscore and hyphen')
  .refine((name) => name !== '.' && name !== '..', { error: 'must be a topic name' })

function oneOrMore<T extends z.ZodType>(item: T) {
  return z.union([item.transform((one) => [one]), z.array(item).min(1)])
}

const classes = [...new Set(Object.values(errorClasses).flat())] as [string, ...string[]]

const ruleSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must be 1 to 64 of a-z, 0-9 and -'),
  /** Every condition must hold; a list holds when one of its values does. No condition: every record. */
  when: z
    .strictObject({
      status: oneOrMore(z.enum(statuses)),
      errorClass: oneOrMore(z.enum(classes)),
      source: oneOrMore(siteSchema),
      destination: oneOrMore(siteSchema),
      sizeClass: oneOrMore(z.enum(sizeClasses)),
      routeClass: oneOrMore(z.enum(routeClasses)),
      anomaly: z.boolean(),
    })
    .partial()
    .default({}),
  to: z.union([z.strictObject({ topic }), z.strictObject({ sink: z.enum(['webhook', 'log']) })]),
})

const fileSchema = z.strictObject({
  sites: z
    .record(
      z.string().regex(/^[A-Z0-9][A-Z0-9_]{0,31}$/, 'must be a site name'),
      z.strictObject({ name: z.string().min(1).max(128).optional(), group: z.string().min(1).max(64).optional() }),
    )
    .default({}),
  sizes: z
    .strictObject({ smallBelowBytes: z.number().int().positive(), largeFromBytes: z.number().int().positive() })
    .refine(({ smallBelowBytes, largeFromBytes }) => smallBelowBytes <= largeFromBytes, {
      error: 'smallBelowBytes must not be above largeFromBytes',
    })
    .default(sizeBounds),
  rules: z.array(ruleSchema).max(100).default([]),
})

export type Rule = z.infer<typeof ruleSchema>
export type Target = { rule: string; topic: string } | { rule: string; sink: 'webhook' | 'log' }

export interface RouteTable {
  enricher: Enricher
  rules: readonly Rule[]
}

/** Without a file: anomalies go to the webhook and the decision log by their own settings, and no rule adds to that. */
export const noRoutes: RouteTable = { enricher: new Enricher(), rules: [] }

/** @throws DtmsError `config.invalid` that lists every problem with its line and column */
export function parseRoutes(text: string, fileName: string): RouteTable {
  const { sites, sizes, rules } = parseYamlFile(text, fileName, {
    schema: fileSchema,
    code: 'config.invalid',
    hint: 'docs/streaming.md describes the file (DTMS_STREAM_ROUTES) and has an example',
    maxBytes: 262_144,
    check: sameNames,
  })
  return { enricher: new Enricher(new Map(Object.entries(sites)), sizes), rules }
}

function sameNames(raw: unknown) {
  const rules = typeof raw === 'object' && raw !== null && 'rules' in raw && Array.isArray(raw.rules) ? raw.rules : []
  const seen = new Set<unknown>()
  return rules.flatMap((rule: { name?: unknown } | null, i) => {
    const name = rule?.name
    if (name === undefined || !seen.has(name)) {
      seen.add(name)
      return []
    }
    return [{ path: ['rules', i, 'name'], message: 'is the name of another rule as well' }]
  })
}

/** Topics that rules send to, each once. */
export function topicsOf({ rules }: RouteTable): string[] {
  return [...new Set(rules.flatMap(({ to }) => ('topic' in to ? [to.topic] : [])))]
}

/** Where a record goes besides its window; each target once, by the first rule that names it. */
export function targetsOf(table: RouteTable, event: StreamEvent, more: Enrichment, anomaly: boolean): Target[] {
  const targets = new Map<string, Target>()
  for (const { name, when, to } of table.rules) {
    const place = 'topic' in to ? `topic ${to.topic}` : to.sink
    if (!targets.has(place) && holds(when, event, more, anomaly)) targets.set(place, { rule: name, ...to })
  }
  return [...targets.values()]
}

function holds(when: Rule['when'], event: StreamEvent, more: Enrichment, anomaly: boolean): boolean {
  return (
    includes(when.status, event.status) &&
    includes(when.errorClass, event.errorClass) &&
    includes(when.source, event.source) &&
    includes(when.destination, event.destination) &&
    includes(when.sizeClass, more.sizeClass) &&
    includes(when.routeClass, more.routeClass) &&
    (when.anomaly === undefined || when.anomaly === anomaly)
  )
}

function includes(wanted: readonly string[] | undefined, value: string | undefined): boolean {
  return wanted === undefined || (value !== undefined && wanted.includes(value))
}

/** The value of a routed message: the record as it came, and what is known besides. */
export function enrichedValue(value: Buffer, more: Enrichment, rule: string): Buffer {
  const record = JSON.parse(value.toString('utf8')) as Record<string, unknown>
  return Buffer.from(
    JSON.stringify({
      ...record,
      src_name: more.sourceName,
      dst_name: more.destinationName,
      route_class: more.routeClass,
      size_class: more.sizeClass,
      rule,
    }),
  )
}
