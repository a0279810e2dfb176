import { z } from 'zod'
import { type Amounts, amountsSchema, type KubeObject, partOf } from './objects.ts'
import type { Plan, PodGroup } from './plan.ts'
import type { PodSize } from './pod.ts'
import { ONE, type Quantity } from './quantity.ts'

/** A ResourceQuota, or the part that this namespace sees of an OpenShift ClusterResourceQuota. */
export interface Quota {
  name: string
  scopes: readonly Scope[]
  hard: Amounts
  used: Amounts
}

interface Scope {
  scopeName: string
  operator: string
  values?: string[] | null | undefined
}

const specSchema = z.looseObject({
  hard: amountsSchema,
  scopes: z.array(z.string()).nullish(),
  scopeSelector: z
    .looseObject({
      matchExpressions: z
        .array(z.looseObject({ scopeName: z.string(), operator: z.string(), values: z.array(z.string()).nullish() }))
        .nullish(),
    })
    .nullish(),
})

const statusSchema = z
  .looseObject({ hard: amountsSchema, used: amountsSchema })
  .nullish()
  .transform((status) => ({ hard: status?.hard ?? NOTHING, used: status?.used ?? NOTHING }))

const NOTHING: Amounts = new Map()

export function quotasOf(objects: readonly KubeObject[]): Quota[] {
  return objects.flatMap((object) => {
    if (object.kind === 'ResourceQuota') {
      const status = partOf(object, statusSchema, 'status')
      return [toQuota(object, partOf(object, specSchema, 'spec'), status)]
    }
    if (/^(Applied)?ClusterResourceQuota$/.test(object.kind)) {
      const status = partOf(object, statusSchema, 'status', 'total')
      return [toQuota(object, partOf(object, specSchema, 'spec', 'quota'), status)]
    }
    return []
  })
}

function toQuota(object: KubeObject, spec: z.infer<typeof specSchema>, status: z.infer<typeof statusSchema>): Quota {
  const plain = (spec.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' }))
  return {
    name: object.metadata.name,
    scopes: [...plain, ...(spec.scopeSelector?.matchExpressions ?? [])],
    hard: spec.hard.size > 0 ? spec.hard : status.hard,
    used: status.used,
  }
}

/** Whether the quota counts such a pod: every scope must match. */
export function countsPod(quota: Quota, size: PodSize): boolean {
  return quota.scopes.every((scope) => {
    switch (scope.scopeName) {
      case 'Terminating':
        return size.terminating
      case 'NotTerminating':
        return !size.terminating
      case 'BestEffort':
        return size.bestEffort
      case 'NotBestEffort':
        return !size.bestEffort
      case 'PriorityClass':
        return matchesPriority(scope, size.priorityClass)
      default:
        return false
    }
  })
}

function matchesPriority({ operator, values }: Scope, priorityClass: string | undefined): boolean {
  if (operator === 'Exists') return priorityClass !== undefined
  if (operator === 'DoesNotExist') return priorityClass === undefined
  const among = priorityClass !== undefined && (values ?? []).includes(priorityClass)
  return operator === 'NotIn' ? !among : among
}

export function scopeText(quota: Quota): string {
  return quota.scopes
    .map(({ scopeName, operator, values }) =>
      operator === 'Exists' ? scopeName : `${scopeName} ${operator} ${(values ?? []).join('|')}`.trim(),
    )
    .join(', ')
}

export interface Need {
  steady: Quantity
  /** On top while everything is changed at once. */
  rolling: Quantity
  /** What must fit: with the surge, except where a shortage only makes changes take turns (ReplicaSets). */
  needed: Quantity
}

/** What a plan takes of one hard name of a quota; undefined for a name that DTMS does not know. */
export function needOf(quota: Quota, name: string, plan: Plan): Need | undefined {
  if (/(^|\/)(persistentvolumeclaims|requests\.storage)$/.test(name)) return ofClaims(name, plan)
  if (name === 'services.loadbalancers') return ofServices(plan, 'LoadBalancer')
  if (name === 'services.nodeports') {
    const opened = plan.services.filter(({ type }) => type === 'NodePort' || type === 'LoadBalancer')
    return toNeed(BigInt(opened.reduce((sum, { ports }) => sum + ports, 0)) * ONE, 0n)
  }
  const counted = countedResource(name)
  if (counted === 'pods' && name === 'pods') return ofPods(quota, plan, () => ONE)
  if (counted !== undefined) {
    const { steady, rolling } = plan.counts.get(counted) ?? { steady: 0, rolling: 0 }
    const need = toNeed(BigInt(steady) * ONE, BigInt(rolling) * ONE)
    // A Deployment that finds no room for its next ReplicaSet waits until another has cleaned up its own.
    return counted === 'replicasets.apps' && rolling > 1 ? { ...need, needed: need.steady + ONE } : need
  }
  const [, side, resource = ''] = /^(?:(requests|limits)\.)?(.+)$/.exec(name) ?? []
  if (side === undefined && !['cpu', 'memory', 'ephemeral-storage'].includes(resource)) return undefined
  return ofPods(quota, plan, ({ size }) => size[side === 'limits' ? 'limits' : 'requests'].get(resource) ?? 0n)
}

const COUNTED = ['pods', 'services', 'replicationcontrollers', 'resourcequotas', 'secrets', 'configmaps']

/** The resource that an object count is about: `count/deployments.apps`, the older plain names, and OpenShift's own. */
export function countedResource(name: string): string | undefined {
  if (name.startsWith('count/')) return name.slice('count/'.length)
  if (name === 'openshift.io/imagestreams') return 'imagestreams.image.openshift.io'
  return COUNTED.includes(name) ? name : undefined
}

function ofPods(quota: Quota, plan: Plan, amountOf: (group: PodGroup) => Quantity): Need {
  let steady = 0n
  let rolling = 0n
  for (const group of plan.pods.filter(({ size }) => countsPod(quota, size))) {
    steady += amountOf(group) * BigInt(group.steady)
    rolling += amountOf(group) * BigInt(group.rolling)
  }
  return toNeed(steady, rolling)
}

function ofClaims(name: string, plan: Plan): Need {
  const className = /^(.+)\.storageclass\.storage\.k8s\.io\//.exec(name)?.[1]
  const counted = plan.claims.filter(({ storageClass }) => className === undefined || className === storageClass)
  const storage = name.endsWith('requests.storage')
  const sum = counted.reduce((total, claim) => total + (storage ? claim.storage : ONE) * BigInt(claim.times), 0n)
  return toNeed(sum, 0n)
}

function ofServices(plan: Plan, wanted: string): Need {
  return toNeed(BigInt(plan.services.filter(({ type }) => type === wanted).length) * ONE, 0n)
}

function toNeed(steady: Quantity, rolling: Quantity): Need {
  return { steady, rolling, needed: steady + rolling }
}

/** One hard name of one quota, with what DTMS and everybody else take of it. */
export interface QuotaLine extends Need {
  quota: string
  scopes: string
  resource: string
  hard: Quantity
  /** What is in use, as the cluster says. */
  used: Quantity
  /** Of that what is not ours, and so stays. */
  others: Quantity
  fits: boolean
}

export interface QuotaResult {
  lines: QuotaLine[]
  /** Hard names that DTMS does not know how to count. */
  unknown: string[]
}

/** @param present what of the plan is in the namespace already: it is part of `used` and must not count twice */
export function weigh(quotas: readonly Quota[], plan: Plan, present: Plan): QuotaResult {
  const result: QuotaResult = { lines: [], unknown: [] }
  for (const quota of quotas) {
    for (const [resource, hard] of quota.hard) {
      const need = needOf(quota, resource, plan)
      if (need === undefined) {
        result.unknown.push(`${resource} of quota ${quota.name}`)
        continue
      }
      const used = quota.used.get(resource) ?? 0n
      const ours = needOf(quota, resource, present)?.steady ?? 0n
      const others = used > ours ? used - ours : 0n
      const fits = others + need.needed <= hard || need.needed === 0n
      result.lines.push({ ...need, quota: quota.name, scopes: scopeText(quota), resource, hard, used, others, fits })
    }
  }
  return result
}

const MUST_BE_SAID = ['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory']

/** Admission refuses a pod of which a container leaves open what a quota counts. */
export function unsaid(quota: Quota, size: PodSize): string[] {
  if (!countsPod(quota, size)) return []
  return MUST_BE_SAID.filter((name) => quota.hard.has(name)).flatMap((name) => {
    const side = name.startsWith('limits.') ? 'limits' : 'requests'
    const resource = name.replace(/^(requests|limits)\./, '')
    return size.containers
      .filter((container) => !container[side].has(resource))
      .map((container) => `container ${container.name} says no ${side}.${resource}, which quota ${quota.name} counts`)
  })
}
