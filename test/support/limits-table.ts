import { join } from 'node:path'
import { cacheFolder } from './kafka-parts.ts'
import type { MeasuredStack } from './limited-stack.ts'

/** One workload in one period, as docs/budget.md shows it. */
export interface MeasuredUse {
  workload: string
  phase: string
  limitBytes: number
  /**
   * What counts against the limit: the kernel ends a process only for pages that it cannot drop, so cached file pages are
   * left out as far as they can be. The sampled working set misses what comes and goes between two samples; the resident
   * peak misses nothing but counts the pages of the program's own file, which pods on a node share, as if they were all
   * this one's; the peak of the charge misses nothing and counts every cached page. What could not be dropped at the worst
   * moment is at most the lower one of the last two.
   */
  peakBytes: number
  workingSetBytes: number
  residentBytes: number
  chargedBytes: number
  cpuCores: number
  cpuLimitCores: number
  throttledShare: number
  probes: number
  slowestProbeMs: number
  notReady: string[]
  oomKills: number
}

/** Where the newest run is kept for `npm run budget`. */
export function limitsFile(): string {
  return join(cacheFolder(), 'measured-use.json')
}

export function rowsOf({ phases }: MeasuredStack): MeasuredUse[] {
  return phases.flatMap(({ name: phase, periods }) =>
    [...periods].map(([workload, { container, period }]) => ({
      ...{ workload, phase, limitBytes: container.limits.memoryBytes },
      peakBytes: Math.max(period.workingSetBytes, Math.min(period.residentBytes, period.chargedBytes)),
      workingSetBytes: period.workingSetBytes,
      residentBytes: period.residentBytes,
      chargedBytes: period.chargedBytes,
      cpuCores: period.cpuSeconds / period.seconds,
      cpuLimitCores: container.limits.cpuCores,
      throttledShare: period.throttledShare,
      probes: period.probes.asked,
      slowestProbeMs: period.probes.slowestMs,
      notReady: period.probes.notReady,
      oomKills: period.oomKills,
    })),
  )
}

const mib = (bytes: number) => `${Math.round(bytes / 2 ** 20)}`
const percent = (share: number) => `${Math.round(100 * share)} %`
const milli = (cores: number) => `${Math.round(1000 * cores)}m`

/** Everything that was measured, a line for each workload and period. */
export function tableOf(rows: readonly MeasuredUse[]): string {
  return markdown(
    [
      ...['workload', 'period', 'limit MiB', 'peak MiB', 'share', 'working set', 'resident', 'charged'],
      ...['CPU mean', 'CPU limit', 'throttled', 'slowest probe'],
    ],
    rows.map((row) => [
      ...[row.workload, row.phase, mib(row.limitBytes), mib(row.peakBytes), percent(row.peakBytes / row.limitBytes)],
      ...[mib(row.workingSetBytes), mib(row.residentBytes), mib(row.chargedBytes)],
      ...[milli(row.cpuCores), milli(row.cpuLimitCores), percent(row.throttledShare)],
      row.probes === 0 ? '–' : `${Math.round(row.slowestProbeMs)} ms`,
    ]),
  )
}

/** The same for people: a line for each workload. */
export function summaryOf(rows: readonly MeasuredUse[]): string {
  const phases = [...new Set(rows.map(({ phase }) => phase))]
  const lines = [...new Set(rows.map(({ workload }) => workload))].map((workload) => {
    const of = rows.filter((row) => row.workload === workload)
    const [first] = of
    if (first === undefined) throw new Error('a workload without a row')
    const each = (cell: (row: MeasuredUse) => string) =>
      phases.map((name) => of.find(({ phase }) => phase === name)).map((row) => (row === undefined ? '–' : cell(row)))
    const peak = Math.max(...of.map(({ peakBytes }) => peakBytes))
    const slowest = Math.max(...of.map(({ slowestProbeMs }) => slowestProbeMs))
    return [
      ...[workload, mib(first.limitBytes), mib(peak), percent(peak / first.limitBytes)],
      each((row) => mib(row.peakBytes)).join(' / '),
      milli(first.cpuLimitCores),
      each((row) => milli(row.cpuCores)).join(' / '),
      each((row) => percent(row.throttledShare)).join(' / '),
      slowest === 0 ? '–' : `${Math.round(slowest)} ms`,
    ]
  })
  const periods = phases.join(' / ')
  return markdown(
    [
      ...['workload', 'memory limit MiB', 'peak MiB', 'share', `peak: ${periods}`],
      ...['CPU limit', `CPU mean: ${periods}`, `throttled: ${periods}`, 'slowest probe'],
    ],
    lines,
  )
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n')
}
