import { expect, test } from 'vitest'
import { sleepAndWake } from '../support/cluster/play.ts'
import { createSandbox, DEPLOY_QUOTA } from '../support/cluster/sandbox.ts'
import { say, withCluster } from '../support/cluster/suite.ts'
import { quantity, refusals, rolledOut, settledQuota } from '../support/cluster/workloads.ts'
import { chart, helm } from '../support/helm.ts'

withCluster('the Helm chart, installed by somebody who may only edit', (cluster) => {
  test('is rolled out, changed, woken and removed inside the quota, and keeps what it was told to keep', async () => {
    await cluster().volumes.offer('block')
    const sandbox = await createSandbox(cluster())
    const release = (...args: string[]): string => {
      const run = helm(...args, '--namespace', sandbox.namespace, '--kubeconfig', sandbox.kubeconfig)
      expect(run.code, run.problems).toBe(0)
      return run.out
    }
    const values = ['--set', 'storage.mode=rwo-colocated', '--set', 'storage.keep=true']
    // The image stream is there already: the image was built before.
    expect(release('install', 'dtms', chart, '--take-ownership', ...values)).toContain('get route grafana')
    expect(await rolledOut(sandbox)).toHaveLength(12)
    const before = await settledQuota(sandbox)

    release('upgrade', 'dtms', chart, '--reuse-values', '--set', 'settings.DTMS_SPEED=10,restartOnSettingsChange=true')
    expect(await rolledOut(sandbox)).toHaveLength(12)
    const after = await settledQuota(sandbox)
    expect(after.get(`${DEPLOY_QUOTA}/requests.cpu`)).toBe(before.get(`${DEPLOY_QUOTA}/requests.cpu`))
    expect(quantity(after.get(`${DEPLOY_QUOTA}/requests.cpu`) ?? '0')).toBeLessThanOrEqual(3)
    await sleepAndWake(cluster(), sandbox)
    expect(await refusals(sandbox)).toEqual([])
    say(`Helm: ${[...after].map(([name, used]) => `${name} ${used}`).join(', ')}`)

    release('uninstall', 'dtms', '--wait')
    expect(await sandbox.list('deployments')).toEqual([])
    const claims = (await sandbox.list('persistentvolumeclaims')).map(({ metadata }) => metadata.name)
    expect(claims.sort()).toEqual(['dtms-data', 'dtms-kafka', 'dtms-prometheus'])
    await sandbox.remove()
  })
})
