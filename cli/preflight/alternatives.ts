import type { Assessment } from './assess.ts'
import type { Problem } from './problem.ts'
import { readable } from './quantity.ts'
import type { QuotaLine } from './quota.ts'

/** Another profile, or the same with another component, that was tried in the same namespace. */
export interface Alternative {
  /** As it is asked for: `profile 1`, `component storage-rwo-colocated`. */
  name: string
  assessment: Assessment
}

/** Problems that another choice can solve say which one does; `alternatives` in the order of preference. */
export function withAlternatives(chosen: Assessment, alternatives: readonly Alternative[]): Problem[] {
  const fitting = alternatives.filter(({ assessment }) => assessment.problems.every(({ cause }) => cause === 'setup'))
  const short = chosen.lines.filter(({ fits }) => !fits)
  const [best, ...others] = fitting.map(({ name, assessment }) => `${name} fits${shareText(assessment, short)}`)
  const advice =
    best === undefined
      ? `none of ${alternatives.map(({ name }) => name).join(', ')} fits either${smallest(alternatives, short)}`
      : [best, ...others.slice(0, 1)].join(', ')
  if (alternatives.length === 0) return [...chosen.problems]
  return chosen.problems.map((problem) =>
    problem.cause === 'setup' ? problem : { ...problem, remedy: `${advice}; or ${problem.remedy}` },
  )
}

/** `: 0.45 of 1 vCPU`: what it takes of the quotas that the chosen one breaks, or else of the CPU. */
function shareText({ lines }: Assessment, short: readonly QuotaLine[]): string {
  const same = (line: QuotaLine): boolean =>
    short.some(({ quota, resource }) => quota === line.quota && resource === line.resource)
  const wanted = short.length > 0 ? lines.filter(same) : lines.filter(isCpuOfServices)
  const parts = wanted.slice(0, 2).map(({ resource, others, needed, hard }) => {
    const limit = readable(resource, hard)
    const used = readable(resource, others + needed)
    const unit = limit.split(' ')[1]
    const bare = unit !== undefined && used.endsWith(` ${unit}`) ? used.slice(0, -unit.length - 1) : used
    return unit === undefined
      ? `${bare} of ${limit} ${resource}`
      : `${bare} of ${limit}${/limits/.test(resource) ? ' (limits)' : ''}`
  })
  return parts.length === 0 ? '' : `: ${parts.join(' and ')}`
}

function isCpuOfServices({ resource, scopes }: QuotaLine): boolean {
  return /^(requests\.)?cpu$/.test(resource) && !/(^|[^t])Terminating/.test(scopes)
}

function smallest(alternatives: readonly Alternative[], short: readonly QuotaLine[]): string {
  const last = alternatives.at(-1)
  if (last === undefined || short.length === 0) return ''
  const text = shareText(last.assessment, short)
  return text === '' ? '' : ` (${last.name} needs${text.slice(1)})`
}
