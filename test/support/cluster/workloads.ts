import { eventually } from '../builders.ts'
import type { KubeObject } from './kube-api.ts'
import { PATIENCE } from './nodes.ts'
import { DEPLOY_QUOTA, isKind, type Sandbox } from './sandbox.ts'

export interface Deployment extends KubeObject {
  metadata: KubeObject['metadata'] & { generation: number }
  spec: { replicas: number }
  status: { observedGeneration?: number; updatedReplicas?: number; replicas?: number; availableReplicas?: number }
}

type Container = {
  name: string
  resources: { requests?: Record<string, string>; limits?: Record<string, string> }
}

export type PodSpec = {
  containers: Container[]
  initContainers?: Container[]
}

export interface Pod extends KubeObject {
  spec: PodSpec & {
    nodeName?: string
    activeDeadlineSeconds?: number
    volumes?: { persistentVolumeClaim?: { claimName: string } }[]
  }
  status: { phase: string; conditions?: { type: string; status: string; message?: string }[] }
}

interface Event extends KubeObject {
  type: string
  reason: string
  message: string
  involvedObject: { kind: string; name: string }
}

interface Quota extends KubeObject {
  status: { hard: Record<string, string>; used: Record<string, string> }
}

/** Waits until every Deployment of the namespace runs what it was last told, and nothing of before. */
export async function rolledOut(sandbox: Sandbox): Promise<string[]> {
  let lacking: string[] = []
  try {
    return await eventually(async () => {
      const deployments = await sandbox.list<Deployment>('deployments')
      lacking = deployments.filter((deployment) => !isRolledOut(deployment)).map(({ metadata }) => metadata.name)
      const pods = await sandbox.list<Pod>('pods')
      const leaving = pods.some(({ metadata }) => metadata.deletionTimestamp !== undefined)
      const done = deployments.length > 0 && lacking.length === 0 && !leaving
      return done ? deployments.map(({ metadata }) => metadata.name) : undefined
    }, PATIENCE)
  } catch {
    const said = await warnings(sandbox)
    throw new Error(`not rolled out: ${lacking.join(', ')}\n${said.join('\n')}`)
  }
}

function isRolledOut({ metadata, spec, status }: Deployment): boolean {
  const { observedGeneration = 0, updatedReplicas = 0, replicas = 0, availableReplicas = 0 } = status
  const all = [updatedReplicas, replicas, availableReplicas]
  return observedGeneration >= metadata.generation && all.every((count) => count === spec.replicas)
}

/** What the cluster warned of, with whom it concerns; each text once. */
export async function warnings(sandbox: Sandbox): Promise<string[]> {
  const events = await sandbox.list<Event & KubeObject>('events')
  const texts = events
    .filter(({ type }) => type === 'Warning')
    .map(
      ({ reason, message, involvedObject }) => `${involvedObject.kind} ${involvedObject.name}: ${reason}: ${message}`,
    )
  return [...new Set(texts)]
}

/** Warnings of pods that could not be made: the namespace's rules refused them. */
export async function refusals(sandbox: Sandbox): Promise<string[]> {
  return (await warnings(sandbox)).filter((text) => text.includes('FailedCreate'))
}

/** Waits for a warning that says this. */
export async function warned(sandbox: Sandbox, words: string | RegExp): Promise<string> {
  return eventually(async () => (await warnings(sandbox)).find((text) => text.search(words) >= 0), PATIENCE)
}

/** `status.used` of all quotas of the namespace, as the cluster counted it: `<quota>/<resource>` to a quantity. */
export async function usedQuota(sandbox: Sandbox): Promise<Map<string, string>> {
  const used = new Map<string, string>()
  for (const { metadata, status } of await sandbox.list<Quota>('resourcequotas')) {
    for (const [resource, quantity] of Object.entries(status.used)) used.set(`${metadata.name}/${resource}`, quantity)
  }
  return used
}

/** Follows the quotas while `work` runs and answers the most that each resource was used. */
export async function peakQuota(sandbox: Sandbox, work: () => Promise<void>): Promise<Map<string, number>> {
  const peak = new Map<string, number>()
  let over = false
  const look = async (): Promise<void> => {
    for (const [name, text] of await usedQuota(sandbox)) {
      peak.set(name, Math.max(peak.get(name) ?? 0, quantity(text)))
    }
  }
  const looking = (async () => {
    while (!over) {
      await look()
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  })()
  try {
    await work()
  } finally {
    over = true
    await looking
  }
  await look()
  return peak
}

const UNITS = new Map(Object.entries({ m: 1e-3, k: 1e3, M: 1e6, G: 1e9, Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3 }))

/** A quantity of Kubernetes as a number: cores, bytes or a count. */
export function quantity(text: string): number {
  const [, digits = '', unit = ''] = /^([0-9.]+)([A-Za-z]*)$/.exec(text) ?? []
  const factor = unit === '' ? 1 : UNITS.get(unit)
  if (digits === '' || factor === undefined) throw new Error(`not a quantity: ${text}`)
  return Number(digits) * factor
}

/** What a quota counts for one pod. Containers that prepare run before the others, one by one: the larger of both counts. */
export function podUse(spec: PodSpec, kind: 'requests' | 'limits', name: string): number {
  const of = ({ resources }: Container): number => quantity(resources[kind]?.[name] ?? '0')
  const together = spec.containers.reduce((sum, container) => sum + of(container), 0)
  return Math.max(together, ...(spec.initContainers ?? []).map(of))
}

/**
 * Waits until the quotas say what is there, with no pod on its way in or out. The cluster counts each quota anew from
 * what it last saw of each kind, so one number may be of before while the next one is right: all of them are compared.
 */
export async function settledQuota(sandbox: Sandbox): Promise<Map<string, string>> {
  await rolledOut(sandbox)
  let wrong: string[] = []
  try {
    return await eventually(async () => {
      const used = await usedQuota(sandbox)
      const there = await objectsThere(sandbox, used.keys())
      wrong = [...there].flatMap(([name, count]) => {
        const said = used.get(name) ?? '0'
        return Math.abs(quantity(said) - count) > 1e-9 ? [`${name} says ${said}, there are ${count}`] : []
      })
      return wrong.length === 0 ? used : undefined
    }, PATIENCE)
  } catch {
    throw new Error(`quotas do not settle: ${wrong.join('; ')}`)
  }
}

/** The numbers of a quota as they follow from the objects: `<quota>/<resource>` to cores, bytes or a count. */
async function objectsThere(sandbox: Sandbox, names: Iterable<string>): Promise<Map<string, number>> {
  const there = new Map<string, number>()
  for (const name of names) {
    const kind = /\/count\/([a-z]+)/.exec(name)?.[1]
    if (kind !== undefined && isKind(kind)) there.set(name, (await sandbox.list(kind)).length)
  }
  const pods = await sandbox.list<Pod>('pods')
  const lasting = pods.filter(({ spec }) => spec.activeDeadlineSeconds === undefined)
  for (const [kind, name] of [
    ['requests', 'cpu'],
    ['requests', 'memory'],
    ['limits', 'cpu'],
    ['limits', 'memory'],
  ] as const) {
    const sum = lasting.reduce((all, { spec }) => all + podUse(spec, kind, name), 0)
    there.set(`${DEPLOY_QUOTA}/${kind}.${name}`, sum)
  }
  return there
}
