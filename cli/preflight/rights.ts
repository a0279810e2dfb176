import { z } from 'zod'
import type { Namespace } from './namespace.ts'
import { groupOf, type KubeObject, ofKind, partOf, pluralOf, resourceOf, titleOf } from './objects.ts'
import type { Problem } from './problem.ts'
import { isAllowed, type Right, type Rules } from './rules.ts'

/** What `apply` does to each object: looks, makes, changes. */
const VERBS = ['get', 'create', 'patch']

/** Every right that the manifests need, once. */
export function rightsFor(objects: readonly KubeObject[]): Right[] {
  const resources = new Map(objects.map((object) => [resourceOf(object), object]))
  return [...resources.values()].flatMap(({ apiVersion, kind }) =>
    VERBS.map((verb) => ({ verb, group: groupOf(apiVersion), resource: pluralOf(kind) })),
  )
}

const roleSchema = z
  .array(
    z.looseObject({
      verbs: z.array(z.string()),
      apiGroups: z.array(z.string()).nullish(),
      resources: z.array(z.string()).nullish(),
    }),
  )
  .nullish()

/** Missing rights, one problem for each kind; nothing when the rights are not known. */
export function rightProblems(objects: readonly KubeObject[], { rules, name, tool }: Namespace): Problem[] {
  if (rules === undefined) return []
  const missing = new Map<string, string[]>()
  for (const right of rightsFor(objects)) {
    if (isAllowed(rules, right)) continue
    const resource = right.group === '' ? right.resource : `${right.resource}.${right.group}`
    missing.set(resource, [...(missing.get(resource) ?? []), right.verb])
  }
  const problems = [...missing].map(([resource, verbs]): Problem => {
    const names = objects.filter((object) => resourceOf(object) === resource).map(({ metadata }) => metadata.name)
    return {
      what: `no right to ${verbs.join(', ')} ${resource} in namespace ${name} (needed for ${names.join(', ')})`,
      remedy: remedyFor(resource, name, tool),
      cause: 'kind',
    }
  })
  return [...problems, ...escalations(objects, rules, missing.has('roles.rbac.authorization.k8s.io'))]
}

function remedyFor(resource: string, namespace: string, tool: string): string {
  if (resource === 'routes.route.openshift.io') {
    return `leave the folder openshift/routes out and look through \`${tool} port-forward service/grafana 3000\`; or ask for the role edit in ${namespace}`
  }
  if (resource.endsWith('.monitoring.coreos.com')) {
    return `leave that component out: the own Prometheus needs none of it; or ask for the role monitoring-edit in ${namespace}`
  }
  if (resource.endsWith('.rbac.authorization.k8s.io')) {
    return `leave that component out: nothing that is there by default needs a role of its own; or ask for the role admin in ${namespace}`
  }
  return `ask the owner of the namespace for the role edit: ${tool} -n ${namespace} create rolebinding dtms-edit --clusterrole=edit --user=YOU`
}

/** Nobody may give rights by a Role that he has not himself. */
function escalations(objects: readonly KubeObject[], rules: Rules, known: boolean): Problem[] {
  const escalate = { verb: 'escalate', group: 'rbac.authorization.k8s.io', resource: 'roles' }
  if (known || isAllowed(rules, escalate)) return []
  return ofKind(objects, 'Role').flatMap((role) => {
    const given = (partOf(role, roleSchema, 'rules') ?? []).flatMap((rule) =>
      (rule.apiGroups ?? []).flatMap((group) =>
        (rule.resources ?? []).flatMap((resource) => rule.verbs.map((verb) => ({ verb, group, resource }))),
      ),
    )
    const beyond = given.filter((right) => !isAllowed(rules, right))
    if (beyond.length === 0) return []
    const list = beyond.map(({ verb, resource }) => `${verb} ${resource}`).join(', ')
    return [
      {
        what: `${titleOf(role)} gives rights that you have not yourself (${list}), which the cluster refuses`,
        remedy: 'leave that component out, or let somebody apply it who has them',
        cause: 'kind' as const,
      },
    ]
  })
}

/** Kinds that this cluster does not have. */
export function servedProblems(objects: readonly KubeObject[], { served }: Namespace): Problem[] {
  const absent = new Map<string, string[]>()
  for (const object of objects) {
    const resources = served.get(object.apiVersion)
    if (resources === undefined || resources.has(pluralOf(object.kind))) continue
    const kind = `${object.kind} (${object.apiVersion})`
    absent.set(kind, [...(absent.get(kind) ?? []), object.metadata.name])
  }
  return [...absent].map(([kind, names]) => ({
    what: `this cluster has no kind ${kind}, needed for ${names.join(', ')}`,
    remedy: kind.includes('openshift.io')
      ? 'take the overlay for plain Kubernetes: --profile kubernetes'
      : 'leave the component out that brings it',
    cause: 'kind',
  }))
}
