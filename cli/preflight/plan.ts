import { z } from 'zod'
import { amountsSchema, type KubeObject, listAt, ofKind, partOf, resourceOf, textAt } from './objects.ts'
import { containersOf, type PodSize, podSpecSchema, sizeOf } from './pod.ts'
import type { Quantity } from './quantity.ts'
import { hasEnded, isOwnedBy, ownsPod, type Workload } from './workload.ts'

/** Everything that a quota may count, either as it will be or as it is. */
export interface Plan {
  pods: PodGroup[]
  claims: Claim[]
  /** Objects by resource (`deployments.apps`). */
  counts: Map<string, Amount>
  services: { type: string; ports: number }[]
}

/** Steady state, and on top of it what is there only while everything is being changed at once. */
export interface Amount {
  steady: number
  rolling: number
}

export interface PodGroup extends Amount {
  size: PodSize
  finished: number
}

export interface Claim {
  name: string
  storageClass: string | undefined
  accessModes: readonly string[]
  storage: Quantity
  /** How many of it: one for each pod of a StatefulSet. */
  times: number
}

const claimSchema = z.looseObject({
  storageClassName: z.string().nullish(),
  accessModes: z.array(z.string()).nullish(),
  resources: z.looseObject({ requests: amountsSchema }),
})

const templatesSchema = z.looseObject({
  volumeClaimTemplates: z
    .array(z.looseObject({ metadata: z.looseObject({ name: z.string() }), spec: claimSchema }))
    .nullish(),
})

/** What the manifests will come to. `defaultClass`: of claims that name none. */
export function planOf(
  objects: readonly KubeObject[],
  workloads: readonly Workload[],
  defaultClass: string | undefined,
): Plan {
  const claims = [
    ...ofKind(objects, 'PersistentVolumeClaim').map((object) => claimOf(object, defaultClass)),
    ...workloads.flatMap((workload) => templateClaims(workload, defaultClass)),
  ]
  const counts = new Map<string, Amount>()
  for (const object of objects) if (object.kind !== 'Pod') add(counts, resourceOf(object), 1, 0)
  for (const workload of workloads) {
    add(counts, 'pods', workload.replicas + workload.finished, workload.surge)
    const { children } = workload
    if (children !== undefined) add(counts, children.resource, children.kept, children.rolling)
  }
  const services = servicesOf(objects)
  add(counts, 'endpoints', services.length, 0)
  add(counts, 'endpointslices.discovery.k8s.io', services.length, 0)
  const templated = claims.reduce((sum, { times }) => sum + times, 0)
  counts.set('persistentvolumeclaims', { steady: templated, rolling: 0 })
  // Certificates that the cluster makes for a Service are Secrets as well.
  add(
    counts,
    'secrets',
    ofKind(objects, 'Service').filter((service) => servingSecretOf(service) !== undefined).length,
    0,
  )
  const pods = workloads.map(({ replicas, surge, finished, size }) => ({
    steady: replicas,
    rolling: surge,
    finished,
    size,
  }))
  return { pods, claims, counts, services }
}

/** What of the planned is in the namespace already, so that it is not counted twice. */
export function presentOf(
  objects: readonly KubeObject[],
  workloads: readonly Workload[],
  namespace: readonly KubeObject[],
  defaultClass: string | undefined,
): Plan {
  const jobs = ofKind(namespace, 'Job')
  const planned = new Set(objects.map(idOf))
  const names = new Set(
    workloads.flatMap((workload) => templateClaims(workload, defaultClass)).map(({ name }) => `${name}-`),
  )
  const isOurs = (object: KubeObject): boolean => {
    if (planned.has(idOf(object))) return true
    if (object.kind === 'Pod') return workloads.some((workload) => ownsPod(workload, object, jobs))
    if (object.kind === 'PersistentVolumeClaim') {
      return [...names].some((name) => new RegExp(`^${name}\\d+$`).test(object.metadata.name))
    }
    if (object.kind === 'EndpointSlice' || object.kind === 'Endpoints') {
      const service = object.kind === 'Endpoints' ? object.metadata.name : object.metadata.owners[0]?.name
      return planned.has(`services/${service}`)
    }
    return workloads.some((workload) => isOwnedBy(object, workload))
  }
  const ours = namespace.filter(isOurs)
  const counts = new Map<string, Amount>()
  for (const object of ours) add(counts, resourceOf(object), 1, 0)
  const pods = ofKind(ours, 'Pod').map((pod): PodGroup => {
    const spec = partOf(pod, podSpecSchema, 'spec')
    const ended = hasEnded(pod)
    return { steady: ended ? 0 : 1, rolling: 0, finished: ended ? 1 : 0, size: sizeOf(spec, containersOf(spec)) }
  })
  const claims = ofKind(ours, 'PersistentVolumeClaim').map((object) => claimOf(object, defaultClass))
  return { pods, claims, counts, services: servicesOf(ours) }
}

function idOf(object: KubeObject): string {
  return `${resourceOf(object)}/${object.metadata.name}`
}

function add(counts: Map<string, Amount>, resource: string, steady: number, rolling: number): void {
  const before = counts.get(resource) ?? { steady: 0, rolling: 0 }
  counts.set(resource, { steady: before.steady + steady, rolling: before.rolling + rolling })
}

export function claimOf(object: KubeObject, defaultClass: string | undefined): Claim {
  return toClaim(object.metadata.name, partOf(object, claimSchema, 'spec'), 1, defaultClass)
}

function templateClaims(workload: Workload, defaultClass: string | undefined): Claim[] {
  if (workload.kind !== 'StatefulSet') return []
  const { volumeClaimTemplates } = partOf(workload.object, templatesSchema, 'spec')
  return (volumeClaimTemplates ?? []).map(({ metadata, spec }) =>
    toClaim(`${metadata.name}-${workload.name}`, spec, workload.replicas, defaultClass),
  )
}

function toClaim(
  name: string,
  spec: z.infer<typeof claimSchema>,
  times: number,
  defaultClass: string | undefined,
): Claim {
  return {
    name,
    storageClass: spec.storageClassName ?? defaultClass,
    accessModes: spec.accessModes ?? [],
    storage: spec.resources.requests.get('storage') ?? 0n,
    times,
  }
}

function servicesOf(objects: readonly KubeObject[]): Plan['services'] {
  return ofKind(objects, 'Service').map((object) => ({
    type: textAt(object.body, 'spec', 'type') ?? 'ClusterIP',
    ports: listAt(object.body, 'spec', 'ports').length,
  }))
}

export function servingSecretOf(service: KubeObject): string | undefined {
  return service.metadata.annotations['service.beta.openshift.io/serving-cert-secret-name']
}
