import type { Quantity } from './quantity.ts'
import type { Workload } from './workload.ts'

export const COLUMNS = [
  { side: 'requests', resource: 'cpu' },
  { side: 'requests', resource: 'memory' },
  { side: 'limits', resource: 'cpu' },
  { side: 'limits', resource: 'memory' },
] as const

export interface Total {
  pods: number
  /** In the order of COLUMNS. */
  amounts: Quantity[]
}

export interface Totals {
  /** Services when nothing is being changed. */
  steady: Total
  /** The same while every Deployment that surges does so at once. */
  rolling: Total
  /** Jobs and builds that end by themselves, which many clusters count apart. */
  terminating: Total
}

export function totalsOf(workloads: readonly Workload[]): Totals {
  const lasting = workloads.filter(({ size }) => !size.terminating)
  const ending = workloads.filter(({ size }) => size.terminating)
  return {
    steady: total(lasting, ({ replicas }) => replicas),
    rolling: total(lasting, ({ replicas, surge }) => replicas + surge),
    terminating: total(ending, ({ replicas }) => replicas),
  }
}

function total(workloads: readonly Workload[], podsOf: (workload: Workload) => number): Total {
  return {
    pods: workloads.reduce((sum, workload) => sum + podsOf(workload), 0),
    amounts: COLUMNS.map(({ side, resource }) =>
      workloads.reduce(
        (sum, workload) => sum + (workload.size[side].get(resource) ?? 0n) * BigInt(podsOf(workload)),
        0n,
      ),
    ),
  }
}
