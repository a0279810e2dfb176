import { fetchKubectl, noKubectl } from './kubectl-parts.ts'
import { sayMissing } from './part-cache.ts'

/** Once per run: kubectl and helm are fetched when they are missing, and their absence is said. */
export function setup(): void {
  fetchKubectl()
  sayMissing(noKubectl(), 'what needs kubectl or helm')
}
