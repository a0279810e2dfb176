import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { runToEnd } from '../support/cluster/kubectl.ts'
import { aKustomization } from '../support/cluster/kustomization.ts'
import { nodesOfClaims, playUpdate } from '../support/cluster/play.ts'
import { createSandbox } from '../support/cluster/sandbox.ts'
import { done, withCluster } from '../support/cluster/suite.ts'
import { refusals, rolledOut } from '../support/cluster/workloads.ts'

/** Components, with the overlay that each is for. Parts of overlays are played through where these are. */
const COMPONENTS: [component: string, overlay: string][] = [
  ['alertmanager-route', 'profile-3'],
  ['central-monitoring', 'profile-3'],
  ['ephemeral', 'profile-0.5'],
  ['hpa', 'profile-3'],
  ['ingress', 'profile-3'],
  ['monitors', 'profile-3'],
  ['plain-kubernetes', 'profile-3'],
  ['prometheus-discovery', 'profile-3'],
  ['pushgateway', 'profile-3'],
  ['single-pod', 'profile-3'],
  ['small', 'profile-3'],
  ['spark', 'profile-3'],
  ['spark-operator', 'profile-3'],
  ['storage-rwo-colocated', 'profile-3'],
  ['storage-rwx', 'profile-3'],
  ['tls', 'profile-3'],
  ['without-grafana', 'profile-3'],
]

withCluster('optional components', (cluster) => {
  test('are all listed here', () => {
    const known = COMPONENTS.map(([name]) => name)
    expect(readdirSync('openshift/components').filter((name) => !known.includes(name))).toEqual([])
  })

  const there = readdirSync('openshift/components')
  test.each(COMPONENTS.filter(([name]) => there.includes(name)))(
    '%s above %s: the server takes every object, and knows every field',
    async (name, overlay) => {
      const sandbox = await createSandbox(cluster())
      const folder = aKustomization(overlay, [name])
      // Those that need more rights than `edit` are looked at as well.
      const as = ['--namespace', sandbox.namespace, '--dry-run=server', '--validate=strict']
      const said = await done(cluster().kubectl(['apply', '-k', folder, ...as]))
      expect(said.split('\n').length).toBeGreaterThan(10)
      await sandbox.remove()
    },
  )

  test.each([
    ['Route', 'route.openshift.io/v1', { to: { kind: 'Service', name: 'dtms-api' }, prot: {} }, 'spec.prot'],
    ['ServiceMonitor', 'monitoring.coreos.com/v1', { selector: {}, endpoints: [{ prot: 'http' }] }, 'prot'],
    ['NetworkPolicy', 'networking.k8s.io/v1', { podSelector: {}, policyType: [] }, 'spec.policyType'],
  ])('with a misspelt field would be refused: %s', async (kind, apiVersion, spec, field) => {
    const object = JSON.stringify({ apiVersion, kind, metadata: { name: 'misspelt' }, spec })
    const said = await cluster().kubectl(['apply', '--dry-run=server', '--validate=strict', '-f', '-'], object)
    expect(said.code).toBe(1)
    expect(said.stderr).toContain(`unknown field "`)
    expect(said.stderr).toContain(field)
  })

  test('that need no more than edit run beside profile 3, with the log on a class that is not the default', async () => {
    await cluster().volumes.offer('block', 'nfs')
    const sandbox = await createSandbox(cluster())
    const folder = aKustomization('profile-3', ['storage-rwx', 'pushgateway', 'hpa', 'prometheus-discovery'])
    await done(sandbox.kubectl(['apply', '-k', folder]))
    expect(await rolledOut(sandbox)).toContain('pushgateway')
    const claims = await sandbox.list('persistentvolumeclaims')
    const classes = claims.map(({ metadata, spec }) => [metadata.name, spec?.storageClassName])
    expect(classes).toEqual([
      ['dtms-data', 'nfs'],
      ['dtms-kafka', 'block'],
      ['dtms-prometheus', 'block'],
    ])
    await playUpdate(sandbox)
    expect(await refusals(sandbox)).toEqual([])
    await sandbox.remove()
  })

  test('single-pod with its own folder needs no class at all but that of Prometheus', async () => {
    await cluster().volumes.offer('block')
    const sandbox = await createSandbox(cluster(), { requestsCpu: '500m' })
    await done(sandbox.kubectl(['apply', '-k', aKustomization('profile-0.5', ['ephemeral'])]))
    expect(await rolledOut(sandbox)).toEqual(['dtms', 'prometheus'])
    expect([...(await nodesOfClaims(sandbox)).keys()]).toEqual(['dtms-prometheus'])
    await sandbox.remove()
  })
})

withCluster('the Helm chart', (cluster) => {
  test('is installed by somebody who may only edit, runs, is updated at once and is removed', async () => {
    await cluster().volumes.offer('nfs', 'block')
    const sandbox = await createSandbox(cluster(), { built: false })
    const helm = (...args: string[]) =>
      runToEnd(cluster().parts.helm, args, { env: { ...process.env, KUBECONFIG: sandbox.kubeconfig } })
    await done(helm('install', 'dtms', 'openshift/helm/dtms', '--namespace', sandbox.namespace))
    expect(await rolledOut(sandbox)).toHaveLength(12)
    await playUpdate(sandbox)
    await done(helm('upgrade', 'dtms', 'openshift/helm/dtms', '--namespace', sandbox.namespace))
    expect(await rolledOut(sandbox)).toHaveLength(12)
    expect(await refusals(sandbox)).toEqual([])
    await done(helm('uninstall', 'dtms', '--namespace', sandbox.namespace))
    await sandbox.remove()
  })
})
