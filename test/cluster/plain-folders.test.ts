import { expect, test } from 'vitest'
import { eventually } from '../support/builders.ts'
import { PATIENCE } from '../support/cluster/nodes.ts'
import { BUILD_QUOTA, createSandbox, DEPLOY_QUOTA, type Sandbox } from '../support/cluster/sandbox.ts'
import { done, shuffledFolders, withCluster } from '../support/cluster/suite.ts'
import {
  type Deployment,
  type Pod,
  peakQuota,
  quantity,
  refusals,
  rolledOut,
  settledQuota,
  usedQuota,
} from '../support/cluster/workloads.ts'

const WORKLOADS = [
  ...['alertmanager', 'anomaly', 'dtms-api', 'dtms-freshness', 'dtms-kafka', 'dtms-producer', 'dtms-stream'],
  ...['exporter-site-a', 'exporter-site-b', 'exporter-site-c', 'grafana', 'prometheus'],
]

withCluster('the plain folders in a namespace like the Developer Sandbox', (cluster) => {
  let sandbox: Sandbox

  test('are applied in any order by somebody who may only edit, and every workload runs', async () => {
    await cluster().volumes.offer('nfs', 'block')
    sandbox = await createSandbox(cluster())
    for (const folder of shuffledFolders()) done(sandbox.kubectl(['apply', '-f', `openshift/${folder}`]))
    expect(await rolledOut(sandbox)).toEqual(WORKLOADS)
    expect(await refusals(sandbox)).toEqual([])
  })

  test('are applied once more without a new pod', async () => {
    const before = await versions(sandbox)
    for (const folder of shuffledFolders()) done(sandbox.kubectl(['apply', '-f', `openshift/${folder}`]))
    expect(await versions(sandbox)).toEqual(before)
  })

  test('stay inside the quota while everything is updated at once', async () => {
    const before = await podNames(sandbox)
    const peak = await peakQuota(sandbox, async () => {
      done(sandbox.kubectl(['rollout', 'restart', 'deployment', '--selector', 'app.kubernetes.io/part-of=dtms']))
      await rolledOut(sandbox)
    })
    expect((await podNames(sandbox)).filter((name) => before.includes(name))).toEqual([])
    // A pod that the quota sent away would have been tried again later: the update would end well and still not fit.
    expect(await refusals(sandbox)).toEqual([])
    expect(peak.get(`${DEPLOY_QUOTA}/requests.cpu`)).toBeLessThanOrEqual(3)
    expect(peak.get(`${DEPLOY_QUOTA}/limits.memory`)).toBeLessThanOrEqual(4 * 1024 ** 3)
  })

  test('start a job that counts against the quota of pods that end, not against the other', async () => {
    const before = await settledQuota(sandbox)
    done(sandbox.kubectl(['create', 'job', 'correlation-now', '--from=cronjob/dtms-correlation']))
    const during = await eventually(async () => {
      const used = await usedQuota(sandbox)
      return quantity(used.get(`${BUILD_QUOTA}/requests.cpu`) ?? '0') > 0 ? used : undefined
    }, PATIENCE)
    expect(during.get(`${BUILD_QUOTA}/requests.cpu`)).toBe('100m')
    expect(during.get(`${BUILD_QUOTA}/limits.memory`)).toBe('192Mi')
    for (const resource of ['requests.cpu', 'limits.memory']) {
      expect(during.get(`${DEPLOY_QUOTA}/${resource}`)).toBe(before.get(`${DEPLOY_QUOTA}/${resource}`))
    }
    done(sandbox.kubectl(['wait', 'job/correlation-now', '--for=condition=Complete', '--timeout=120s']))
    await eventually(async () => (await usedQuota(sandbox)).get(`${BUILD_QUOTA}/requests.cpu`) === '0', PATIENCE)
  })

  test('are put to sleep as the sandbox does after twelve hours, and wake by one command with the same volumes', async () => {
    const volumes = await boundVolumes(sandbox)
    done(cluster().kubectl(['scale', 'deployment', '--all', '--replicas=0', '--namespace', sandbox.namespace]))
    await eventually(async () => (await runningPods(sandbox)).length === 0, PATIENCE)
    await eventually(async () => (await usedQuota(sandbox)).get(`${DEPLOY_QUOTA}/requests.cpu`) === '0', PATIENCE)
    done(sandbox.kubectl(['scale', 'deployment', '--selector', 'app.kubernetes.io/part-of=dtms', '--replicas=1']))
    expect(await rolledOut(sandbox)).toEqual(WORKLOADS)
    expect((await runningPods(sandbox)).length).toBe(WORKLOADS.length)
    expect(await boundVolumes(sandbox)).toEqual(volumes)
    expect(await refusals(sandbox)).toEqual([])
  })

  test('go when they are deleted, and leave nothing that counts', async () => {
    for (const folder of shuffledFolders())
      done(sandbox.kubectl(['delete', '--wait=false', '-f', `openshift/${folder}`]))
    const counts = [
      'pods',
      'services',
      'deployments.apps',
      'replicasets.apps',
      'cronjobs.batch',
      'routes.route.openshift.io',
    ]
    await eventually(async () => {
      const used = await usedQuota(sandbox)
      return counts.every((name) => used.get(`counts/count/${name}`) === '0')
    }, PATIENCE)
    await sandbox.remove()
  })
})

/** Grows with every change of a Deployment that means a new pod or another number of them. */
async function versions(sandbox: Sandbox): Promise<unknown[]> {
  const deployments = await sandbox.list<Deployment>('deployments')
  return deployments.map(({ metadata }) => [metadata.name, metadata.generation])
}

async function podNames(sandbox: Sandbox): Promise<string[]> {
  return (await sandbox.list('pods')).map(({ metadata }) => metadata.name)
}

async function runningPods(sandbox: Sandbox): Promise<Pod[]> {
  return (await sandbox.list<Pod>('pods')).filter(({ status }) => status.phase === 'Running')
}

async function boundVolumes(sandbox: Sandbox): Promise<unknown[]> {
  const claims = await sandbox.list('persistentvolumeclaims')
  return claims.map(({ metadata, spec, status }) => [metadata.name, spec?.volumeName, status?.phase])
}
