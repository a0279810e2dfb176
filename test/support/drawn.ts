import { filled, type PanelQuery } from './dashboards.ts'
import type { PrometheusServer } from './prometheus.ts'

/** As Grafana would ask for a graph of a few minutes; scrapes are 2 s apart in these tests. */
const RANGE = { interval: '20s', range: '5m' }
const STEP_SECONDS = 5
const SHOWN_SECONDS = 60

export interface Series {
  metric: Record<string, string>
  value?: [number, string]
  values?: [number, string][]
}

/** The text that is asked for a query of a board. */
export const asked = (expr: string): string => filled(expr, RANGE)

/** The data of a query as its panel would draw it. */
export async function drawn(
  prometheus: PrometheusServer,
  { expr, instant }: Pick<PanelQuery, 'expr' | 'instant'>,
): Promise<Series[]> {
  const query = asked(expr)
  const now = Date.now() / 1000
  const range = { start: `${now - SHOWN_SECONDS}`, end: `${now}`, step: `${STEP_SECONDS}` }
  const path =
    instant === true
      ? `/api/v1/query?${new URLSearchParams({ query })}`
      : `/api/v1/query_range?${new URLSearchParams({ query, ...range })}`
  return ((await prometheus.get(path)) as { result: Series[] }).result
}

/** Those of the queries that draw nothing, or no number. */
export async function empty(prometheus: PrometheusServer, queries: readonly PanelQuery[]): Promise<PanelQuery[]> {
  const kept: PanelQuery[] = []
  for (const query of queries) {
    const samples = (await drawn(prometheus, query)).flatMap(({ value, values = [] }) =>
      value === undefined ? values : [value, ...values],
    )
    if (samples.every(([, text]) => text === 'NaN')) kept.push(query)
  }
  return kept
}

/** Where a query is, and what is asked for it. */
export const described = ({ board, panel, refId, expr }: PanelQuery): string =>
  `${board} / ${panel} ${refId}: ${asked(expr)}`
