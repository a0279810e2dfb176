import { fetchCluster, noCluster } from './cluster-parts.ts'
import { sayMissing } from './part-cache.ts'

/** Once per run: the parts of the control plane are built when they are missing, and their absence is said. */
export function setup(): void {
  fetchCluster()
  sayMissing(noCluster(), 'what needs a control plane')
}
