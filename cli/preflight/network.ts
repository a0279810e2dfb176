import { z } from 'zod'
import type { Namespace } from './namespace.ts'
import { at, type KubeObject, type Labels, ofKind, partOf } from './objects.ts'
import type { Problem } from './problem.ts'
import { matches, selectorSchema } from './selector.ts'
import type { Workload } from './workload.ts'

const portSchema = z.looseObject({
  protocol: z.string().nullish(),
  port: z.union([z.string(), z.number()]).nullish(),
})

const ruleSchema = z.looseObject({
  ports: z.array(portSchema).nullish(),
  from: z.array(z.looseObject({})).nullish(),
  to: z.array(z.looseObject({})).nullish(),
})

const policySchema = z.looseObject({
  podSelector: selectorSchema,
  policyTypes: z.array(z.string()).nullish(),
  ingress: z.array(ruleSchema).nullish(),
  egress: z.array(ruleSchema).nullish(),
})

type Rule = z.infer<typeof ruleSchema>

interface Policy {
  name: string
  applies(labels: Labels): boolean
  /** Undefined: the policy does not restrict that direction. */
  ingress: readonly Rule[] | undefined
  egress: readonly Rule[] | undefined
}

function toPolicy(object: KubeObject): Policy {
  const spec = partOf(object, policySchema, 'spec')
  const types = spec.policyTypes ?? ['Ingress', ...(spec.egress ? ['Egress'] : [])]
  return {
    name: object.metadata.name,
    applies: (labels) => matches(spec.podSelector, labels),
    ingress: types.includes('Ingress') ? (spec.ingress ?? []) : undefined,
    egress: types.includes('Egress') ? (spec.egress ?? []) : undefined,
  }
}

/**
 * Policies add up: a pod that any of them selects is closed but for what some of them allow. So a policy of the
 * namespace that denies is no harm as long as ours, or others, allow what DTMS needs: to be called where a Service leads
 * to it, from outside the namespace where a Route or Ingress does, and to ask for names.
 */
export function networkProblems(
  objects: readonly KubeObject[],
  workloads: readonly Workload[],
  namespace: Namespace,
): Problem[] {
  const own = new Set(ofKind(objects, 'NetworkPolicy').map(({ metadata }) => metadata.name))
  const foreign = ofKind(namespace.objects, 'NetworkPolicy')
    .filter(({ metadata }) => !own.has(metadata.name))
    .map(toPolicy)
  if (foreign.length === 0) return []
  const all = [...foreign, ...ofKind(objects, 'NetworkPolicy').map(toPolicy)]
  const lacks = new Map<string, { by: Set<string>; who: string[] }>()
  const lack = (what: string, who: string, by: readonly Policy[]): void => {
    const before = lacks.get(what) ?? { by: new Set(), who: [] }
    for (const { name } of by) before.by.add(name)
    before.who.push(who)
    lacks.set(what, before)
  }
  for (const { name, template } of workloads) {
    if (template === undefined) continue
    const selecting = all.filter((policy) => policy.applies(template.labels))
    const closing = foreign.filter((policy) => policy.applies(template.labels))
    const closedIn = closing.filter(({ ingress }) => ingress !== undefined)
    const closedOut = closing.filter(({ egress }) => egress !== undefined)
    const allowedIn = selecting.flatMap(({ ingress }) => ingress ?? [])
    const allowedOut = selecting.flatMap(({ egress }) => egress ?? [])
    const services = servicesTo(objects, template.labels)
    if (closedIn.length > 0 && services.length > 0) {
      if (allowedIn.length === 0) lack('calls to', name, closedIn)
      else if (isRouted(objects, services) && !allowedIn.some(({ from }) => isOpenToOthers(from))) {
        lack('calls from the router to', name, closedIn)
      }
    }
    if (closedOut.length > 0 && !allowedOut.some(allowsNames)) lack('name lookups (DNS) of', name, closedOut)
    else if (closedOut.length > 0 && !allowedOut.some((rule) => !isOnlyNames(rule))) {
      lack('calls to other services by', name, closedOut)
    }
  }
  return [...lacks].map(([what, { by, who }]) => ({
    what: `network policy ${[...by].join(', ')} denies ${what} ${who.join(', ')}, and no other allows them`,
    remedy: what.startsWith('name')
      ? `add a policy that lets pods with app.kubernetes.io/part-of: dtms send to port 53 (OpenShift: 5353), UDP and TCP; see docs/preflight.md`
      : 'apply openshift/config (its network policies allow what DTMS needs), or add a policy that allows it; see docs/preflight.md',
    cause: 'setup',
  }))
}

function servicesTo(objects: readonly KubeObject[], labels: Labels): string[] {
  return ofKind(objects, 'Service')
    .filter(({ body }) => {
      const selector = z.record(z.string(), z.string()).safeParse(at(body, 'spec', 'selector'))
      return selector.success && matches({ matchLabels: selector.data }, labels)
    })
    .map(({ metadata }) => metadata.name)
}

const ingressSchema = z.looseObject({
  rules: z
    .array(
      z.looseObject({
        http: z
          .looseObject({
            paths: z.array(
              z.looseObject({
                backend: z.looseObject({ service: z.looseObject({ name: z.string() }).nullish() }),
              }),
            ),
          })
          .nullish(),
      }),
    )
    .nullish(),
})

function isRouted(objects: readonly KubeObject[], services: readonly string[]): boolean {
  const routed = [
    ...ofKind(objects, 'Route').map(({ body }) => at(body, 'spec', 'to', 'name')),
    ...ofKind(objects, 'Ingress').flatMap((object) =>
      (partOf(object, ingressSchema, 'spec').rules ?? []).flatMap((rule) =>
        (rule.http?.paths ?? []).map(({ backend }) => backend.service?.name),
      ),
    ),
  ]
  return services.some((name) => routed.includes(name))
}

type Peers = Rule['from']

function isOpenToOthers(peers: Peers): boolean {
  return (peers ?? []).length === 0 || (peers ?? []).some((peer) => 'namespaceSelector' in peer || 'ipBlock' in peer)
}

function isNamePort({ port }: z.infer<typeof portSchema>): boolean {
  return ['53', '5353', 'dns', 'dns-tcp', 'domain'].includes(String(port))
}

/** The name service lives in a namespace of its own. */
function allowsNames({ ports, to }: Rule): boolean {
  return isOpenToOthers(to) && ((ports ?? []).length === 0 || (ports ?? []).some((port) => isNamePort(port)))
}

function isOnlyNames({ ports }: Rule): boolean {
  return (ports ?? []).length > 0 && (ports ?? []).every((port) => isNamePort(port))
}
