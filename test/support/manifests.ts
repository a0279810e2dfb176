import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments } from 'yaml'
import { kubectlParts } from './kubectl-parts.ts'

export const projectRoot = fileURLToPath(new URL('../..', import.meta.url))

/** Plain folders: each applies by itself, in any order. */
export const plainFolders = ['storage', 'deployments', 'services', 'routes', 'config', 'cronjobs', 'build'] as const

export interface Manifest {
  apiVersion: string
  kind: string
  metadata: { name: string; labels?: Record<string, string>; annotations?: Record<string, string> }
  [field: string]: unknown
}

/** Objects of a text of YAML documents, in order. */
export function parseManifests(text: string, where: string): Manifest[] {
  return parseAllDocuments(text).map((document) => {
    if (document.errors.length > 0) throw new Error(`${where}: ${document.errors.map(String).join('; ')}`)
    const value: unknown = document.toJS()
    if (!isManifest(value)) throw new Error(`${where}: a document is not an object of Kubernetes`)
    return value
  })
}

function isManifest(value: unknown): value is Manifest {
  if (typeof value !== 'object' || value === null) return false
  return 'apiVersion' in value && 'kind' in value && 'metadata' in value
}

/** What `oc apply -f` of these folders reads. */
export function plainManifests(folders: readonly string[] = plainFolders): Manifest[] {
  return folders.flatMap((folder) => {
    const path = join(projectRoot, 'openshift', folder)
    return readdirSync(path)
      .filter((name) => /\.(ya?ml|json)$/.test(name))
      .flatMap((name) => parseManifests(readFileSync(join(path, name), 'utf8'), `openshift/${folder}/${name}`))
  })
}

/** Names of the folders below one of `openshift/` that hold a kustomization. */
export function kustomizations(below: 'overlays' | 'components'): string[] {
  const path = join(projectRoot, 'openshift', below)
  return readdirSync(path).filter((name) => existsSync(join(path, name, 'kustomization.yaml')))
}

/** The objects that `oc apply -k` of a folder would apply. */
export function kustomize(folder: string): Manifest[] {
  const kubectl = kubectlParts()?.kubectl
  if (kubectl === undefined) throw new Error('kubectl is not there; the setup of the suite says why')
  const text = execFileSync(kubectl, ['kustomize', folder], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  return parseManifests(text, folder)
}

export interface Container {
  name: string
  image: string
  command?: string[]
  args?: string[]
  env?: {
    name: string
    value?: string
    valueFrom?: Record<string, { name: string; key: string; optional?: boolean }>
  }[]
  envFrom?: { configMapRef?: { name: string }; secretRef?: { name: string } }[]
  ports?: { name?: string; containerPort: number }[]
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> }
  securityContext?: {
    allowPrivilegeEscalation?: boolean
    readOnlyRootFilesystem?: boolean
    privileged?: boolean
    runAsUser?: number
    capabilities?: { drop?: string[]; add?: string[] }
  }
  volumeMounts?: { name: string; mountPath: string; readOnly?: boolean }[]
  startupProbe?: Probe
  readinessProbe?: Probe
  livenessProbe?: Probe
}

export interface Probe {
  httpGet?: { path: string; port: string | number; scheme?: string }
  tcpSocket?: { port: string | number }
  timeoutSeconds?: number
}

export interface Volume {
  name: string
  emptyDir?: { sizeLimit?: string }
  configMap?: { name: string; items?: { key: string }[]; optional?: boolean }
  secret?: { secretName: string; optional?: boolean }
  persistentVolumeClaim?: { claimName: string }
  projected?: { sources: { configMap?: { name: string }; secret?: { name: string } }[] }
}

export interface PodSpec {
  enableServiceLinks?: boolean
  automountServiceAccountToken?: boolean
  serviceAccountName?: string
  activeDeadlineSeconds?: number
  securityContext?: {
    runAsNonRoot?: boolean
    runAsUser?: number
    runAsGroup?: number
    fsGroup?: number
    seccompProfile?: { type: string }
  }
  containers: Container[]
  initContainers?: Container[]
  volumes?: Volume[]
}

export interface Workload {
  object: Manifest
  name: string
  kind: string
  labels: Record<string, string>
  pod: PodSpec
  replicas: number
  /** Pods that may be there beside the wanted ones while it is updated. */
  surge: number
}

interface Template {
  metadata?: { labels?: Record<string, string> }
  spec: PodSpec
}
interface WorkloadSpec {
  replicas?: number
  strategy?: { type?: string; rollingUpdate?: { maxSurge?: number | string } }
  template?: Template
  jobTemplate?: { spec: { template: Template } }
}

/** Everything that makes pods. */
export function workloads(objects: readonly Manifest[]): Workload[] {
  return objects.flatMap((object) => {
    const spec = object.spec as WorkloadSpec | undefined
    const template = object.kind === 'CronJob' ? spec?.jobTemplate?.spec.template : spec?.template
    if (!['Deployment', 'StatefulSet', 'CronJob', 'Job'].includes(object.kind) || template === undefined) return []
    const replicas = spec?.replicas ?? 1
    return [
      {
        ...{ object, name: object.metadata.name, kind: object.kind, pod: template.spec, replicas },
        labels: template.metadata?.labels ?? {},
        surge: object.kind === 'Deployment' && spec?.strategy?.type !== 'Recreate' ? surgeOf(spec, replicas) : 0,
      },
    ]
  })
}

function surgeOf(spec: WorkloadSpec | undefined, replicas: number): number {
  const surge = spec?.strategy?.rollingUpdate?.maxSurge ?? '25%'
  return typeof surge === 'number' ? surge : Math.ceil((Number.parseFloat(surge) / 100) * replicas)
}
