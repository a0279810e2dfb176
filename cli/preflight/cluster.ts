import { z } from 'zod'
import { DtmsError } from '../../lib/errors.ts'
import { collect, type Documents } from './documents.ts'
import type { Namespace } from './namespace.ts'
import { groupOf, type KubeObject, pluralOf } from './objects.ts'
import { rightsFor } from './rights.ts'
import { isAllowed, type Right, type Rules, rulesSchema } from './rules.ts'

/** The API server, asked by path: through oc or kubectl, or from inside a pod. */
export interface ClusterApi {
  /** @throws DtmsError `usage.invalid` when the cluster cannot be asked at all */
  get(path: string): Promise<Answer>
  post(path: string, body: unknown): Promise<Answer>
}

export type Answer = { state: 'found'; body: unknown } | { state: 'absent' } | { state: 'forbidden' }

interface ListKind {
  version: string
  kind: string
  /** What the verdict lacks when it may not be read. */
  why?: string
  /** Not part of a namespace. */
  global?: true
}

const LISTED: readonly ListKind[] = [
  { version: 'v1', kind: 'ResourceQuota', why: 'whether CPU, memory and counts fit is not known' },
  { version: 'v1', kind: 'LimitRange', why: 'whether the limits of containers are allowed is not known' },
  {
    version: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    why: 'whether the claims get volumes is not known',
    global: true,
  },
  { version: 'v1', kind: 'Pod', why: 'what runs of DTMS already may be counted twice' },
  { version: 'apps/v1', kind: 'ReplicaSet' },
  { version: 'batch/v1', kind: 'Job' },
  { version: 'apps/v1', kind: 'Deployment' },
  { version: 'v1', kind: 'PersistentVolumeClaim', why: 'which claims are there already is not known' },
  { version: 'v1', kind: 'ConfigMap' },
  { version: 'networking.k8s.io/v1', kind: 'NetworkPolicy', why: 'whether the network is closed is not known' },
  { version: 'image.openshift.io/v1', kind: 'ImageStream', why: 'whether the image was built is not known' },
  { version: 'quota.openshift.io/v1', kind: 'AppliedClusterResourceQuota' },
]

/**
 * Everything about the namespace that these manifests make worth knowing.
 * @throws DtmsError `usage.invalid` when the cluster or the namespace is not there
 */
export async function readNamespace(
  api: ClusterApi,
  name: string,
  tool: string,
  objects: readonly KubeObject[],
  secrets: readonly string[],
): Promise<Namespace> {
  // First of all, alone: it tells whether anybody answers.
  if ((await api.get(`/api/v1/namespaces/${name}`)).state === 'absent') {
    throw new DtmsError('usage.invalid', `there is no namespace ${name}`, {
      hint: `name it with --namespace; ${tool === 'oc' ? 'oc projects' : 'kubectl get namespaces'} lists them`,
    })
  }
  const found: Documents = { objects: [], kinds: new Set() }
  const unseen: string[] = []
  const kinds = new Map([...LISTED, ...objects].map((item) => [item.kind, toListKind(item)]))
  kinds.delete('Secret')
  const lists = [...kinds.values()].map(async (listed) => {
    const answer = await api.get(listPath(listed, name))
    if (answer.state === 'found') collect(answer.body, listed.kind, found, unreadable)
    if (answer.state !== 'forbidden') found.kinds.add(listed.kind)
    else if (listed.why !== undefined) unseen.push(`you may not list ${pluralOf(listed.kind)}: ${listed.why}`)
  })
  const [rules, served] = await Promise.all([
    readRules(api, name, objects),
    readServed(api, objects),
    readSecrets(api, name, secrets, found, unseen),
    ...lists,
  ])
  if (rules === undefined)
    unseen.push('the cluster does not tell your rights: whether you may create everything is not known')
  return { name, objects: found.objects, kinds: found.kinds, rules, served, unseen, tool }
}

function toListKind(item: ListKind | KubeObject): ListKind {
  if ('version' in item) return item
  return LISTED.find(({ kind }) => kind === item.kind) ?? { version: item.apiVersion, kind: item.kind }
}

function listPath({ version, kind, global }: ListKind, namespace: string): string {
  const base = version.includes('/') ? `/apis/${version}` : `/api/${version}`
  return global ? `${base}/${pluralOf(kind)}` : `${base}/namespaces/${namespace}/${pluralOf(kind)}`
}

function unreadable(message: string): DtmsError {
  return new DtmsError('usage.invalid', `the cluster's answer ${message}`, {
    hint: 'is this address really a Kubernetes API server?',
  })
}

/** One by one and by name, and only which keys they have: nobody needs to be shown what is in them. */
async function readSecrets(
  api: ClusterApi,
  namespace: string,
  names: readonly string[],
  found: Documents,
  unseen: string[],
): Promise<void> {
  const hidden: string[] = []
  for (const name of names) {
    const answer = await api.get(`/api/v1/namespaces/${namespace}/secrets/${name}`)
    if (answer.state === 'forbidden') hidden.push(name)
    if (answer.state !== 'found') continue
    const before = found.objects.length
    collect(answer.body, 'Secret', found, unreadable)
    for (const { body } of found.objects.slice(before)) {
      const keys = Object.keys(typeof body.data === 'object' && body.data !== null ? body.data : {})
      body.data = Object.fromEntries(keys.map((key) => [key, '']))
    }
  }
  if (hidden.length > 0) unseen.push(`you may not read secrets: whether ${hidden.join(', ')} is there is not known`)
  else found.kinds.add('Secret')
}

const reviewSchema = z.looseObject({ status: rulesSchema })
const accessSchema = z.looseObject({ status: z.looseObject({ allowed: z.boolean() }) })

const AUTHORIZATION = '/apis/authorization.k8s.io/v1'

async function readRules(
  api: ClusterApi,
  namespace: string,
  objects: readonly KubeObject[],
): Promise<Rules | undefined> {
  const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace } }
  const answer = await api.post(`${AUTHORIZATION}/selfsubjectrulesreviews`, body)
  const review = reviewSchema.safeParse(answer.state === 'found' ? answer.body : undefined)
  if (!review.success) return undefined
  const { status } = review.data
  if (status.incomplete !== true) return status
  // Other authorizers do not list what they allow; they can only be asked.
  const doubtful = rightsFor(objects).filter((right) => !isAllowed(status, right))
  const answers = await Promise.all(doubtful.map((right) => mayDo(api, namespace, right)))
  const granted = doubtful.filter((_, index) => answers[index])
  return {
    resourceRules: [
      ...status.resourceRules,
      ...granted.map(({ verb, group, resource }) => ({ verbs: [verb], apiGroups: [group], resources: [resource] })),
    ],
  }
}

async function mayDo(api: ClusterApi, namespace: string, right: Right): Promise<boolean> {
  const answer = await api.post(`${AUTHORIZATION}/selfsubjectaccessreviews`, {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: { namespace, ...right } },
  })
  const access = accessSchema.safeParse(answer.state === 'found' ? answer.body : undefined)
  return access.success && access.data.status.allowed
}

const resourcesSchema = z.looseObject({ resources: z.array(z.looseObject({ name: z.string() })) })

/** Which kinds of the manifests' API groups the cluster has. */
export async function readServed(
  api: ClusterApi,
  objects: readonly KubeObject[],
): Promise<Map<string, ReadonlySet<string>>> {
  const versions = new Set(objects.map(({ apiVersion }) => apiVersion).filter((version) => groupOf(version) !== ''))
  const served = new Map<string, ReadonlySet<string>>()
  await Promise.all(
    [...versions].map(async (version) => {
      const answer = await api.get(`/apis/${version}`)
      if (answer.state === 'absent') served.set(version, new Set())
      const parsed = resourcesSchema.safeParse(answer.state === 'found' ? answer.body : undefined)
      if (parsed.success) served.set(version, new Set(parsed.data.resources.map(({ name }) => name)))
    }),
  )
  return served
}
