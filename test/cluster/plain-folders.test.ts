import { expect, test } from 'vitest'
import { eventually } from '../support/builders.ts'
import { PATIENCE } from '../support/cluster/nodes.ts'
import { playUpdate, runJob, sleepAndWake, stopTimers } from '../support/cluster/play.ts'
import { BUILD_QUOTA, createSandbox, DEPLOY_QUOTA, type Sandbox } from '../support/cluster/sandbox.ts'
import { done, shuffledFolders, withCluster } from '../support/cluster/suite.ts'
import { type Deployment, refusals, rolledOut, usedQuota } from '../support/cluster/workloads.ts'

const WORKLOADS = [
  ...['alertmanager', 'anomaly', 'dtms-api', 'dtms-freshness', 'dtms-kafka', 'dtms-producer', 'dtms-stream'],
  ...['exporter-site-a', 'exporter-site-b', 'exporter-site-c', 'grafana', 'prometheus'],
]

withCluster('the plain folders in a namespace like the Developer Sandbox', (cluster) => {
  let sandbox: Sandbox

  test('are applied in any order by somebody who may only edit, and every workload runs', async () => {
    await cluster().volumes.offer('nfs', 'block')
    sandbox = await createSandbox(cluster())
    for (const folder of shuffledFolders()) await done(sandbox.kubectl(['apply', '-f', `openshift/${folder}`]))
    await stopTimers(sandbox)
    expect(await rolledOut(sandbox)).toEqual(WORKLOADS)
    expect(await refusals(sandbox)).toEqual([])
  })

  test('are applied once more without a new pod', async () => {
    const before = await versions(sandbox)
    for (const folder of shuffledFolders()) await done(sandbox.kubectl(['apply', '-f', `openshift/${folder}`]))
    expect(await versions(sandbox)).toEqual(before)
  })

  test('stay inside the quota while everything is updated at once', async () => {
    const peak = await playUpdate(sandbox)
    // A pod that the quota sent away would have been tried again later: the update would end well and still not fit.
    expect(await refusals(sandbox)).toEqual([])
    expect(peak.get(`${DEPLOY_QUOTA}/requests.cpu`)).toBeLessThanOrEqual(3)
    expect(peak.get(`${DEPLOY_QUOTA}/limits.memory`)).toBeLessThanOrEqual(4 * 1024 ** 3)
  })

  test('start a job that counts against the quota of pods that end, not against the other', async () => {
    const during = await runJob(sandbox)
    expect(during.get(`${BUILD_QUOTA}/requests.cpu`)).toBe('100m')
    expect(during.get(`${BUILD_QUOTA}/limits.memory`)).toBe('192Mi')
  })

  test('are put to sleep as the sandbox does after twelve hours, and wake by one command', async () => {
    await sleepAndWake(cluster(), sandbox)
    expect(await refusals(sandbox)).toEqual([])
  })

  test('go when they are deleted, and leave nothing that counts', async () => {
    for (const folder of shuffledFolders())
      await done(sandbox.kubectl(['delete', '--wait=false', '-f', `openshift/${folder}`]))
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
