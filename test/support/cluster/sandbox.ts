import { eventually } from '../builders.ts'
import type { Cluster } from './control-plane.ts'
import type { KubeObject } from './kube-api.ts'
import { runKubectl, type Spoken } from './kubectl.ts'
import { PATIENCE } from './nodes.ts'
import { grantEdit } from './rights.ts'

export interface SandboxOptions {
  /** Sum of CPU requests, for pods without a deadline; those with one have as much again. */
  requestsCpu?: string
  /** Largest container that the LimitRange lets through. */
  containerMaximum?: { cpu?: string; memory?: string }
  /** Resources that the user has no rights on, although `edit` has them elsewhere. */
  withoutRights?: readonly string[]
  /** False leaves the image away that a build makes before the first `apply`. */
  built?: boolean
  /** False leaves the secrets away that the operator makes before the first `apply`. */
  secrets?: boolean
}

/** A namespace as the Developer Sandbox gives it to somebody, and kubectl as that somebody. */
export interface Sandbox {
  readonly namespace: string
  readonly kubeconfig: string
  /** kubectl as the user who may only `edit`. */
  kubectl(args: readonly string[], input?: string): Promise<Spoken>
  list<T extends KubeObject = KubeObject>(kind: Kind): Promise<T[]>
  /** Removes the namespace's objects; its volumes and pods do not burden the next test. */
  remove(): Promise<void>
}

const PATHS = {
  pods: '/api/v1',
  services: '/api/v1',
  configmaps: '/api/v1',
  secrets: '/api/v1',
  persistentvolumeclaims: '/api/v1',
  resourcequotas: '/api/v1',
  events: '/api/v1',
  deployments: '/apis/apps/v1',
  replicasets: '/apis/apps/v1',
  statefulsets: '/apis/apps/v1',
  jobs: '/apis/batch/v1',
  cronjobs: '/apis/batch/v1',
  routes: '/apis/route.openshift.io/v1',
  buildconfigs: '/apis/build.openshift.io/v1',
} as const

type Kind = keyof typeof PATHS

export function isKind(name: string): name is Kind {
  return Object.hasOwn(PATHS, name)
}

/** The quota of pods without a deadline. */
export const DEPLOY_QUOTA = 'compute-deploy'
/** The quota of pods with one: builds and jobs. */
export const BUILD_QUOTA = 'compute-build'
/** Not the sandbox's (it gives 30 Gi): DTMS promises to fit 4 Gi of memory limits, so the cluster has to refuse more. */
export const MEMORY_BAR = '4Gi'

interface Quota extends KubeObject {
  spec: { hard: Record<string, string> }
  status: { used?: Record<string, string> }
}

let made = 0

export async function createSandbox(cluster: Cluster, options: SandboxOptions = {}): Promise<Sandbox> {
  const { admin } = cluster
  const namespace = `sandbox-${++made}`
  const path = `/api/v1/namespaces/${namespace}`
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' }
  await admin.create('/api/v1/namespaces', { metadata: { name: namespace, labels } })
  for (const quota of quotas(options.requestsCpu ?? '3000m')) await admin.create(`${path}/resourcequotas`, quota)
  await admin.create(`${path}/limitranges`, limitRange(options.containerMaximum))
  await grantEdit(admin, 'dev', namespace, options.withoutRights)
  if (options.secrets !== false) for (const secret of secrets()) await admin.create(`${path}/secrets`, secret)
  if (options.built !== false) {
    await admin.create(`/apis/image.openshift.io/v1/namespaces/${namespace}/imagestreams`, builtStream())
  }
  const kubeconfig = cluster.kubeconfig('dev', namespace)
  const list = <T extends KubeObject>(kind: Kind): Promise<T[]> =>
    admin.list<T>(`${PATHS[kind]}/namespaces/${namespace}/${kind}`)
  await eventually(async () => {
    // What a quota has not counted yet is let through or refused without reason; pods need the account that is made for them.
    const ready = (await list<Quota>('resourcequotas')).every(({ spec, status }) =>
      Object.keys(spec.hard).every((resource) => status.used?.[resource] !== undefined),
    )
    const accounts = await admin.list(`${path}/serviceaccounts`)
    return ready && accounts.some(({ metadata }) => metadata.name === 'default')
  }, PATIENCE)
  return {
    namespace,
    kubeconfig,
    kubectl: (args, input) => runKubectl(cluster.parts.kubectl, kubeconfig, args, input),
    list,
    remove: () => admin.delete(path),
  }
}

function quotas(requestsCpu: string): object[] {
  const quota = (name: string, hard: Record<string, string>, ...scopes: string[]) => ({
    metadata: { name },
    spec: { hard, ...(scopes.length > 0 && { scopes }) },
  })
  const compute = { 'requests.cpu': requestsCpu, 'limits.cpu': '20', 'requests.memory': '30Gi' }
  const counted = [
    'deployments.apps',
    'replicasets.apps',
    'services',
    'cronjobs.batch',
    'statefulsets.apps',
    'jobs.batch',
  ]
  const counts = [...counted, 'routes.route.openshift.io', 'buildconfigs.build.openshift.io']
  return [
    quota(DEPLOY_QUOTA, { ...compute, 'limits.memory': MEMORY_BAR }, 'NotTerminating'),
    quota(BUILD_QUOTA, { ...compute, 'limits.memory': '14Gi' }, 'Terminating'),
    quota('storage', {
      'limits.ephemeral-storage': '15Gi',
      'requests.ephemeral-storage': '15Gi',
      'requests.storage': '80Gi',
      'count/persistentvolumeclaims': '10',
    }),
    quota('counts', {
      'count/pods': '50',
      'count/configmaps': '100',
      'count/secrets': '100',
      ...Object.fromEntries(counts.map((name) => [`count/${name}`, '30'])),
    }),
  ]
}

function limitRange(max?: { cpu?: string; memory?: string }): object {
  const limit = {
    type: 'Container',
    default: { cpu: '1000m', memory: '1000Mi' },
    defaultRequest: { cpu: '10m', memory: '64Mi' },
  }
  // A default above the maximum would be refused as a whole.
  const limits = max === undefined ? [limit] : [{ type: 'Container', max }]
  return { metadata: { name: 'resource-limits' }, spec: { limits } }
}

function secrets(): object[] {
  return [
    { metadata: { name: 'dtms-api-key' }, stringData: { 'api-key': 'a key for the tests' } },
    { metadata: { name: 'grafana-admin' }, stringData: { 'admin-user': 'admin', 'admin-password': 'for the tests' } },
  ]
}

/** The image stream as it is once the image has been built. */
function builtStream(): object {
  const items = [{ created: new Date().toISOString(), image: `sha256:${'0'.repeat(64)}`, generation: 1 }]
  return {
    apiVersion: 'image.openshift.io/v1',
    kind: 'ImageStream',
    metadata: { name: 'dtms' },
    status: { tags: [{ tag: 'latest', items }] },
  }
}
