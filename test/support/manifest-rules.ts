import { type Container, type Manifest, type PodSpec, type Workload, workloads } from './manifests.ts'

/** Secrets that a person makes before applying (docs/openshift.md, the components), with the keys that are read. */
export const secretsOfUsers: ReadonlyMap<string, readonly string[]> = new Map([
  ['dtms-api-key', ['api-key']],
  ['grafana-admin', ['admin-user', 'admin-password']],
  ['alertmanager-proxy', ['session-secret']],
])

/** Deployments that may have two pods for a moment: they keep nothing, or have a writer for each partition. */
const MAY_SURGE = new Set(['dtms-stream', 'grafana'])

/** Service accounts whose pods ask the API server: for pods to scrape, and for who somebody is. */
const GETS_TOKEN = new Set(['prometheus', 'alertmanager'])

export interface RuleOptions {
  /** Plain Kubernetes names its own user, which OpenShift forbids. */
  ownUser?: boolean
}

/** What is wrong with these objects by the rules of a small namespace with the restricted profile; one sentence each. */
export function ruleProblems(objects: readonly Manifest[], options: RuleOptions = {}): string[] {
  const all = workloads(objects)
  return [
    ...all.flatMap((workload) => podProblems(workload, options)),
    ...all.flatMap((workload) => kindProblems(workload)),
    ...objects.flatMap(labelProblems),
    ...referenceProblems(objects, all),
  ]
}

function podProblems({ name, pod, kind }: Workload, { ownUser = false }: RuleOptions): string[] {
  const problems: string[] = []
  const expect = (good: boolean, text: string) => {
    if (!good) problems.push(`${name}: ${text}`)
  }
  const context = pod.securityContext ?? {}
  expect(pod.enableServiceLinks === false, 'enableServiceLinks must be false: a Service kafka would inject KAFKA_PORT')
  expect(context.runAsNonRoot === true, 'runAsNonRoot must be true')
  expect(context.seccompProfile?.type === 'RuntimeDefault', 'seccompProfile must be RuntimeDefault')
  const user = context.runAsUser ?? context.runAsGroup ?? context.fsGroup
  expect(ownUser || user === undefined, 'user and group come from the namespace: no runAsUser, runAsGroup, fsGroup')
  expect(
    pod.automountServiceAccountToken === false || GETS_TOKEN.has(pod.serviceAccountName ?? ''),
    'only Prometheus with discovery, and the proxy of a login, get a token',
  )
  for (const volume of pod.volumes ?? []) {
    if (volume.emptyDir !== undefined) {
      expect(volume.emptyDir.sizeLimit !== undefined, `emptyDir ${volume.name} needs a sizeLimit`)
    }
  }
  for (const container of [...(pod.initContainers ?? []), ...pod.containers]) {
    for (const text of containerProblems(container)) expect(false, `container ${container.name}: ${text}`)
  }
  if (kind === 'Deployment') for (const container of pod.containers) problems.push(...probeProblems(name, container))
  return problems
}

function containerProblems(container: Container): string[] {
  const { securityContext: context = {}, resources = {} } = container
  const problems: string[] = []
  for (const side of ['requests', 'limits'] as const) {
    for (const resource of ['cpu', 'memory']) {
      if (resources[side]?.[resource] === undefined) problems.push(`states no ${resource} in ${side}`)
    }
  }
  if (context.allowPrivilegeEscalation !== false) problems.push('allowPrivilegeEscalation must be false')
  if (context.readOnlyRootFilesystem !== true) problems.push('readOnlyRootFilesystem must be true')
  if (context.privileged === true) problems.push('must not be privileged')
  if (context.runAsUser !== undefined) problems.push('must not choose its user')
  if (context.capabilities?.drop?.includes('ALL') !== true) problems.push('must drop ALL capabilities')
  if ((context.capabilities?.add ?? []).length > 0) problems.push('must add no capability')
  const pinned = /@sha256:[0-9a-f]{64}$/.test(container.image) || /^(dtms|grafana):/.test(container.image)
  if (!pinned && !/^registry\.example\.org\//.test(container.image)) problems.push('its image is not pinned by digest')
  if (container.command?.[0] === 'npm') problems.push('npm as a parent costs 58 MiB')
  return problems
}

function probeProblems(name: string, container: Container): string[] {
  const { startupProbe, readinessProbe, livenessProbe } = container
  if (startupProbe === undefined || readinessProbe === undefined || livenessProbe === undefined) {
    return [`${name}: container ${container.name} needs a startup, a readiness and a liveness probe`]
  }
  const places = [readinessProbe, livenessProbe].map((probe) => probe.httpGet?.path ?? probe.tcpSocket?.port)
  return places[0] === places[1] ? [`${name}: readiness and liveness must not ask the same`] : []
}

interface KindSpec {
  revisionHistoryLimit?: number
  strategy?: { type?: string }
  successfulJobsHistoryLimit?: number
  failedJobsHistoryLimit?: number
  jobTemplate?: { spec: { ttlSecondsAfterFinished?: number } }
}

function kindProblems({ object, name, kind, pod }: Workload): string[] {
  const spec = object.spec as KindSpec
  const problems: string[] = []
  if (kind === 'Deployment') {
    if (spec.revisionHistoryLimit !== 1)
      problems.push(`${name}: revisionHistoryLimit must be 1, replica sets are counted`)
    const recreate = spec.strategy?.type === 'Recreate'
    if (!recreate && !MAY_SURGE.has(name)) problems.push(`${name}: a writer is replaced, never doubled: Recreate`)
  }
  if (kind === 'CronJob') {
    if (spec.successfulJobsHistoryLimit !== 1 || spec.failedJobsHistoryLimit !== 1) {
      problems.push(`${name}: keep one job of each outcome`)
    }
    if (spec.jobTemplate?.spec.ttlSecondsAfterFinished === undefined) problems.push(`${name}: jobs need a time to live`)
    if (pod.activeDeadlineSeconds === undefined) {
      problems.push(`${name}: the deadline must be in the pod, or it counts against the quota of lasting pods`)
    }
  }
  return problems
}

function labelProblems({ kind, metadata }: Manifest): string[] {
  return ['name', 'part-of', 'component'].flatMap((label) =>
    metadata.labels?.[`app.kubernetes.io/${label}`] === undefined
      ? [`${kind} ${metadata.name}: no label app.kubernetes.io/${label}`]
      : [],
  )
}

/** Names that point nowhere: settings, secrets, claims, ports, selectors, routes, arrows of the console. */
function referenceProblems(objects: readonly Manifest[], all: readonly Workload[]): string[] {
  const known = new Set(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`))
  const keys = new Map(
    objects
      .filter(({ kind }) => kind === 'ConfigMap')
      .map(({ metadata, data }) => [metadata.name, Object.keys((data ?? {}) as Record<string, string>)]),
  )
  const filled = secretsOfCluster(objects)
  const problems: string[] = []
  const config = (who: string, name: string, wanted: readonly string[] = []) => {
    const there = keys.get(name)
    if (there === undefined) problems.push(`${who}: there is no ConfigMap ${name}`)
    for (const key of wanted) if (there?.includes(key) === false) problems.push(`${who}: ${name} has no key ${key}`)
  }
  const secret = (who: string, name: string, key?: string) => {
    if (filled.has(name)) return
    const there = secretsOfUsers.get(name)
    if (there === undefined) problems.push(`${who}: nobody makes the Secret ${name}`)
    else if (key !== undefined && !there.includes(key)) problems.push(`${who}: the Secret ${name} has no key ${key}`)
  }
  for (const { name, pod, object } of all) {
    for (const volume of pod.volumes ?? []) {
      if (volume.configMap !== undefined) {
        config(
          name,
          volume.configMap.name,
          volume.configMap.items?.map(({ key }) => key),
        )
      }
      for (const source of volume.projected?.sources ?? []) if (source.configMap) config(name, source.configMap.name)
      if (volume.secret !== undefined && volume.secret.optional !== true) secret(name, volume.secret.secretName)
      const claim = volume.persistentVolumeClaim?.claimName
      if (claim !== undefined && !known.has(`PersistentVolumeClaim ${claim}`))
        problems.push(`${name}: no claim ${claim}`)
    }
    for (const container of [...(pod.initContainers ?? []), ...pod.containers]) {
      for (const { configMapRef } of container.envFrom ?? []) if (configMapRef) config(name, configMapRef.name)
      for (const { valueFrom } of container.env ?? []) {
        const from = valueFrom?.secretKeyRef
        if (from !== undefined && from.optional !== true) secret(name, from.name, from.key)
      }
      problems.push(...mountProblems(name, pod, container), ...portProblems(name, container))
    }
    const arrows = object.metadata.annotations?.['app.openshift.io/connects-to']
    for (const { kind, name: to } of arrows === undefined
      ? []
      : (JSON.parse(arrows) as { kind: string; name: string }[])) {
      if (!known.has(`${kind} ${to}`)) problems.push(`${name}: connects to ${kind} ${to}, which is not there`)
    }
  }
  return [...problems, ...objects.flatMap((object) => wayProblems(object, objects, all))]
}

/** Secrets that the cluster fills: certificates of Services, tokens of service accounts. */
function secretsOfCluster(objects: readonly Manifest[]): Set<string> {
  return new Set(
    objects.flatMap(({ kind, metadata, type }) => {
      const certificate = metadata.annotations?.['service.beta.openshift.io/serving-cert-secret-name']
      if (certificate !== undefined) return [certificate]
      return kind === 'Secret' && type === 'kubernetes.io/service-account-token' ? [metadata.name] : []
    }),
  )
}

function mountProblems(name: string, pod: PodSpec, container: Container): string[] {
  const volumes = new Set((pod.volumes ?? []).map((volume) => volume.name))
  return (container.volumeMounts ?? [])
    .filter((mount) => !volumes.has(mount.name))
    .map((mount) => `${name}: ${container.name} mounts ${mount.name}, which is no volume`)
}

function portProblems(name: string, container: Container): string[] {
  const ports = new Set((container.ports ?? []).map((port) => port.name))
  const asked = [container.startupProbe, container.readinessProbe, container.livenessProbe].map(
    (probe) => probe?.httpGet?.port ?? probe?.tcpSocket?.port,
  )
  return asked
    .filter((port): port is string => typeof port === 'string' && !ports.has(port))
    .map((port) => `${name}: a probe asks port ${port}, which ${container.name} does not name`)
}

interface WaySpec {
  selector?: Record<string, string> & { matchLabels?: Record<string, string> }
  ports?: { name?: string; targetPort?: string }[]
  to?: { name: string }
  port?: { targetPort: string }
  podSelector?: { matchLabels?: Record<string, string>; matchExpressions?: Expression[] }
  ingress?: { ports?: { port: string | number }[] }[]
}
interface Expression {
  key: string
  operator: string
  values?: string[]
}

/** Services, routes, policies: each leads to a pod that is there, at a port that it names. */
function wayProblems(
  { kind, metadata, spec }: Manifest,
  objects: readonly Manifest[],
  all: readonly Workload[],
): string[] {
  const who = `${kind} ${metadata.name}`
  const way = (spec ?? {}) as WaySpec
  const matching = (labels: Record<string, string>) =>
    all.filter((workload) => Object.entries(labels).every(([key, value]) => workload.labels[key] === value))
  if (kind === 'Service') {
    const targets = matching(way.selector ?? {})
    if (targets.length === 0) return [`${who}: selects no pod`]
    const named = new Set(
      targets.flatMap(({ pod }) => pod.containers.flatMap(({ ports }) => ports?.map((p) => p.name) ?? [])),
    )
    return (way.ports ?? [])
      .filter(({ targetPort }) => !named.has(targetPort))
      .map(() => `${who}: its port is no pod's`)
  }
  if (kind === 'Route') {
    const service = objects.find((other) => other.kind === 'Service' && other.metadata.name === way.to?.name)
    if (service === undefined) return [`${who}: there is no Service ${way.to?.name}`]
    const ports = (service.spec as WaySpec).ports ?? []
    return ports.some((port) => port.name === way.port?.targetPort) ? [] : [`${who}: no port ${way.port?.targetPort}`]
  }
  if (kind === 'PodDisruptionBudget') {
    return matching(way.selector?.matchLabels ?? {}).length === 0 ? [`${who}: selects no pod`] : []
  }
  if (kind === 'NetworkPolicy') {
    const names = new Set(all.map((workload) => workload.labels['app.kubernetes.io/name']))
    // Spark's operator makes pods that carry the name of their application.
    for (const other of objects) if (other.kind === 'SparkApplication') names.add(other.metadata.name)
    const wanted = [
      ...(way.podSelector?.matchExpressions ?? []).flatMap(({ key, values = [] }) =>
        key.endsWith('/name') ? values : [],
      ),
      ...Object.entries(way.podSelector?.matchLabels ?? {}).flatMap(([key, value]) =>
        key.endsWith('/name') ? [value] : [],
      ),
    ]
    return wanted.length > 0 && !wanted.some((name) => names.has(name)) ? [`${who}: is about no pod that is there`] : []
  }
  return []
}
