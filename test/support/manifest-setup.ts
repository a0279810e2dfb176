import { fetchImageParts, noImageParts } from './image-parts.ts'
import { fetchKubectl, noKubectl } from './kubectl-parts.ts'
import { fetchManifestParts, noManifestParts } from './manifest-parts.ts'
import { sayMissing } from './part-cache.ts'

/** Once per run: what the checks of the manifests need is fetched when it is missing, and its absence is said. */
export function setup(): void {
  fetchKubectl()
  sayMissing(noKubectl(), 'what needs kubectl or helm')
  fetchManifestParts()
  sayMissing(noManifestParts(), 'schemas and lint')
  fetchImageParts()
  sayMissing(noImageParts(), 'the image')
}
