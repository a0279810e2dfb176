import { beforeAll, describe, expect, test } from 'vitest'
import { createSandbox, type Sandbox } from '../support/cluster/sandbox.ts'
import { withCluster } from '../support/cluster/suite.ts'

withCluster('the user of a sandbox', (cluster) => {
  let sandbox: Sandbox
  beforeAll(async () => {
    sandbox = await createSandbox(cluster())
  })

  test.each([
    ['create', 'deployments.apps', 'yes'],
    ['patch', 'routes.route.openshift.io', 'yes'],
    ['create', 'imagestreams.image.openshift.io', 'yes'],
    ['create', 'buildconfigs.build.openshift.io', 'yes'],
    ['create', 'networkpolicies.networking.k8s.io', 'yes'],
    ['create', 'poddisruptionbudgets.policy', 'yes'],
    ['create', 'roles.rbac.authorization.k8s.io', 'yes'],
    ['list', 'resourcequotas', 'yes'],
    ['list', 'storageclasses.storage.k8s.io', 'yes'],
    ['create', 'resourcequotas', 'no'],
    ['delete', 'limitranges', 'no'],
    ['create', 'namespaces', 'no'],
    ['create', 'persistentvolumes', 'no'],
    ['create', 'storageclasses.storage.k8s.io', 'no'],
    ['create', 'clusterroles.rbac.authorization.k8s.io', 'no'],
    ['create', 'customresourcedefinitions.apiextensions.k8s.io', 'no'],
    ['create', 'servicemonitors.monitoring.coreos.com', 'no'],
    ['list', 'pods --namespace=default', 'no'],
  ])('may %s %s: %s', async (verb, resource, answer) => {
    const said = await sandbox.kubectl(['auth', 'can-i', verb, ...resource.split(' ')])
    expect(said.stdout.trim()).toBe(answer)
  })

  test('may not give by a Role what it has not', async () => {
    const said = await sandbox.kubectl(['create', 'role', 'more', '--verb=create', '--resource=resourcequotas'])
    expect(said.code).toBe(1)
    expect(said.stderr).toContain('is attempting to grant RBAC permissions not currently held')
  })

  describe('is stopped by Pod Security', () => {
    const safe = {
      allowPrivilegeEscalation: false,
      runAsNonRoot: true,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    }
    test.each([
      ['a pod as restricted as those of DTMS', safe, undefined],
      ['a pod that runs as root', { ...safe, runAsUser: 0 }, 'runAsUser=0'],
      ['a pod that may run as root', { ...safe, runAsNonRoot: false }, 'runAsNonRoot != true'],
      [
        'a pod with privileges to gain',
        { ...safe, allowPrivilegeEscalation: true },
        'allowPrivilegeEscalation != false',
      ],
      ['a pod that says nothing', undefined, 'unrestricted capabilities'],
    ])('%s: %j', async (_, securityContext, words) => {
      const pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'probe' },
        spec: { containers: [{ name: 'probe', image: 'probe', securityContext }] },
      }
      const said = await sandbox.kubectl(['create', '--dry-run=server', '-f', '-'], JSON.stringify(pod))
      expect(said.code, said.stderr).toBe(words === undefined ? 0 : 1)
      if (words !== undefined) expect(said.stderr).toMatch(/violates PodSecurity "restricted:latest"/)
      if (words !== undefined) expect(said.stderr).toContain(words)
    })
  })
})
