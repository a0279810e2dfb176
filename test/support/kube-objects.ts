import type { Answer, ClusterApi } from '../../cli/preflight/cluster.ts'
import { parseDocuments } from '../../cli/preflight/documents.ts'
import type { Namespace } from '../../cli/preflight/namespace.ts'
import type { KubeObject } from '../../cli/preflight/objects.ts'
import { parseQuantity, type Quantity } from '../../cli/preflight/quantity.ts'

type Json = Record<string, unknown>

/** An object of any kind; `apiVersion` by the kind. */
export function aKube(kind: string, name: string, parts: Json = {}, metadata: Json = {}): KubeObject {
  const body = { apiVersion: versions[kind] ?? 'v1', kind, metadata: { name, ...metadata }, ...parts }
  const [object] = parseDocuments(JSON.stringify(body), 'test').objects
  if (object === undefined) throw new Error('no object')
  return object
}

const versions: Record<string, string> = {
  Deployment: 'apps/v1',
  ReplicaSet: 'apps/v1',
  StatefulSet: 'apps/v1',
  DaemonSet: 'apps/v1',
  Job: 'batch/v1',
  CronJob: 'batch/v1',
  HorizontalPodAutoscaler: 'autoscaling/v2',
  NetworkPolicy: 'networking.k8s.io/v1',
  Ingress: 'networking.k8s.io/v1',
  Route: 'route.openshift.io/v1',
  ImageStream: 'image.openshift.io/v1',
  BuildConfig: 'build.openshift.io/v1',
  StorageClass: 'storage.k8s.io/v1',
  Role: 'rbac.authorization.k8s.io/v1',
}

export interface ContainerParts {
  name?: string
  requests?: Record<string, string>
  limits?: Record<string, string>
  image?: string
  rest?: Json
}

export function aContainer({ name = 'main', requests = {}, limits = {}, image = 'x', rest = {} }: ContainerParts = {}) {
  return { name, image, resources: { requests, limits }, ...rest }
}

export interface DeploymentParts extends ContainerParts {
  /** The Deployment's spec beside the template. */
  spec?: Json
  /** The pod's spec beside the container. */
  pod?: Json
  labels?: Record<string, string>
}

export function aTemplate({ pod = {}, labels = {}, ...container }: DeploymentParts = {}) {
  return { metadata: { labels }, spec: { containers: [aContainer(container)], ...pod } }
}

/** One pod of 100m and 64Mi, limits 200m and 128Mi, that is replaced and not rolled. */
export function aDeployment(name: string, parts: DeploymentParts = {}): KubeObject {
  const sized = {
    requests: { cpu: '100m', memory: '64Mi' },
    limits: { cpu: '200m', memory: '128Mi' },
    labels: { app: name },
    ...parts,
  }
  const spec = { revisionHistoryLimit: 1, strategy: { type: 'Recreate' }, ...parts.spec }
  return aKube('Deployment', name, { spec: { ...spec, template: aTemplate({ name, ...sized }) } })
}

export function aQuota(
  hard: Record<string, string>,
  { used = {}, scopes = [], name = 'quota' }: { used?: Record<string, string>; scopes?: string[]; name?: string } = {},
): KubeObject {
  return aKube('ResourceQuota', name, { spec: { hard, ...(scopes.length > 0 ? { scopes } : {}) }, status: { used } })
}

/** A namespace of which everything was seen that is an object here. */
export function aNamespace(objects: readonly KubeObject[] = [], parts: Partial<Namespace> = {}): Namespace {
  return {
    name: 'lab',
    objects,
    kinds: new Set(objects.map(({ kind }) => kind)),
    rules: undefined,
    served: new Map(),
    unseen: [],
    tool: 'oc',
    ...parts,
  }
}

export function q(text: string): Quantity {
  const value = parseQuantity(text)
  if (value === undefined) throw new Error(`no quantity: ${text}`)
  return value
}

/** A cluster that answers by path; what is not in the map is absent. */
export function anApi(answers: ReadonlyMap<string, Answer | unknown>, posts: ReadonlyMap<string, unknown> = new Map()) {
  const asked: string[] = []
  const to = (value: unknown): Answer => {
    if (value === undefined) return { state: 'absent' }
    return value === 'forbidden' ? { state: 'forbidden' } : { state: 'found', body: value }
  }
  const api: ClusterApi = {
    async get(path) {
      asked.push(path)
      return to(answers.get(path))
    },
    async post(path, body) {
      const answer = posts.get(path)
      return to(typeof answer === 'function' ? answer(body) : answer)
    },
  }
  return { api, asked }
}
