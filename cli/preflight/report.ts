import type { Assessment } from './assess.ts'
import type { Problem } from './problem.ts'
import { isCpu, ONE, type Quantity, quantityText, readable } from './quantity.ts'
import type { QuotaLine } from './quota.ts'
import { COLUMNS, type Total, type Totals, totalsOf } from './totals.ts'

/** Everything that is told, in either form. */
export interface Verdict {
  /** As it was asked for: 3, 1 + storage-rwx, or the file of the manifests. */
  profile: string
  namespace: string
  assessment: Assessment
  /** With the alternatives that were tried. */
  problems: readonly Problem[]
  unseen: readonly string[]
}

/** One object; amounts are written as Kubernetes writes them. */
export function toJson({ profile, namespace, assessment, problems, unseen }: Verdict): object {
  const { workloads, plan, lines, notes } = assessment
  const totals = totalsOf(workloads)
  return {
    fits: problems.length === 0,
    profile,
    sums: {
      namespace,
      steady: totalJson(totals.steady),
      rolling: totalJson(totals.rolling),
      terminating: totalJson(totals.terminating),
      counts: Object.fromEntries([...plan.counts].map(([name, { steady, rolling }]) => [name, steady + rolling])),
      workloads: workloads.map((workload) => ({
        kind: workload.kind,
        name: workload.name,
        pods: workload.replicas,
        surge: workload.surge,
        terminating: workload.size.terminating,
        requests: amountsJson(workload.size.requests),
        limits: amountsJson(workload.size.limits),
      })),
      notes,
      unseen,
    },
    quota: lines.map((line) => ({
      quota: line.quota,
      scopes: line.scopes,
      resource: line.resource,
      hard: quantityText(line.resource, line.hard),
      used: quantityText(line.resource, line.used),
      others: quantityText(line.resource, line.others),
      steady: quantityText(line.resource, line.steady),
      needed: quantityText(line.resource, line.needed),
      fits: line.fits,
    })),
    problems: problems.map(({ what, remedy }) => ({ what, remedy })),
  }
}

function totalJson({ pods, amounts }: Total): object {
  const sides: Record<string, Record<string, string>> = { requests: {}, limits: {} }
  for (const [index, { side, resource }] of COLUMNS.entries()) {
    sides[side] = { ...sides[side], [resource]: quantityText(resource, amounts[index] ?? 0n) }
  }
  return { pods, ...sides }
}

function amountsJson(amounts: ReadonlyMap<string, Quantity>): object {
  return Object.fromEntries([...amounts].map(([resource, amount]) => [resource, quantityText(resource, amount)]))
}

/** The page for people. */
export function toText(verdict: Verdict): string {
  const { profile, namespace, assessment, problems, unseen } = verdict
  const fits = problems.length === 0
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`
  const sections = [
    `DTMS, profile ${profile}, in namespace ${namespace}: ${fits ? 'it fits' : `${count}, see below`}`,
    workloadTable(assessment, totalsOf(assessment.workloads)),
    ...(assessment.lines.length > 0 ? [quotaTable(assessment.lines)] : []),
    ...(assessment.notes.length > 0 ? [bullets('Worth knowing', assessment.notes)] : []),
    ...(unseen.length > 0 ? [bullets('Not seen, so the result holds only for the rest', unseen)] : []),
    ...(fits ? [] : [problems.map(problemText).join('\n')]),
  ]
  return sections.join('\n\n')
}

function bullets(title: string, lines: readonly string[]): string {
  return `${title}:\n${lines.map((line) => `  · ${line}`).join('\n')}`
}

function problemText({ what, remedy }: Problem, index: number): string {
  return `${String(index + 1).padStart(2)}. ${what}\n    → ${remedy}`
}

function workloadTable({ workloads }: Assessment, totals: Totals): string {
  const head = ['workload', 'pods', 'CPU request', 'memory', 'CPU limit', 'memory', '']
  const rows = workloads.map((workload) => [
    workload.name,
    workload.surge > 0 ? `${workload.replicas}+${workload.surge}` : String(workload.replicas),
    ...COLUMNS.map(({ side, resource }) => amountText(resource, workload.size[side].get(resource))),
    remark(workload.kind, workload.size.terminating),
  ])
  const totalRow = (title: string, { pods, amounts }: Total): string[] => [
    title,
    String(pods),
    ...COLUMNS.map(({ resource }, index) => amountText(resource, amounts[index])),
    '',
  ]
  const sums = [
    totalRow('services', totals.steady),
    totalRow('… all being updated', totals.rolling),
    ...(totals.terminating.pods > 0 ? [totalRow('jobs and builds', totals.terminating)] : []),
  ]
  const lines = aligned([head, ...rows, ...sums])
  const rule = '─'.repeat(Math.max(...lines.map((line) => line.length)))
  return [...lines.slice(0, 1), rule, ...lines.slice(1, rows.length + 1), rule, ...lines.slice(rows.length + 1)].join(
    '\n',
  )
}

function remark(kind: string, terminating: boolean): string {
  if (kind === 'CronJob') return terminating ? 'job' : 'job without a deadline'
  if (kind === 'BuildConfig') return terminating ? 'build' : 'build without a deadline'
  return kind === 'Deployment' ? '' : kind
}

function amountText(resource: string, amount: Quantity | undefined): string {
  if (amount === undefined) return '–'
  if (isCpu(resource)) return `${(amount * 1000n) / ONE}m`
  return readable(resource, amount)
}

/** The first and the last column to the left, the others to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const columns = Math.max(...rows.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, index) =>
        index === 0 || index === columns - 1 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
}

const BAR = 20

function quotaTable(lines: readonly QuotaLine[]): string {
  const groups = new Map<string, QuotaLine[]>()
  for (const line of lines) {
    const title = line.scopes === '' ? `quota ${line.quota}` : `quota ${line.quota} (${line.scopes})`
    groups.set(title, [...(groups.get(title) ?? []), line])
  }
  const width = Math.max(...lines.map(({ resource }) => resource.length))
  return [...groups]
    .map(([title, group]) => `${title}\n${group.map((line) => quotaText(line, width)).join('\n')}`)
    .join('\n\n')
}

function quotaText(line: QuotaLine, width: number): string {
  const { resource, hard, others, needed, fits } = line
  const used = readable(resource, others + needed)
  const share = hard === 0n ? '' : `${String(((others + needed) * 100n) / hard).padStart(4)} %`
  const besides = others > 0n ? ` (${readable(resource, others)} of it others')` : ''
  return `  ${resource.padEnd(width)}  ${bar(line)} ${share}  ${used} of ${readable(resource, hard)}${besides}${fits ? '' : '  ✗ too much'}`
}

/** Others' part, then ours, then what is free. */
function bar({ hard, others, needed }: QuotaLine): string {
  const cells = (amount: bigint): number => {
    if (hard === 0n) return amount > 0n ? BAR : 0
    const exact = Number((amount * BigInt(BAR) * 100n) / hard) / 100
    return Math.min(BAR, Math.round(exact))
  }
  const theirs = cells(others)
  const both = Math.max(cells(others + needed), needed > 0n ? Math.min(BAR, theirs + 1) : theirs)
  return '▒'.repeat(theirs) + '█'.repeat(both - theirs) + '·'.repeat(BAR - both)
}
