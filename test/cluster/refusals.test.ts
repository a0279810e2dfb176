import { expect, test } from 'vitest'
import { aKustomization } from '../support/cluster/kustomization.ts'
import { playUpdate } from '../support/cluster/play.ts'
import { preflight, type Verdict } from '../support/cluster/preflight.ts'
import { createSandbox, type Sandbox, type SandboxOptions } from '../support/cluster/sandbox.ts'
import { done, withCluster } from '../support/cluster/suite.ts'
import type { VolumeClass } from '../support/cluster/volumes.ts'
import { refusals, rolledOut, warned, warnings } from '../support/cluster/workloads.ts'

interface Case {
  name: string
  classes: VolumeClass[]
  options: SandboxOptions
  overlay: string
  components?: string[]
  /** Words of preflight: what is wrong, and what to do. */
  what: RegExp
  remedy: RegExp
  /** Words of the cluster, after everything was applied in spite of it. */
  cluster: RegExp
}

const CASES: Case[] = [
  {
    name: 'half a vCPU is too little for profile 3',
    classes: ['nfs', 'block'],
    options: { requestsCpu: '500m' },
    overlay: 'profile-3',
    what: /quota compute-deploy \(NotTerminating\): requests\.cpu: .* needed.*, limit/,
    remedy: /profile 0\.5 fits/,
    cluster: /FailedCreate: .*exceeded quota: compute-deploy, requested: requests\.cpu=.*limited: requests\.cpu=500m/,
  },
  {
    name: 'a LimitRange allows less than a limit',
    classes: ['nfs', 'block'],
    options: { containerMaximum: { cpu: '400m' } },
    overlay: 'profile-3',
    what: /LimitRange resource-limits allows at most 0\.4 vCPU of cpu per container, but .*grafana has limit 0\.5 vCPU/,
    remedy: /LimitRange/,
    cluster: /FailedCreate: .*maximum cpu usage per Container is 400m, but limit is/,
  },
  {
    name: 'no class can be written from several nodes',
    classes: ['block'],
    options: {},
    overlay: 'profile-3',
    what: /claim dtms-data needs ReadWriteMany, and storage class block .* mounts on one node only/,
    remedy: /storage-rwo-colocated/,
    cluster: /PersistentVolumeClaim dtms-data: ProvisioningFailed: access mode ReadWriteMany is not supported/,
  },
  {
    name: 'no class is the default',
    classes: [],
    options: {},
    overlay: 'profile-3',
    what: /claim dtms-data names no storage class and no class is the default/,
    remedy: /storageClassName|storage-rwx/,
    cluster: /Pod .*: FailedScheduling: .*unbound immediate PersistentVolumeClaims/,
  },
  {
    name: 'the class that was named is not there',
    classes: ['block'],
    options: {},
    overlay: 'profile-3',
    components: ['storage-rwx'],
    what: /claim dtms-data names the storage class nfs, which is not here/,
    remedy: /profile 3-rwo fits.*storage-rwo-colocated/,
    cluster: /PersistentVolumeClaim dtms-data: ProvisioningFailed: storageclass.storage.k8s.io "nfs" not found/,
  },
  {
    name: 'the secret of the API key is missing',
    classes: ['nfs', 'block'],
    options: { secrets: false },
    overlay: 'profile-3',
    what: /Secret dtms-api-key is not there \(key api-key\); .*dtms-api/,
    remedy: /create secret generic dtms-api-key --from-literal=api-key=/,
    cluster: /Pod dtms-api-.*: FailedMount: .*secret "dtms-api-key" not found/,
  },
  {
    name: 'the secret of Grafana is missing',
    classes: ['nfs', 'block'],
    options: { secrets: false },
    overlay: 'profile-3',
    what: /Secret grafana-admin is not there \(keys admin-password, admin-user|Secret grafana-admin is not there \(keys admin-user, admin-password/,
    remedy: /create secret generic grafana-admin/,
    cluster: /Pod grafana-.*: Failed: Error: secret "grafana-admin" not found/,
  },
]

withCluster('a namespace that DTMS does not fit', (cluster) => {
  test.each(CASES)('$name: preflight says so before, and the cluster after', async (example) => {
    const { classes, options, overlay, components = [], what, remedy, cluster: words } = example
    await cluster().volumes.offer(...classes)
    const sandbox = await createSandbox(cluster(), options)
    const asked = ['--profile', overlay.replace('profile-', ''), ...components.flatMap((name) => ['--component', name])]
    const verdict = await preflight(cluster(), sandbox, ...asked)
    expect(verdict).toMatchObject({ exitCode: 1, fits: false })
    const problem = problemOf(verdict, what)
    expect(problem.remedy).toMatch(remedy)
    await done(sandbox.kubectl(['apply', '-k', aKustomization(overlay, components)]))
    expect(await warned(sandbox, words)).toMatch(words)
    await sandbox.remove()
  })

  test('has no right to routes: preflight says so before, and the cluster refuses these and nothing else', async () => {
    await cluster().volumes.offer('nfs', 'block')
    const sandbox = await createSandbox(cluster(), { withoutRights: ['routes', 'routes/custom-host'] })
    const verdict = await preflight(cluster(), sandbox, '--profile', '3')
    expect(verdict).toMatchObject({ exitCode: 1, fits: false })
    expect(problemOf(verdict, /no right to .*create.* routes\.route\.openshift\.io/).remedy).toMatch(/port-forward/)
    expect(verdict.problems).toHaveLength(1)
    const said = await sandbox.kubectl(['apply', '-k', 'openshift/overlays/profile-3'])
    expect(said.code).toBe(1)
    expect(said.stderr).toMatch(/routes\.route\.openshift\.io .* is forbidden: User "dev" cannot/)
    expect(await rolledOut(sandbox)).toHaveLength(12)
    await sandbox.remove()
  })

  test('fits to the last millicore when preflight says so, and one less is refused while it is updated', async () => {
    await cluster().volumes.offer('nfs', 'block')
    const wide = await createSandbox(cluster())
    const { cpu } = (await preflight(cluster(), wide, '--profile', '3')).sums.rolling.requests
    await wide.remove()
    const millicores = Number(/^(\d+)m$/.exec(cpu)?.[1])
    expect(millicores).toBeGreaterThan(500)

    const exact = await createSandbox(cluster(), { requestsCpu: `${millicores}m` })
    expect(await preflight(cluster(), exact, '--profile', '3')).toMatchObject({ exitCode: 0, fits: true, problems: [] })
    await applied(exact)
    await playUpdate(exact)
    expect(await refusals(exact)).toEqual([])
    await exact.remove()

    const short = await createSandbox(cluster(), { requestsCpu: `${millicores - 1}m` })
    const verdict = await preflight(cluster(), short, '--profile', '3')
    expect(verdict.fits).toBe(false)
    expect(problemOf(verdict, /requests\.cpu/).remedy).toMatch(/it runs, but not while everything is updated at once/)
    await applied(short)
    expect(await refusals(short)).toEqual([])
    // Only those that live beside their predecessors for a while; the others make room first.
    const surging = ['dtms-api', 'dtms-stream', 'grafana'].map((name) => `deployment/${name}`)
    await done(short.kubectl(['rollout', 'restart', ...surging]))
    expect(await warned(short, 'exceeded quota: compute-deploy')).toMatch(`limited: requests.cpu=${millicores - 1}m`)
    await short.remove()
  })

  test('whose pods wait for a secret runs as soon as it is there', async () => {
    await cluster().volumes.offer('block')
    const sandbox = await createSandbox(cluster(), { requestsCpu: '500m', secrets: false })
    await done(sandbox.kubectl(['apply', '-k', 'openshift/overlays/profile-0.5']))
    await warned(sandbox, 'secret "dtms-api-key" not found')
    await done(sandbox.kubectl(['create', 'secret', 'generic', 'dtms-api-key', '--from-literal=api-key=for the tests']))
    expect(await rolledOut(sandbox)).toEqual(['dtms', 'prometheus'])
    await sandbox.remove()
  })

  test('lacks an image as long as none was built, which preflight says with the two commands', async () => {
    await cluster().volumes.offer('nfs', 'block')
    const sandbox = await createSandbox(cluster(), { built: false })
    const { problems } = await preflight(cluster(), sandbox, '--profile', '3')
    expect(problems).toEqual([
      {
        what: 'image stream dtms has no image latest yet; its pods cannot start',
        remedy: expect.stringMatching(/start-build/),
      },
    ])
    await sandbox.remove()
  })
})

async function applied(sandbox: Sandbox): Promise<void> {
  await done(sandbox.kubectl(['apply', '-k', 'openshift/overlays/profile-3']))
  await rolledOut(sandbox)
  expect((await warnings(sandbox)).filter((text) => text.includes('exceeded quota'))).toEqual([])
}

function problemOf({ problems }: Verdict, words: RegExp): Verdict['problems'][number] {
  const found = problems.find(({ what }) => words.test(what))
  if (found === undefined) throw new Error(`preflight does not say ${words}:\n${JSON.stringify(problems, null, 2)}`)
  return found
}
