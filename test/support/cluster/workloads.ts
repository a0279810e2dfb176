import { eventually } from '../builders.ts'
import type { KubeObject } from './kube-api.ts'
import { PATIENCE } from './nodes.ts'
import type { Sandbox } from './sandbox.ts'

export interface Deployment extends KubeObject {
  metadata: KubeObject['metadata'] & { generation: number }
  spec: { replicas: number }
  status: { observedGeneration?: number; updatedReplicas?: number; replicas?: number; availableReplicas?: number }
}

export interface Pod extends KubeObject {
  spec: {
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

/** Waits until the quotas say what is there, with no pod on its way in or out. */
export async function settledQuota(sandbox: Sandbox): Promise<Map<string, string>> {
  await rolledOut(sandbox)
  return eventually(async () => {
    const pods = (await sandbox.list<Pod>('pods')).filter(({ status }) => status.phase === 'Running').length
    const used = await usedQuota(sandbox)
    return used.get('counts/count/pods') === String(pods) ? used : undefined
  }, PATIENCE)
}
