import { z } from 'zod'
import { type Amounts, amountsSchema, type KubeObject, ofKind, partOf } from './objects.ts'
import type { Container, PodSize } from './pod.ts'
import { ONE, type Quantity, readable } from './quantity.ts'

const itemSchema = z.looseObject({
  type: z.string(),
  max: amountsSchema,
  min: amountsSchema,
  default: amountsSchema,
  defaultRequest: amountsSchema,
  maxLimitRequestRatio: amountsSchema,
})

const specSchema = z.looseObject({ limits: z.array(itemSchema) })

/** One row of a LimitRange: for containers, pods or claims. */
export interface Limits extends z.infer<typeof itemSchema> {
  /** Name of the LimitRange. */
  name: string
}

/** All rows in their order, with the defaults that the API itself derives from maximum and minimum. */
export function limitRangesOf(objects: readonly KubeObject[]): Limits[] {
  return ofKind(objects, 'LimitRange').flatMap((object) =>
    partOf(object, specSchema, 'spec').limits.map((item) => {
      if (item.type !== 'Container') return { ...item, name: object.metadata.name }
      const limit = new Map([...item.max, ...item.default])
      const request = new Map([...item.min, ...limit, ...item.defaultRequest])
      return { ...item, default: limit, defaultRequest: request, name: object.metadata.name }
    }),
  )
}

/** What admission fills in where a container says nothing; the first LimitRange that names a resource wins. */
export function withDefaults(container: Container, ranges: readonly Limits[]): Container {
  const requests = new Map(container.requests)
  const limits = new Map(container.limits)
  for (const range of ranges) {
    if (range.type !== 'Container') continue
    addMissing(limits, range.default)
    addMissing(requests, range.defaultRequest)
  }
  return { ...container, requests, limits }
}

function addMissing(amounts: Map<string, Quantity>, defaults: Amounts): void {
  for (const [resource, amount] of defaults) if (!amounts.has(resource)) amounts.set(resource, amount)
}

/** One rule that a pod or container breaks. */
export interface Broken {
  /** The rule in words, the same for all who break it. */
  rule: string
  who: string
  /** What it has instead. */
  has: string
}

/** Every rule that the pod breaks; `title` is what it is called. */
export function brokenLimits(title: string, pod: PodSize, ranges: readonly Limits[]): Broken[] {
  const broken: Broken[] = []
  for (const container of pod.containers) {
    const who = container.name === title ? title : `${title}/${container.name}`
    for (const [resource, limit] of container.limits) {
      const request = container.requests.get(resource)
      if (request === undefined || request <= limit) continue
      const has = `requests ${readable(resource, request)}, limit ${readable(resource, limit)}`
      broken.push({ rule: `no container may request more ${resource} than its limit`, who, has })
    }
    for (const range of ranges) if (range.type === 'Container') broken.push(...check(range, container, who))
  }
  for (const range of ranges) if (range.type === 'Pod') broken.push(...check(range, pod, title))
  return broken
}

/** Rules for claims that a request of storage breaks. */
export function brokenClaimLimits(title: string, storage: Quantity, ranges: readonly Limits[]): Broken[] {
  const requests = new Map([['storage', storage]])
  return ranges
    .filter(({ type }) => type === 'PersistentVolumeClaim')
    .flatMap((range) => check({ ...range, maxLimitRequestRatio: new Map() }, { requests, limits: requests }, title))
}

interface Sized {
  requests: Amounts
  limits: Amounts
}

function check(range: Limits, { requests, limits }: Sized, who: string): Broken[] {
  const each = range.type === 'PersistentVolumeClaim' ? 'claim' : range.type.toLowerCase()
  const said = (value: Quantity | undefined, resource: string): string =>
    value === undefined ? 'none' : readable(resource, value)
  const broken: Broken[] = []
  for (const [resource, max] of range.max) {
    const [limit, request] = [limits.get(resource), requests.get(resource)]
    const rule = `LimitRange ${range.name} allows at most ${readable(resource, max)} of ${resource} per ${each}`
    if (limit === undefined || limit > max) broken.push({ rule, who, has: `limit ${said(limit, resource)}` })
    else if (request !== undefined && request > max) {
      broken.push({ rule, who, has: `requests ${said(request, resource)}` })
    }
  }
  for (const [resource, min] of range.min) {
    const [limit, request] = [limits.get(resource), requests.get(resource)]
    const rule = `LimitRange ${range.name} wants at least ${readable(resource, min)} of ${resource} per ${each}`
    if (request === undefined || request < min) broken.push({ rule, who, has: `requests ${said(request, resource)}` })
    else if (limit !== undefined && limit < min) broken.push({ rule, who, has: `limit ${said(limit, resource)}` })
  }
  for (const [resource, ratio] of range.maxLimitRequestRatio) {
    const [limit = 0n, request = 0n] = [limits.get(resource), requests.get(resource)]
    const rule = `LimitRange ${range.name} allows a limit of at most ${decimal(ratio)} times the request of ${resource} per ${each}`
    if (request === 0n || limit === 0n) broken.push({ rule, who, has: 'not both are given' })
    else if (limit * ONE > ratio * request) {
      broken.push({ rule, who, has: `${decimal((limit * ONE) / request)} times` })
    }
  }
  return broken
}

function decimal(value: Quantity): string {
  return String(Number((value * 100n) / ONE) / 100)
}
