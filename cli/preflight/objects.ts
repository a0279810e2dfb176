import { z } from 'zod'
import { DtmsError } from '../../lib/errors.ts'
import { parseQuantity, type Quantity } from './quantity.ts'

/** A Kubernetes object as far as every kind is alike; what is below spec, status and data each reader parses itself. */
export interface KubeObject {
  apiVersion: string
  kind: string
  metadata: {
    name: string
    namespace?: string | undefined
    labels: Labels
    annotations: Labels
    owners: { kind: string; name: string }[]
  }
  /** The object itself. */
  body: Record<string, unknown>
  /** Where it was read, for messages. */
  source: string
}

export type Labels = Readonly<Record<string, string>>

const labels = z
  .record(z.string(), z.coerce.string())
  .nullish()
  .transform((value) => value ?? {})

export const objectSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    labels,
    annotations: labels,
    ownerReferences: z.array(z.looseObject({ kind: z.string(), name: z.string() })).nullish(),
  }),
})

export function toObject(parsed: z.infer<typeof objectSchema>, source: string): KubeObject {
  const { apiVersion, kind, metadata } = parsed
  const { name, namespace, labels: own, annotations, ownerReferences } = metadata
  return {
    apiVersion,
    kind,
    metadata: { name, namespace, labels: own, annotations, owners: ownerReferences ?? [] },
    body: parsed,
    source,
  }
}

export const quantitySchema = z.union([z.string(), z.number()]).transform((text, context): Quantity => {
  const value = parseQuantity(text)
  if (value !== undefined && value >= 0n) return value
  context.addIssue(`is not a quantity: ${JSON.stringify(text)}`)
  return z.NEVER
})

/** Amounts by resource name. */
export type Amounts = ReadonlyMap<string, Quantity>

export const amountsSchema = z
  .record(z.string(), quantitySchema)
  .nullish()
  .transform((value): Amounts => new Map(Object.entries(value ?? {})))

const PLURALS: Record<string, string> = {
  NetworkPolicy: 'networkpolicies',
  Ingress: 'ingresses',
  StorageClass: 'storageclasses',
  Endpoints: 'endpoints',
}

/** The plural that the API, quotas and rights use. */
export function pluralOf(kind: string): string {
  return PLURALS[kind] ?? `${kind.toLowerCase()}s`
}

export function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : ''
}

/** `deployments.apps`, `services`: as in `count/<this>`. */
export function resourceOf({ apiVersion, kind }: { apiVersion: string; kind: string }): string {
  const group = groupOf(apiVersion)
  return group === '' ? pluralOf(kind) : `${pluralOf(kind)}.${group}`
}

export function ofKind(objects: readonly KubeObject[], kind: string): KubeObject[] {
  return objects.filter((object) => object.kind === kind)
}

/** `Deployment dtms-api`: how messages call it. */
export function titleOf(object: { kind: string; metadata: { name: string } }): string {
  return `${object.kind} ${object.metadata.name}`
}

/** A value somewhere below an object; undefined when the way ends. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let found = value
  for (const step of path) {
    if (typeof found !== 'object' || found === null) return undefined
    found = Object.hasOwn(found, step) ? Reflect.get(found, step) : undefined
  }
  return found
}

export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = at(value, ...path)
  return typeof found === 'string' ? found : undefined
}

export function listAt(value: unknown, ...path: readonly string[]): unknown[] {
  const found = at(value, ...path)
  return Array.isArray(found) ? found : []
}

/**
 * A part of an object in the form that its reader needs.
 * @throws DtmsError `usage.invalid` that names the object and the field
 */
export function partOf<T>(object: KubeObject, schema: z.ZodType<T>, ...path: readonly string[]): T {
  const parsed = schema.safeParse(at(object.body, ...path))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const field = [...path, ...(issue?.path ?? []).map(String)].join('.')
  throw new DtmsError('usage.invalid', `${object.source} ${titleOf(object)}: ${field}: ${issue?.message}`, {
    hint: 'correct that field and try again',
  })
}
