import { imageProblems } from './images.ts'
import { type Broken, brokenClaimLimits, brokenLimits, type Limits, limitRangesOf } from './limit-range.ts'
import type { Namespace } from './namespace.ts'
import { networkProblems } from './network.ts'
import { type KubeObject, ofKind } from './objects.ts'
import { type Claim, type Plan, planOf, presentOf } from './plan.ts'
import type { Problem } from './problem.ts'
import { ONE, readable } from './quantity.ts'
import { type Quota, type QuotaLine, quotasOf, unsaid, weigh } from './quota.ts'
import { referenceProblems } from './references.ts'
import { rightProblems, servedProblems } from './rights.ts'
import { defaultClassOf, storageDoubts, storageProblems } from './storage.ts'
import { type Workload, workloadsOf } from './workload.ts'

/** What a set of manifests comes to in a namespace. */
export interface Assessment {
  workloads: readonly Workload[]
  plan: Plan
  lines: readonly QuotaLine[]
  problems: readonly Problem[]
  /** Facts worth knowing that keep nothing from running. */
  notes: readonly string[]
}

export function assess(objects: readonly KubeObject[], namespace: Namespace): Assessment {
  const ranges = limitRangesOf(namespace.objects)
  const workloads = workloadsOf(objects, ranges)
  const defaultClass = defaultClassOf(namespace.objects)
  const plan = planOf(objects, workloads, defaultClass)
  const quotas = quotasOf(namespace.objects)
  const { lines, unknown } = weigh(quotas, plan, presentOf(objects, workloads, namespace.objects, defaultClass))
  const problems = [
    ...lines.filter(({ fits }) => !fits).map((line) => quotaProblem(line, namespace)),
    ...unsaidProblems(quotas, workloads),
    ...limitProblems(workloads, plan.claims, ranges),
    ...servedProblems(objects, namespace),
    ...rightProblems(objects, namespace),
    ...storageProblems(plan.claims, namespace),
    ...referenceProblems(objects, workloads, namespace),
    ...imageProblems(objects, workloads, namespace),
    ...networkProblems(objects, workloads, namespace),
  ]
  const notes = [
    ...unknown.map((name) => `${name} is not counted here`),
    ...storageDoubts(plan.claims, namespace),
    ...turnNotes(lines),
    ...workloads
      .filter(({ autoscaler }) => autoscaler !== undefined)
      .map(
        ({ name, replicas, autoscaler }) =>
          `${name} is counted with the ${replicas} pods that autoscaler ${autoscaler} may make`,
      ),
    ...workloads.filter(({ kind }) => kind === 'DaemonSet').map(({ name }) => `${name} is counted as one node's pod`),
    ...leftNotes(objects, namespace),
  ]
  return { workloads, plan, lines, problems, notes }
}

function quotaProblem(line: QuotaLine, { tool }: Namespace): Problem {
  const { resource, hard, others, steady, rolling, needed } = line
  const say = (value: bigint): string => readable(resource, value)
  const scope = line.scopes === '' ? '' : ` (${line.scopes})`
  const parts =
    rolling > 0n && needed > steady
      ? ` (${say(steady)} steady, ${say(needed - steady)} while everything is updated)`
      : ''
  const besides = others > 0n ? `, ${say(others)} are in use by others` : ''
  const what = `quota ${line.quota}${scope}: ${resource}: ${say(needed)} needed${parts}${besides}, limit ${say(hard)}`
  const missing = others + needed - hard
  const ask = `ask for ${say(missing)} more`
  if (others + steady <= hard) {
    return {
      what,
      remedy: `it runs, but not while everything is updated at once: ${ask}, or update one Deployment after the other (${tool} rollout pause deployment/NAME)`,
      cause: 'size',
    }
  }
  const free = others >= missing ? `, or free as much (${say(others)} are used by others)` : ''
  return { what, remedy: `${ask}${free}`, cause: 'size' }
}

function unsaidProblems(quotas: readonly Quota[], workloads: readonly Workload[]): Problem[] {
  return workloads.flatMap(({ kind, name, size }) => {
    const missing = quotas.flatMap((quota) => unsaid(quota, size))
    if (missing.length === 0) return []
    return [
      {
        what: `${kind} ${name}: ${missing.join('; ')}`,
        remedy: 'state requests and limits of CPU and memory on every container; pods without are refused',
        cause: 'kind' as const,
      },
    ]
  })
}

function limitProblems(workloads: readonly Workload[], claims: readonly Claim[], ranges: readonly Limits[]): Problem[] {
  const byRule = new Map<string, Broken[]>()
  const broken = [
    ...workloads.flatMap(({ name, size }) => brokenLimits(name, size, ranges)),
    ...claims.flatMap(({ name, storage }) => brokenClaimLimits(`claim ${name}`, storage, ranges)),
  ]
  for (const item of broken) byRule.set(item.rule, [...(byRule.get(item.rule) ?? []), item])
  return [...byRule].map(([rule, items]) => ({
    what: `${rule}, but ${items.map(({ who, has }) => `${who} has ${has}`).join(', ')}`,
    remedy: rule.startsWith('LimitRange')
      ? 'ask the owner of the namespace to widen the LimitRange, or change these containers by an overlay of your own'
      : 'state a larger limit or a smaller request in an overlay of your own',
    cause: 'size',
  }))
}

/** ReplicaSets: with room for one more than what is kept, updates take turns. */
function turnNotes(lines: readonly QuotaLine[]): string[] {
  return lines
    .filter(({ fits, others, steady, rolling, needed, hard }) => {
      return fits && needed < steady + rolling && others + steady + rolling > hard
    })
    .map(({ resource, others, steady, rolling, hard }) => {
      const [all, most, room] = [others + steady + rolling, hard, hard - others - steady].map((value) => value / ONE)
      return `${resource}: ${all} for a moment when everything is updated at once, of ${most}: updates then take turns, ${room} at a time`
    })
}

/** Workloads of another profile that were left behind go on using what they use. */
function leftNotes(objects: readonly KubeObject[], { objects: there, tool }: Namespace): string[] {
  const kinds = ['Deployment', 'StatefulSet', 'CronJob']
  const planned = new Set(objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`))
  const left = kinds.flatMap((kind) =>
    ofKind(there, kind).filter(
      ({ metadata }) =>
        metadata.labels['app.kubernetes.io/part-of'] === 'dtms' && !planned.has(`${kind}/${metadata.name}`),
    ),
  )
  if (left.length === 0) return []
  const names = left.map(({ kind, metadata }) => `${kind.toLowerCase()}/${metadata.name}`).join(' ')
  return [`of another profile are left, and count as used by others: ${tool} delete ${names}`]
}
