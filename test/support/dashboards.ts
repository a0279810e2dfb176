import { readdirSync, readFileSync } from 'node:fs'

export interface Target {
  refId: string
  expr: string
  legendFormat?: string
  instant?: boolean
  datasource?: { uid?: string }
}

export interface BoardPanel {
  id: number
  type: string
  title: string
  description?: string
  datasource?: { uid?: string }
  gridPos: { x: number; y: number; w: number; h: number }
  fieldConfig?: {
    defaults: { unit?: string; thresholds?: { steps: { value: number | null; color: string }[] }; noValue?: string }
    overrides?: { matcher: { id: string; options: string }; properties: { id: string; value: unknown }[] }[]
  }
  targets?: Target[]
}

export interface BoardVariable {
  name: string
  type: string
  label?: string
  query?: string
  datasource?: { uid?: string }
  multi?: boolean
  includeAll?: boolean
  allValue?: string
  current?: { value?: unknown }
}

export interface Board {
  /** Without the ending: also the end of the uid and of the name of the ConfigMap. */
  name: string
  bytes: number
  uid: string
  title: string
  description: string
  tags: string[]
  panels: BoardPanel[]
  templating: { list: BoardVariable[] }
  annotations: { list: { name: string; expr: string; datasource: { uid?: string } }[] }
  links: { title: string; type: string; url?: string; tags: string[] }[]
}

const folder = new URL('../../grafana/dashboards/', import.meta.url)

/** What Grafana would load: the files that are checked in. */
export function boards(): Board[] {
  return readdirSync(folder)
    .sort()
    .map((file) => {
      const text = readFileSync(new URL(file, folder), 'utf8')
      return { ...(JSON.parse(text) as Board), name: file.replace(/\.json$/, ''), bytes: Buffer.byteLength(text) }
    })
}

export interface PanelQuery extends Target {
  board: string
  panel: string
  type: string
}

/** Every query of every panel of these boards. */
export function queriesOf(some: readonly Board[]): PanelQuery[] {
  return some.flatMap(({ name, panels }) =>
    panels.flatMap(({ title, type, targets = [] }) =>
      targets.map((target) => ({ board: name, panel: title, type, ...target })),
    ),
  )
}

/** As Grafana asks with every variable at All, a step of `interval` and a range of `range`, both like 1m. */
export function filled(
  expr: string,
  { interval = '1m', range = '1h' }: { interval?: string; range?: string } = {},
): string {
  return expr
    .replaceAll('$__rate_interval', interval)
    .replaceAll('$__interval', interval)
    .replaceAll('$__range', range)
    .replaceAll(/\$\w+/g, '.*')
}

/** The metric, its matchers and the label of a variable that lists the values of a label. */
export function labelValuesOf(query: string): { selector: string; label: string } | undefined {
  const found = /^label_values\((.+), (\w+)\)$/.exec(query)
  return found === null ? undefined : { selector: found[1] ?? '', label: found[2] ?? '' }
}
