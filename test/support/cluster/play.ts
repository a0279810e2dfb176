import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { eventually } from '../builders.ts'
import type { Cluster } from './control-plane.ts'
import type { KubeObject } from './kube-api.ts'
import { PATIENCE } from './nodes.ts'
import { BUILD_QUOTA, DEPLOY_QUOTA, type Sandbox } from './sandbox.ts'
import { done } from './suite.ts'
import { type Pod, peakQuota, quantity, rolledOut, settledQuota, usedQuota } from './workloads.ts'

const OURS = ['--selector', 'app.kubernetes.io/part-of=dtms']

/** Replaces every pod at once, as an upgrade does; answers the most that was used meanwhile. */
export async function playUpdate(sandbox: Sandbox): Promise<Map<string, number>> {
  const before = await podNames(sandbox)
  const peak = await peakQuota(sandbox, async () => {
    await done(sandbox.kubectl(['rollout', 'restart', 'deployment', ...OURS]))
    await rolledOut(sandbox)
  })
  expect((await podNames(sandbox)).filter((name) => before.includes(name))).toEqual([])
  return peak
}

/** Keeps the CronJobs from starting jobs when the clock strikes in the middle of a test; they are started by hand. */
export async function stopTimers(sandbox: Sandbox): Promise<void> {
  for (const { metadata } of await sandbox.list('cronjobs')) {
    await done(sandbox.kubectl(['patch', 'cronjob', metadata.name, '--patch', '{"spec":{"suspend":true}}']))
  }
}

/** Starts the job of the CronJob by hand; answers what was used while it ran. Only the quota of pods that end may grow. */
export async function runJob(sandbox: Sandbox): Promise<Map<string, string>> {
  const before = await settledQuota(sandbox)
  await done(sandbox.kubectl(['create', 'job', 'correlation-now', '--from=cronjob/dtms-correlation']))
  const during = await eventually(async () => {
    const used = await usedQuota(sandbox)
    return quantity(used.get(`${BUILD_QUOTA}/requests.cpu`) ?? '0') > 0 ? used : undefined
  }, PATIENCE)
  for (const resource of ['requests.cpu', 'limits.memory']) {
    expect(during.get(`${DEPLOY_QUOTA}/${resource}`)).toBe(before.get(`${DEPLOY_QUOTA}/${resource}`))
  }
  await done(sandbox.kubectl(['wait', 'job/correlation-now', '--for=condition=Complete', '--timeout=120s']))
  await eventually(async () => (await usedQuota(sandbox)).get(`${BUILD_QUOTA}/requests.cpu`) === '0', PATIENCE)
  return during
}

/** The one command of docs/openshift.md, word for word; oc and kubectl take it alike. */
function wakeCommand(): string[] {
  const [, words] = /^oc (scale deployment .*)$/m.exec(readFileSync('docs/openshift.md', 'utf8')) ?? []
  if (words === undefined) throw new Error('docs/openshift.md does not say how to wake DTMS')
  return words.split(' ')
}

/** Scales everything to zero as the sandbox's idler does, then wakes it by one command; the volumes stay the same. */
export async function sleepAndWake(cluster: Cluster, sandbox: Sandbox): Promise<void> {
  const volumes = await boundVolumes(sandbox)
  const running = (await runningPods(sandbox)).length
  await done(cluster.kubectl(['scale', 'deployment', '--all', '--replicas=0', '--namespace', sandbox.namespace]))
  await eventually(async () => (await runningPods(sandbox)).length === 0, PATIENCE)
  await eventually(async () => (await usedQuota(sandbox)).get(`${DEPLOY_QUOTA}/requests.cpu`) === '0', PATIENCE)
  await done(sandbox.kubectl(wakeCommand()))
  await rolledOut(sandbox)
  expect(await runningPods(sandbox)).toHaveLength(running)
  expect(await boundVolumes(sandbox)).toEqual(volumes)
}

/** For every claim that one node at a time can mount: the nodes of the running pods that mount it. */
export async function nodesOfClaims(sandbox: Sandbox): Promise<Map<string, Set<string>>> {
  const claims = await sandbox.list('persistentvolumeclaims')
  const single = claims.filter(({ spec }) => JSON.stringify(spec?.accessModes) === '["ReadWriteOnce"]')
  const nodes = new Map(single.map(({ metadata }) => [metadata.name, new Set<string>()]))
  for (const { spec, status } of await sandbox.list<Pod>('pods')) {
    if (status.phase !== 'Running') continue
    for (const { persistentVolumeClaim } of spec.volumes ?? []) {
      nodes.get(persistentVolumeClaim?.claimName ?? '')?.add(spec.nodeName ?? 'nowhere')
    }
  }
  return nodes
}

function isOfJob({ metadata }: KubeObject): boolean {
  return metadata.ownerReferences?.some(({ kind }) => kind === 'Job') ?? false
}

async function podNames(sandbox: Sandbox): Promise<string[]> {
  return (await sandbox.list('pods')).filter((pod) => !isOfJob(pod)).map(({ metadata }) => metadata.name)
}

async function runningPods(sandbox: Sandbox): Promise<Pod[]> {
  return (await sandbox.list<Pod>('pods')).filter((pod) => pod.status.phase === 'Running' && !isOfJob(pod))
}

async function boundVolumes(sandbox: Sandbox): Promise<unknown[]> {
  const claims = await sandbox.list('persistentvolumeclaims')
  return claims.map(({ metadata, spec, status }) => [metadata.name, spec?.volumeName, status?.phase])
}
