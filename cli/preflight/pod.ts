import { z } from 'zod'
import { type Amounts, amountsSchema } from './objects.ts'
import type { Quantity } from './quantity.ts'

const resources = z
  .looseObject({ requests: amountsSchema, limits: amountsSchema })
  .nullish()
  .transform((value) => ({ requests: value?.requests ?? NOTHING, limits: value?.limits ?? NOTHING }))

const NOTHING: Amounts = new Map()

const containerSchema = z.looseObject({
  name: z.string(),
  image: z.string().nullish(),
  resources,
  restartPolicy: z.string().nullish(),
})

/** A pod's spec as far as sizes go; references are read from the same object by others. */
export const podSpecSchema = z.looseObject({
  containers: z.array(containerSchema).min(1),
  initContainers: z.array(containerSchema).nullish(),
  activeDeadlineSeconds: z.number().nullish(),
  overhead: amountsSchema,
  resources,
  priorityClassName: z.string().nullish(),
})

export type PodSpec = z.infer<typeof podSpecSchema>

export interface Container {
  name: string
  image: string
  /** `sidecar`: an init container that goes on running (restartPolicy Always). */
  role: 'main' | 'init' | 'sidecar'
  requests: Amounts
  limits: Amounts
}

/** What the quota sees of a pod. */
export interface PodSize {
  containers: readonly Container[]
  requests: Amounts
  limits: Amounts
  /** It ends by itself at a deadline: the quota's scope Terminating. */
  terminating: boolean
  bestEffort: boolean
  priorityClass: string | undefined
}

/**
 * Containers with the requests that the API fills in by itself: a limit without a request is its own request. What a
 * LimitRange adds comes after this.
 */
export function containersOf(spec: PodSpec): Container[] {
  const to = (container: PodSpec['containers'][number], role: Container['role']): Container => ({
    name: container.name,
    image: container.image ?? '',
    role,
    requests: new Map([...container.resources.limits, ...container.resources.requests]),
    limits: container.resources.limits,
  })
  return [
    ...(spec.initContainers ?? []).map((init) => to(init, init.restartPolicy === 'Always' ? 'sidecar' : 'init')),
    ...spec.containers.map((container) => to(container, 'main')),
  ]
}

export function sizeOf(spec: PodSpec, containers: readonly Container[]): PodSize {
  const requests = total(containers, 'requests')
  const limits = total(containers, 'limits')
  for (const [resource, amount] of spec.resources.limits) limits.set(resource, amount)
  for (const [resource, amount] of [...spec.resources.limits, ...spec.resources.requests]) {
    if (spec.resources.requests.has(resource) || !hasRequest(containers, resource)) requests.set(resource, amount)
  }
  for (const [resource, amount] of spec.overhead) {
    requests.set(resource, (requests.get(resource) ?? 0n) + amount)
    const limit = limits.get(resource)
    if (limit !== undefined) limits.set(resource, limit + amount)
  }
  return {
    containers,
    requests,
    limits,
    terminating: (spec.activeDeadlineSeconds ?? -1) >= 0,
    bestEffort: ['cpu', 'memory'].every((resource) => !requests.has(resource) && !limits.has(resource)),
    priorityClass: spec.priorityClassName ?? undefined,
  }
}

function hasRequest(containers: readonly Container[], resource: string): boolean {
  return containers.some(({ requests }) => requests.has(resource))
}

/**
 * What a pod needs at its greediest: either all that runs for long together, or one init container beside the sidecars
 * that were started before it.
 */
function total(containers: readonly Container[], side: 'requests' | 'limits'): Map<string, Quantity> {
  const names = new Set(containers.flatMap((container) => [...container[side].keys()]))
  const sums = new Map<string, Quantity>()
  for (const resource of names) {
    let lasting = 0n
    let peak = 0n
    for (const container of containers) {
      const amount = container[side].get(resource) ?? 0n
      if (container.role === 'init') peak = larger(peak, lasting + amount)
      else lasting += amount
    }
    sums.set(resource, larger(peak, lasting))
  }
  return sums
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
