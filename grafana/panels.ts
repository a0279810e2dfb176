import { PanelBuilder as BarGaugeBuilder } from '@grafana/grafana-foundation-sdk/bargauge'
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog'
import {
  BigValueColorMode,
  BigValueGraphMode,
  GraphDrawStyle,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  TableCellBackgroundDisplayMode,
  TableCellDisplayMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import {
  type DynamicConfigValue,
  FieldColorBuilder,
  FieldColorModeId,
  MappingType,
  type Panel,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as StateBuilder } from '@grafana/grafana-foundation-sdk/statetimeline'
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table'
import { PanelBuilder as GraphBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import type { SeriesColour } from './colours.ts'
import { datasource } from './variables.ts'

export interface QuerySpec {
  expr: string
  /** `{{label}}` is replaced; a panel of one line needs a name as well. */
  legend: string
}

/** From this value on, this colour; below the first one all is well. */
export interface Step {
  from: number
  colour: string
}

export interface PanelSpec {
  title: string
  /** What it means, and what to do when it looks bad. */
  description: string
  /** As Grafana names it; the constants of the library's `units`. */
  unit: string
  /** Of 24 columns. */
  width: number
  height?: number
  queries: readonly QuerySpec[]
  steps?: readonly Step[]
  /** Colour below the first step. */
  base?: string
  colours?: readonly SeriesColour[]
  mappings?: readonly ValueMapping[]
  decimals?: number
  min?: number
  max?: number
  /** Shown instead of "No data" where absence is an answer. */
  noValue?: string
}

/** A panel that does not know yet where it stands. */
export interface PlacedLater {
  width: number
  height: number
  panel: Panel
}

const STAT_ROWS = 4
const GRAPH_ROWS = 8

/** One figure for each query or series, coloured by its steps. */
export function stat(spec: PanelSpec & { sparkline?: boolean; names?: boolean }): PlacedLater {
  const builder = new StatBuilder()
    .colorMode(
      spec.steps === undefined && spec.mappings === undefined ? BigValueColorMode.None : BigValueColorMode.Background,
    )
    .graphMode(spec.sparkline === true ? BigValueGraphMode.Area : BigValueGraphMode.None)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields('').values(false))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .thresholds(thresholds(spec))
  return place(builder, spec, STAT_ROWS)
}

/** Lines over time; `stacked` for parts of one whole. */
export function graph(spec: PanelSpec & { stacked?: boolean; bars?: boolean }): PlacedLater {
  const builder = new GraphBuilder()
    .lineWidth(spec.bars === true ? 0 : 1)
    .fillOpacity(spec.bars === true ? 80 : spec.stacked === true ? 30 : 5)
    .showPoints(VisibilityMode.Never)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Shades).fixedColor('blue'))
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs([]),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi))
    .thresholds(thresholds(spec))
  if (spec.bars === true) builder.drawStyle(GraphDrawStyle.Bars)
  if (spec.stacked === true) builder.stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'))
  if (spec.steps !== undefined) {
    builder.thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed))
  }
  if (spec.min === undefined) builder.axisSoftMin(0)
  return place(builder, spec, GRAPH_ROWS)
}

/** A band for each series, coloured by what its number stands for. */
export function states(spec: PanelSpec): PlacedLater {
  const builder = new StateBuilder()
    .mergeValues(true)
    .showValue(VisibilityMode.Auto)
    .rowHeight(0.85)
    .lineWidth(0)
    .fillOpacity(75)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(false)
        .calcs([]),
    )
    .thresholds(thresholds(spec))
  return place(builder, spec, GRAPH_ROWS)
}

/** The present value of each series as a bar, against the steps. */
export function bars(spec: PanelSpec): PlacedLater {
  const builder = new BarGaugeBuilder()
    .orientation(VizOrientation.Horizontal)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields('').values(false))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .thresholds(thresholds(spec))
  return place(builder, spec, GRAPH_ROWS, { instant: true })
}

/** Rows by one label, columns by another, one value in each cell. */
export function matrix(spec: PanelSpec & { rows: string; columns: string }): PlacedLater {
  const builder = new TableBuilder()
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .thresholds(thresholds(spec))
    .withTransformation({
      id: 'groupingToMatrix',
      options: { rowField: spec.rows, columnField: spec.columns, valueField: 'Value', emptyValue: 'null' },
    })
  if (spec.steps !== undefined) {
    builder.cellOptions({ type: TableCellDisplayMode.ColorBackground, mode: TableCellBackgroundDisplayMode.Basic })
  }
  return place(builder, spec, GRAPH_ROWS, { instant: true, table: true })
}

/** One row for each series, one column for each query, named by its legend; `labels` come first. */
export function table(
  spec: PanelSpec & { labels: Record<string, string>; units?: Record<string, string> },
): PlacedLater {
  const one = spec.queries.length === 1
  const names = spec.queries.map(({ legend }, i) => [one ? 'Value' : `Value #${letter(i)}`, legend] as const)
  const builder = new TableBuilder()
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .thresholds(thresholds(spec))
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({
      id: 'organize',
      options: {
        excludeByName: { Time: true },
        renameByName: { ...spec.labels, ...Object.fromEntries(names) },
      },
    })
  for (const [name, unit] of Object.entries(spec.units ?? {}))
    builder.overrideByName(name, [{ id: 'unit', value: unit }])
  return place(builder, spec, GRAPH_ROWS, { instant: true, table: true })
}

/** Numbers that stand for words. */
export function words(pairs: readonly (readonly [value: number, text: string, colour: string])[]): ValueMapping[] {
  const options = Object.fromEntries(pairs.map(([value, text, color], index) => [`${value}`, { text, color, index }]))
  return [{ type: MappingType.ValueToText, options }]
}

interface Placeable extends Builder<Panel> {
  title(text: string): this
  description(text: string): this
  unit(unit: string): this
  datasource(reference: { type?: string; uid?: string }): this
  withTarget(target: Builder<Dataquery>): this
  decimals(decimals: number): this
  min(min: number): this
  max(max: number): this
  mappings(mappings: ValueMapping[]): this
  noValue(text: string): this
  overrideByRegexp(pattern: string, properties: DynamicConfigValue[]): this
}

function place(
  builder: Placeable,
  spec: PanelSpec,
  height: number,
  as: { instant?: boolean; table?: boolean } = {},
): PlacedLater {
  builder.title(spec.title).description(spec.description).unit(spec.unit).datasource(datasource)
  spec.queries.forEach(({ expr, legend }, i) => {
    const query = new DataqueryBuilder().datasource(datasource).refId(letter(i)).expr(expr).legendFormat(legend)
    if (as.instant === true) query.instant()
    else query.range()
    if (as.table === true) query.format(PromQueryFormat.Table)
    builder.withTarget(query)
  })
  if (spec.decimals !== undefined) builder.decimals(spec.decimals)
  if (spec.min !== undefined) builder.min(spec.min)
  if (spec.max !== undefined) builder.max(spec.max)
  if (spec.mappings !== undefined) builder.mappings([...spec.mappings])
  if (spec.noValue !== undefined) builder.noValue(spec.noValue)
  for (const { pattern, colour } of spec.colours ?? []) {
    builder.overrideByRegexp(pattern, [{ id: 'color', value: { mode: 'fixed', fixedColor: colour } }])
  }
  return { width: spec.width, height: spec.height ?? height, panel: builder.build() }
}

function thresholds({ base = 'green', steps }: PanelSpec): ThresholdsConfigBuilder {
  // Without a bar nothing is good or bad.
  const colour = steps === undefined ? 'text' : base
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([
      { value: null, color: colour },
      ...(steps ?? []).map(({ from, colour: color }) => ({ value: from, color })),
    ])
}

function letter(index: number): string {
  return String.fromCharCode(65 + index)
}
