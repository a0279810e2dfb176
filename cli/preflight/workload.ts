import { z } from 'zod'
import { type Limits, withDefaults } from './limit-range.ts'
import { amountsSchema, type KubeObject, type Labels, ofKind, partOf, textAt } from './objects.ts'
import { containersOf, type PodSize, type PodSpec, podSpecSchema, sizeOf } from './pod.ts'

/** Something that makes pods, as it will be at its largest. */
export interface Workload {
  kind: string
  name: string
  object: KubeObject
  /** Pods at the same time when nothing is being changed; with an autoscaler its maximum. */
  replicas: number
  /** Autoscaler that sets the replicas. */
  autoscaler: string | undefined
  /** Pods on top while a new version is rolled out. */
  surge: number
  /** Finished pods that stay for their logs: no quota of CPU, memory or `pods` counts them. */
  finished: number
  /** Objects that it makes by itself: ReplicaSets, Jobs, Builds. `rolling`: one more for as long as a change takes. */
  children: { resource: string; kept: number; rolling: number } | undefined
  size: PodSize
  /** Undefined for a build: its pod is made by the cluster. */
  template: { spec: PodSpec; labels: Labels } | undefined
}

const labelsSchema = z
  .record(z.string(), z.coerce.string())
  .nullish()
  .transform((labels) => labels ?? {})

const templateSchema = z.looseObject({
  metadata: z
    .looseObject({ labels: labelsSchema })
    .nullish()
    .transform((metadata) => ({ labels: metadata?.labels ?? {} })),
  spec: podSpecSchema,
})

const count = z.number().int().min(0)
const share = z.union([count, z.string().regex(/^\d+%$/)])

const runningSchema = z.looseObject({
  replicas: count.nullish(),
  revisionHistoryLimit: count.nullish(),
  strategy: z
    .looseObject({
      type: z.string().nullish(),
      rollingUpdate: z.looseObject({ maxSurge: share.nullish(), maxUnavailable: share.nullish() }).nullish(),
    })
    .nullish(),
  template: templateSchema,
})

const jobSchema = z.looseObject({
  parallelism: count.nullish(),
  completions: count.nullish(),
  template: templateSchema,
})

const cronJobSchema = z.looseObject({
  successfulJobsHistoryLimit: count.nullish(),
  failedJobsHistoryLimit: count.nullish(),
  jobTemplate: z.looseObject({ spec: jobSchema }),
})

const buildSchema = z.looseObject({
  completionDeadlineSeconds: z.number().nullish(),
  resources: z.looseObject({ requests: amountsSchema, limits: amountsSchema }).nullish(),
  successfulBuildsHistoryLimit: count.nullish(),
  failedBuildsHistoryLimit: count.nullish(),
})

const scalerSchema = z.looseObject({
  maxReplicas: count,
  scaleTargetRef: z.looseObject({ kind: z.string(), name: z.string() }),
})

/** Every object that makes pods, in the order of the manifests. Sizes are those after the LimitRange's defaults. */
export function workloadsOf(objects: readonly KubeObject[], ranges: readonly Limits[]): Workload[] {
  const scalers = ofKind(objects, 'HorizontalPodAutoscaler').map((object) => ({
    name: object.metadata.name,
    ...partOf(object, scalerSchema, 'spec'),
  }))
  return objects.flatMap((object) => {
    const make = makers[object.kind]
    if (make === undefined) return []
    const scaler = scalers.find(
      ({ scaleTargetRef: target }) => target.kind === object.kind && target.name === object.metadata.name,
    )
    return [make(object, ranges, scaler)]
  })
}

interface Scaler {
  name: string
  maxReplicas: number
}

type Make = (object: KubeObject, ranges: readonly Limits[], scaler: Scaler | undefined) => Workload

const makers: Record<string, Make> = {
  Deployment(object, ranges, scaler) {
    const spec = partOf(object, runningSchema, 'spec')
    const replicas = Math.max(spec.replicas ?? 1, scaler?.maxReplicas ?? 0)
    const kept = 1 + (spec.revisionHistoryLimit ?? 10)
    return {
      ...outline(object, spec.template, ranges),
      replicas,
      autoscaler: scaler?.name,
      surge: spec.strategy?.type === 'Recreate' ? 0 : surgeOf(replicas, spec.strategy?.rollingUpdate),
      children: { resource: 'replicasets.apps', kept, rolling: 1 },
    }
  },
  StatefulSet: replaced,
  ReplicaSet: replaced,
  ReplicationController: replaced,
  DaemonSet: replaced,
  Pod(object, ranges) {
    const spec = partOf(object, podSpecSchema, 'spec')
    return outline(object, { metadata: { labels: object.metadata.labels }, spec }, ranges)
  },
  Job(object, ranges) {
    const spec = partOf(object, jobSchema, 'spec')
    return { ...outline(object, spec.template, ranges), replicas: parallelOf(spec) }
  },
  CronJob(object, ranges) {
    const spec = partOf(object, cronJobSchema, 'spec')
    const job = spec.jobTemplate.spec
    const history = (spec.successfulJobsHistoryLimit ?? 3) + (spec.failedJobsHistoryLimit ?? 1)
    return {
      ...outline(object, job.template, ranges),
      replicas: parallelOf(job),
      finished: history * parallelOf(job),
      children: { resource: 'jobs.batch', kept: history + 1, rolling: 0 },
    }
  },
  BuildConfig(object, ranges) {
    const build = partOf(object, buildSchema, 'spec')
    const resources = { requests: build.resources?.requests ?? NONE, limits: build.resources?.limits ?? NONE }
    const spec: PodSpec = {
      containers: [{ name: 'build', image: null, restartPolicy: null, resources }],
      activeDeadlineSeconds: build.completionDeadlineSeconds ?? null,
      overhead: NONE,
      resources: { requests: NONE, limits: NONE },
    }
    const history = (build.successfulBuildsHistoryLimit ?? 5) + (build.failedBuildsHistoryLimit ?? 5)
    return {
      ...outline(object, { metadata: { labels: {} }, spec }, ranges),
      finished: history,
      children: { resource: 'builds.build.openshift.io', kept: history + 1, rolling: 0 },
      template: undefined,
    }
  },
}

const NONE: ReadonlyMap<string, bigint> = new Map()

/** Kinds that take an old pod away before they start the new one. */
function replaced(object: KubeObject, ranges: readonly Limits[], scaler: Scaler | undefined): Workload {
  const spec = partOf(object, runningSchema, 'spec')
  return {
    ...outline(object, spec.template, ranges),
    replicas: Math.max(spec.replicas ?? 1, scaler?.maxReplicas ?? 0),
    autoscaler: scaler?.name,
  }
}

function outline(object: KubeObject, template: z.infer<typeof templateSchema>, ranges: readonly Limits[]): Workload {
  const containers = containersOf(template.spec).map((container) => withDefaults(container, ranges))
  return {
    kind: object.kind,
    name: object.metadata.name,
    object,
    replicas: 1,
    autoscaler: undefined,
    surge: 0,
    finished: 0,
    children: undefined,
    size: sizeOf(template.spec, containers),
    template: { spec: template.spec, labels: template.metadata.labels },
  }
}

function parallelOf({ parallelism, completions }: z.infer<typeof jobSchema>): number {
  return Math.min(parallelism ?? 1, completions ?? Infinity)
}

/**
 * How many pods a rolling update may add: a share of the replicas is rounded up, and when neither surge nor absence is
 * allowed Kubernetes takes one pod away instead.
 */
export function surgeOf(
  replicas: number,
  rolling: { maxSurge?: number | string | null | undefined } | null | undefined,
): number {
  const surge = rolling?.maxSurge ?? '25%'
  return typeof surge === 'number' ? surge : Math.ceil((replicas * Number.parseInt(surge, 10)) / 100)
}

/** Owner, label or selector by which a pod that is there belongs to a workload. */
export function ownsPod(workload: Workload, pod: KubeObject, jobs: readonly KubeObject[]): boolean {
  const { labels, owners } = pod.metadata
  if (workload.kind === 'Pod') return owners.length === 0 && pod.metadata.name === workload.name
  if (workload.kind === 'BuildConfig') return labels['openshift.io/build-config.name'] === workload.name
  const owner = owners[0]
  if (owner === undefined) return false
  if (workload.kind === 'Deployment') {
    // A ReplicaSet is called after its Deployment and the hash that its pods carry.
    return owner.kind === 'ReplicaSet' && owner.name === `${workload.name}-${labels['pod-template-hash'] ?? ''}`
  }
  if (workload.kind === 'CronJob') {
    const job = jobs.find(({ metadata }) => metadata.name === owner.name)
    if (job !== undefined) return isOwnedBy(job, workload)
    return owner.kind === 'Job' && new RegExp(`^${workload.name}-\\d+$`).test(owner.name)
  }
  return owner.kind === workload.kind && owner.name === workload.name
}

export function isOwnedBy(object: KubeObject, { kind, name }: { kind: string; name: string }): boolean {
  return object.metadata.owners.some((owner) => owner.kind === kind && owner.name === name)
}

/** Pods that have ended keep their object but count for no quota of resources. */
export function hasEnded(pod: KubeObject): boolean {
  return ['Succeeded', 'Failed'].includes(textAt(pod.body, 'status', 'phase') ?? '')
}
