import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  type Panel,
  type RowPanel,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard'
import type { PlacedLater } from './panels.ts'
import { datasource, datasourceVariable, pageVariable } from './variables.ts'

export interface DashboardSpec {
  /** Name of the file, and with `dtms-` before it the uid, which links keep. */
  name: string
  title: string
  description: string
  variables?: readonly Builder<VariableModel>[]
  /** Panels in reading order; they are set from left to right and wrapped at the width of the grid. */
  sections: readonly { title?: string; panels: readonly PlacedLater[] }[]
  /** How far back it looks when opened. */
  from?: string
}

const COLUMNS = 24

/** What every dashboard has in common: data source, links, annotations, time, and panels in their places. */
export function dashboard(spec: DashboardSpec): Dashboard {
  const builder = new DashboardBuilder(spec.title)
    .uid(`dtms-${spec.name}`)
    .description(spec.description)
    .tags(['dtms'])
    .time({ from: spec.from ?? 'now-1h', to: 'now' })
    .timezone('browser')
    .refresh('30s')
    .tooltip(DashboardCursorSync.Crosshair)
    .readonly()
    .variables([datasourceVariable, ...(spec.variables ?? []), pageVariable])
    .annotations(annotations)
    .links([
      new DashboardLinkBuilder('DTMS')
        .type(DashboardLinkType.Dashboards)
        .tags(['dtms'])
        .asDropdown(true)
        .keepTime(true),
      // Without an address this is Grafana's own start page, which is the overview.
      new DashboardLinkBuilder('Page and API')
        .type(DashboardLinkType.Link)
        .icon('external link')
        .tooltip('The DTMS page; say at the top where it answers')
        .url('$page/'),
    ])
  const built = builder.build()
  return {
    ...built,
    // The builder would hide both in a menu that older Grafanas do not have.
    annotations: { list: (built.annotations.list ?? []).map(({ placement: _, ...rest }) => rest) },
    links: (built.links ?? []).map(({ placement: _, ...rest }) => rest),
    panels: arrange(spec.sections),
  }
}

function arrange(sections: DashboardSpec['sections']): (Panel | RowPanel)[] {
  const panels: (Panel | RowPanel)[] = []
  let y = 0
  for (const { title, panels: members } of sections) {
    if (title !== undefined) {
      const gridPos = { x: 0, y, w: COLUMNS, h: 1 }
      panels.push({ type: 'row', id: panels.length + 1, title, collapsed: false, gridPos, panels: [] })
      y += 1
    }
    for (const line of linesOf(members)) {
      const h = Math.max(...line.map(({ height }) => height))
      let x = 0
      for (const { width, panel } of line) {
        panels.push({ ...panel, id: panels.length + 1, gridPos: { x, y, w: width, h } })
        x += width
      }
      y += h
    }
  }
  return panels
}

/** As many as fit beside each other; those of one line get the height of the tallest. */
function linesOf(members: readonly PlacedLater[]): PlacedLater[][] {
  const lines: PlacedLater[][] = []
  let room = 0
  for (const member of members) {
    if (member.width > room) {
      lines.push([])
      room = COLUMNS
    }
    lines.at(-1)?.push(member)
    room -= member.width
  }
  return lines
}

/** A mark over every graph; a value that stays is drawn as one stretch. */
const annotation = (name: string, colour: string, expr: string, step: string): AnnotationQueryBuilder =>
  new AnnotationQueryBuilder().name(name).datasource(datasource).enable(true).iconColor(colour).expr(expr).step(step)

const annotations = [
  annotation('Faults', 'orange', 'dtms_faults_active > 0', '10s')
    .titleFormat('Fault: {{kind}}')
    .textFormat('{{site}}{{source}} {{destination}}')
    .tagKeys('kind'),
  annotation('Alerts', 'red', 'ALERTS{alertstate="firing", severity!="none"}', '10s')
    .titleFormat('Alert: {{alertname}}')
    .textFormat('{{layer}} {{service}} {{site}} {{source}} {{destination}}')
    .tagKeys('severity'),
  // A start is where the metric says, not where it was seen: the value is the time, in milliseconds.
  annotation('Restarts', 'purple', 'max by (service, instance) (process_start_time_seconds) * 1000', '60s')
    .titleFormat('Start of {{service}}')
    .textFormat('{{instance}}')
    .useValueForTime(true),
  annotation(
    'Deployments',
    'blue',
    'count by (version) (dtms_build_info) unless count by (version) (dtms_build_info offset 1m)',
    '60s',
  ).titleFormat('Version {{version}} appears'),
]
