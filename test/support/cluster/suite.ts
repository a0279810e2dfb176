import { afterAll, beforeAll, describe, expect } from 'vitest'
import { createRandom } from '../../../lib/random.ts'
import { noCluster } from '../cluster-parts.ts'
import { type Cluster, startCluster } from './control-plane.ts'
import type { Spoken } from './kubectl.ts'
import { runKubectl } from './kubectl.ts'

/** The plain folders that `oc apply -f` reads. */
export const FOLDERS = ['storage', 'deployments', 'services', 'routes', 'config', 'cronjobs', 'build'] as const

/**
 * Tests that share one control plane, started before the first of them. Where its parts are missing they are skipped; the
 * reason has been printed before.
 */
export function withCluster(name: string, tests: (cluster: () => Cluster) => void): void {
  describe.skipIf(noCluster() !== undefined)(name, () => {
    let cluster: Cluster | undefined
    beforeAll(async () => {
      const from = performance.now()
      cluster = await startCluster()
      say(`control plane ready after ${((performance.now() - from) / 1000).toFixed(1)} s`)
    })
    afterAll(async () => {
      if (cluster === undefined) return
      const memory = [...cluster.memory()]
      const sum = memory.reduce((all, [, mib]) => all + mib, 0)
      say(`control plane used ${sum} MiB: ${memory.map(([part, mib]) => `${part} ${mib}`).join(', ')}`)
      cluster.check()
      await cluster.stop()
    })
    tests(() => {
      if (cluster === undefined) throw new Error('the control plane has not been started')
      return cluster
    })
  })
}

/** kubectl that has to do what it was told. */
export async function done(saying: Promise<Spoken>): Promise<string> {
  const said = await saying
  expect(said, said.stderr).toMatchObject({ code: 0 })
  return said.stdout
}

/** What a kustomization renders to; needs no rights. */
export function render(cluster: Cluster, folder: string): Promise<string> {
  return done(runKubectl(cluster.parts.kubectl, cluster.kubeconfig('dev', 'default'), ['kustomize', folder]))
}

/** The plain folders in an order that chance chooses; DTMS_TEST_SEED chooses it again. */
export function shuffledFolders(): string[] {
  const seed = Number(process.env.DTMS_TEST_SEED ?? Date.now() % 1_000_000)
  const random = createRandom(seed, 'folders')
  const left: string[] = [...FOLDERS]
  const order: string[] = []
  while (left.length > 0) order.push(...left.splice(random.int(left.length), 1))
  say(`order of the folders (DTMS_TEST_SEED=${seed}): ${order.join(', ')}`)
  return order
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
