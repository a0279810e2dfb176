import { type KubeApi, KubeError, type KubeObject } from './kube-api.ts'
import type { Pod } from './workloads.ts'

/** Set on a pod when everything that it mounts is there; a simulated node runs no pod without. */
export const MOUNTED = 'dtms.test/mounted'

const PAUSE_MS = 150

interface KeyRef {
  name: string
  key: string
  optional?: boolean
}

interface Source {
  name?: string
  secretName?: string
  items?: { key: string }[]
  optional?: boolean
}

interface MountingPod extends Pod {
  metadata: Pod['metadata'] & { uid: string; namespace: string }
  spec: Pod['spec'] & {
    containers: MountingContainer[]
    initContainers?: MountingContainer[]
    volumes?: {
      name: string
      configMap?: Source
      secret?: Source
      projected?: { sources: { configMap?: Source; secret?: Source }[] }
    }[]
  }
}

interface MountingContainer {
  name: string
  env?: { name: string; valueFrom?: { configMapKeyRef?: KeyRef; secretKeyRef?: KeyRef } }[]
  envFrom?: { configMapRef?: Source; secretRef?: Source }[]
}

interface Holder extends KubeObject {
  data?: Record<string, string>
  binaryData?: Record<string, string>
}

type Lookup = (kind: 'ConfigMap' | 'Secret', name: string) => Holder | undefined

/** Stands for the part of a kubelet that a simulated node lacks. */
export interface MountChecker {
  /** Throws what went wrong meanwhile. */
  check(): void
  stop(): void
}

/**
 * Looks up, for every pod that has a node, each ConfigMap, Secret and key that it names, as a kubelet does before it starts
 * a container. A pod whose things are not all there waits, with an event in the kubelet's words, and is looked at again.
 */
export function checkMounts(admin: KubeApi): MountChecker {
  let failure: unknown
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  const told = new Set<string>()
  const turn = async (): Promise<void> => {
    try {
      const pods = await admin.list<MountingPod>('/api/v1/pods?fieldSelector=status.phase=Pending')
      for (const pod of pods) await look(admin, pod, told)
    } catch (error) {
      if (!stopped) failure ??= error
    }
    if (!stopped) timer = setTimeout(turn, PAUSE_MS)
  }
  void turn()
  return {
    check: () => {
      if (failure !== undefined) throw failure
    },
    stop: () => {
      stopped = true
      clearTimeout(timer)
    },
  }
}

async function look(admin: KubeApi, pod: MountingPod, told: Set<string>): Promise<void> {
  const { namespace, name, annotations, deletionTimestamp } = pod.metadata
  if (pod.spec.nodeName === undefined || deletionTimestamp !== undefined || annotations?.[MOUNTED] !== undefined) return
  const path = `/api/v1/namespaces/${namespace}`
  const [maps, secrets] = [await admin.list<Holder>(`${path}/configmaps`), await admin.list<Holder>(`${path}/secrets`)]
  const lookup: Lookup = (kind, wanted) =>
    (kind === 'Secret' ? secrets : maps).find(({ metadata }) => metadata.name === wanted)
  const lack = [...volumeLacks(pod, lookup), ...environmentLacks(pod, lookup)][0]
  try {
    if (lack === undefined) {
      await admin.patch(`${path}/pods/${name}`, { metadata: { annotations: { [MOUNTED]: 'true' } } })
    } else if (!told.has(pod.metadata.uid + lack.message)) {
      told.add(pod.metadata.uid + lack.message)
      await tell(admin, path, pod, lack)
    }
  } catch (error) {
    // Deleted, with its namespace perhaps, since it was listed.
    if (!(error instanceof KubeError && [403, 404].includes(error.status))) throw error
  }
}

interface Lack {
  reason: 'FailedMount' | 'Failed'
  message: string
}

function* volumeLacks({ spec }: MountingPod, lookup: Lookup): Generator<Lack> {
  for (const { name: volume, configMap, secret, projected } of spec.volumes ?? []) {
    const sources = [{ ...(configMap && { configMap }), ...(secret && { secret }) }, ...(projected?.sources ?? [])]
    for (const { configMap: map, secret: hidden } of sources) {
      for (const [kind, source] of [
        ['ConfigMap', map],
        ['Secret', hidden],
      ] as const) {
        const text = source === undefined ? undefined : sourceLack(kind, source, lookup)
        if (text === undefined) continue
        yield { reason: 'FailedMount', message: `MountVolume.SetUp failed for volume "${volume}" : ${text}` }
      }
    }
  }
}

function* environmentLacks({ spec, metadata }: MountingPod, lookup: Lookup): Generator<Lack> {
  for (const { env = [], envFrom = [] } of [...(spec.initContainers ?? []), ...spec.containers]) {
    for (const { configMapRef, secretRef } of envFrom) {
      const text =
        (configMapRef && sourceLack('ConfigMap', configMapRef, lookup)) ??
        (secretRef && sourceLack('Secret', secretRef, lookup))
      if (text !== undefined) yield { reason: 'Failed', message: `Error: ${text}` }
    }
    for (const { valueFrom } of env) {
      const [kind, ref] =
        valueFrom?.secretKeyRef === undefined
          ? (['ConfigMap', valueFrom?.configMapKeyRef] as const)
          : (['Secret', valueFrom.secretKeyRef] as const)
      if (ref === undefined || ref.optional === true) continue
      const holder = lookup(kind, ref.name)
      if (holder === undefined) yield { reason: 'Failed', message: `Error: ${notFound(kind, ref.name)}` }
      else if (!hasKey(holder, ref.key)) {
        const where = `${kind} ${metadata.namespace}/${ref.name}`
        yield { reason: 'Failed', message: `Error: couldn't find key ${ref.key} in ${where}` }
      }
    }
  }
}

function sourceLack(kind: 'ConfigMap' | 'Secret', source: Source, lookup: Lookup): string | undefined {
  if (source.optional === true) return undefined
  const name = source.secretName ?? source.name ?? ''
  const holder = lookup(kind, name)
  if (holder === undefined) return notFound(kind, name)
  const missing = source.items?.find(({ key }) => !hasKey(holder, key))
  return missing && `references non-existent ${kind === 'Secret' ? 'secret' : 'config'} key: ${missing.key}`
}

function notFound(kind: 'ConfigMap' | 'Secret', name: string): string {
  return `${kind.toLowerCase()} "${name}" not found`
}

function hasKey({ data = {}, binaryData = {} }: Holder, key: string): boolean {
  return Object.hasOwn(data, key) || Object.hasOwn(binaryData, key)
}

async function tell(admin: KubeApi, path: string, pod: MountingPod, { reason, message }: Lack): Promise<void> {
  const { name, namespace, uid } = pod.metadata
  if (reason === 'Failed') {
    const waiting = { reason: 'CreateContainerConfigError', message: message.replace('Error: ', '') }
    const containerStatuses = pod.spec.containers.map((container) => ({
      name: container.name,
      image: '',
      imageID: '',
      ready: false,
      restartCount: 0,
      state: { waiting },
    }))
    await admin.patch(`${path}/pods/${name}/status`, { status: { containerStatuses } })
  }
  await admin.create(`${path}/events`, {
    metadata: { generateName: `${name}-` },
    type: 'Warning',
    reason,
    message,
    involvedObject: { apiVersion: 'v1', kind: 'Pod', name, namespace, uid },
    source: { component: 'kubelet' },
    firstTimestamp: new Date().toISOString(),
    lastTimestamp: new Date().toISOString(),
  })
}
