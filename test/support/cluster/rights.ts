import type { KubeApi } from './kube-api.ts'

const RBAC = '/apis/rbac.authorization.k8s.io/v1'
const EVERYTHING = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection']

/** What OpenShift adds to `edit` of Kubernetes: its own kinds. */
const OPENSHIFT = [
  { apiGroups: ['route.openshift.io'], resources: ['routes', 'routes/custom-host'], verbs: EVERYTHING },
  { apiGroups: ['image.openshift.io'], resources: ['imagestreams', 'imagestreamtags'], verbs: EVERYTHING },
  { apiGroups: ['build.openshift.io'], resources: ['buildconfigs', 'builds'], verbs: EVERYTHING },
]

interface Rule {
  apiGroups?: string[]
  resources?: string[]
  verbs: string[]
}

/** Cluster-wide rules as on OpenShift: its kinds belong to `edit`, and everybody may read the names of storage classes. */
export async function addRules(admin: KubeApi): Promise<void> {
  await admin.create(`${RBAC}/clusterroles`, {
    metadata: { name: 'openshift-edit', labels: { 'rbac.authorization.k8s.io/aggregate-to-edit': 'true' } },
    rules: OPENSHIFT,
  })
  await admin.create(`${RBAC}/clusterroles`, {
    metadata: { name: 'basic-user' },
    rules: [{ apiGroups: ['storage.k8s.io'], resources: ['storageclasses'], verbs: ['get', 'list', 'watch'] }],
  })
  await admin.create(`${RBAC}/clusterrolebindings`, {
    metadata: { name: 'basic-users' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'basic-user' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:authenticated' }],
  })
}

/**
 * Gives `user` the rights of the Developer Sandbox in a namespace: `edit` and own Roles and RoleBindings, nothing else.
 * With `without`, the rights on these resources are left out (a cluster that keeps routes to itself).
 */
export async function grantEdit(
  admin: KubeApi,
  user: string,
  namespace: string,
  without: readonly string[] = [],
): Promise<void> {
  const path = `${RBAC}/namespaces/${namespace}`
  await admin.create(`${path}/roles`, {
    metadata: { name: 'rbac-edit' },
    rules: [{ apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles', 'rolebindings'], verbs: EVERYTHING }],
  })
  await bind(admin, path, user, 'Role', 'rbac-edit')
  if (without.length === 0) return bind(admin, path, user, 'ClusterRole', 'edit')
  const edit = await admin.get<{ metadata: { name: string }; rules: Rule[] }>(`${RBAC}/clusterroles/edit`)
  const rules = edit.rules
    .map((rule) => ({ ...rule, resources: rule.resources?.filter((name) => !without.includes(name)) ?? [] }))
    .filter((rule) => rule.resources.length > 0)
  await admin.create(`${path}/roles`, { metadata: { name: 'edit-some' }, rules })
  return bind(admin, path, user, 'Role', 'edit-some')
}

async function bind(admin: KubeApi, path: string, user: string, kind: string, name: string): Promise<void> {
  await admin.create(`${path}/rolebindings`, {
    metadata: { name: `${user}-${name}` },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
  })
}
