import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DtmsError, describeSystemError } from '../../lib/errors.ts'
import { parseDocuments } from './documents.ts'
import type { KubeObject } from './objects.ts'
import { runTool, type Tool } from './tool.ts'

/** The manifests of this package: beside the sources, or beside dist. */
export function manifestFolder(): string {
  for (const up of ['../../openshift', '../../../openshift']) {
    const folder = fileURLToPath(new URL(up, import.meta.url))
    if (existsSync(join(folder, 'overlays'))) return folder
  }
  throw new DtmsError('usage.invalid', 'this installation has no folder openshift', {
    hint: 'give rendered manifests with --manifests FILE (output of `oc kustomize` or `helm template`)',
  })
}

/** Names that `--profile` takes: profile-3 is called 3. */
export function profilesIn(folder: string): string[] {
  return readdirSync(join(folder, 'overlays')).map((name) => name.replace(/^profile-/, ''))
}

export function componentsIn(folder: string): string[] {
  return readdirSync(join(folder, 'components'))
}

/**
 * What `apply -k` would send: a profile with components above it.
 * @throws DtmsError `usage.invalid` for a name that is not there, or what kustomize says
 */
export async function renderProfile(
  tool: Tool,
  folder: string,
  profile: string,
  components: readonly string[] = [],
): Promise<KubeObject[]> {
  assertKnown('profile', profile, profilesIn(folder))
  for (const name of components) assertKnown('component', name, componentsIn(folder))
  const overlays = join(folder, 'overlays')
  const overlay = [`profile-${profile}`, profile].map((name) => join(overlays, name)).find((path) => existsSync(path))
  if (components.length === 0) return kustomize(tool, overlay ?? overlays)
  // Kustomize takes only relative paths for what lies outside its folder.
  const work = realpathSync(mkdtempSync(join(tmpdir(), 'dtms-preflight-')))
  try {
    const root = realpathSync(folder)
    const paths = components.map((name) => relative(work, join(root, 'components', name)))
    const kustomization = {
      apiVersion: 'kustomize.config.k8s.io/v1beta1',
      kind: 'Kustomization',
      resources: [relative(work, realpathSync(overlay ?? overlays))],
      components: paths,
    }
    writeFileSync(join(work, 'kustomization.yaml'), JSON.stringify(kustomization))
    return await kustomize(tool, work)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function assertKnown(what: string, name: string, known: readonly string[]): void {
  if (known.includes(name)) return
  throw new DtmsError('usage.invalid', `no ${what} ${JSON.stringify(name)}`, {
    hint: `there is ${known.join(', ')}`,
  })
}

async function kustomize(tool: Tool, folder: string): Promise<KubeObject[]> {
  const { code, out, err } = await runTool(tool, ['kustomize', folder])
  if (code !== 0) {
    throw new DtmsError('usage.invalid', `${tool.name} kustomize failed: ${err.trim().split('\n')[0] ?? code}`, {
      hint: `the whole message: ${tool.name} kustomize ${folder}`,
    })
  }
  return parseDocuments(out, 'rendered manifests').objects
}

/** Manifests that somebody else rendered; `-` is standard input. */
export function readManifests(path: string): KubeObject[] {
  const { objects } = parseDocuments(readText(path), path === '-' ? 'standard input' : path)
  if (objects.length > 0) return objects
  throw new DtmsError('usage.invalid', `${path === '-' ? 'standard input' : path} holds no Kubernetes object`, {
    hint: 'give the output of `oc kustomize` or `helm template`',
  })
}

/** @throws DtmsError `usage.invalid` when it cannot be read */
export function readText(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8')
  } catch (error) {
    throw new DtmsError('usage.invalid', `${path} cannot be read (${describeSystemError(error)})`, {
      hint: 'check the path',
      cause: error,
    })
  }
}
