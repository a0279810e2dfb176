import { expect, test } from 'vitest'
import { nodesOfClaims, playUpdate, runJob, sleepAndWake, stopTimers } from '../support/cluster/play.ts'
import { type ProfileUse, quotaTables, surgeOf, writeTables, writtenTables } from '../support/cluster/quota-table.ts'
import { createSandbox, DEPLOY_QUOTA } from '../support/cluster/sandbox.ts'
import { done, say, withCluster } from '../support/cluster/suite.ts'
import type { VolumeClass } from '../support/cluster/volumes.ts'
import { quantity, refusals, rolledOut, settledQuota } from '../support/cluster/workloads.ts'

interface Profile {
  overlay: string
  room: string
  /** Storage classes of the namespace; the first is the default. */
  classes: VolumeClass[]
  workloads: number
  job: boolean
}

const PROFILES: Profile[] = [
  { overlay: 'profile-3', room: '3000m', classes: ['nfs', 'block'], workloads: 12, job: true },
  { overlay: 'profile-3-rwo', room: '3000m', classes: ['block'], workloads: 12, job: true },
  { overlay: 'profile-1', room: '1000m', classes: ['block'], workloads: 8, job: true },
  { overlay: 'profile-0.5', room: '500m', classes: ['block'], workloads: 2, job: false },
  { overlay: 'kubernetes', room: '3000m', classes: ['nfs'], workloads: 12, job: true },
]

withCluster('a profile in a namespace that is just as large', (cluster) => {
  const rows: ProfileUse[] = []

  test.each(PROFILES)('$overlay runs, is updated at once, sleeps and wakes in $room', async (profile) => {
    const { overlay, room, classes, workloads, job } = profile
    await cluster().volumes.offer(...classes)
    const sandbox = await createSandbox(cluster(), { requestsCpu: room })
    await done(sandbox.kubectl(['apply', '-k', `openshift/overlays/${overlay}`]))
    await stopTimers(sandbox)
    expect(await rolledOut(sandbox)).toHaveLength(workloads)
    const used = await settledQuota(sandbox)
    const surge = await surgeOf(sandbox)

    const peak = await playUpdate(sandbox)
    for (const [name, more] of [
      ['requests.cpu', surge.cpu],
      ['limits.memory', surge.memoryLimit],
    ] as const) {
      const most = quantity(used.get(`${DEPLOY_QUOTA}/${name}`) ?? '0') + more
      expect(peak.get(`${DEPLOY_QUOTA}/${name}`), `${name} while updated`).toBeLessThanOrEqual(most + 1e-9)
      say(`${overlay}: ${name} reached ${peak.get(`${DEPLOY_QUOTA}/${name}`)}, at most ${most}`)
    }
    const ran = job ? await runJob(sandbox) : undefined
    await sleepAndWake(cluster(), sandbox)
    expect(await refusals(sandbox)).toEqual([])
    // A claim for one node at a time stops a pod elsewhere, which no scheduler looks at.
    for (const [claim, nodes] of await nodesOfClaims(sandbox)) expect(nodes.size, claim).toBe(1)
    rows.push({ profile: overlay, room, used, surge, job: ran })
    await sandbox.remove()
  })

  test('takes what docs/budget.md says', () => {
    const tables = quotaTables(rows)
    say(tables)
    if (process.env.DTMS_WRITE_BUDGET === '1') writeTables(tables)
    expect(writtenTables(), 'npm run budget:quota writes the page anew').toBe(tables)
  })
})
