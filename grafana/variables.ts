import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { select } from './queries.ts'

/** The uid that grafana/provisioning gives the data source of this Prometheus. */
const DATASOURCE_UID = 'dtms-prometheus'

/** Every query asks the source that is chosen at the top, so that the dashboards work in any Grafana. */
export const datasource = { type: 'prometheus', uid: '$datasource' } as const

export const datasourceVariable = new DatasourceVariableBuilder('datasource')
  .label('Data source')
  .description('The Prometheus that scrapes DTMS')
  .type('prometheus')
  .current({ text: 'DTMS', value: DATASOURCE_UID })

/** Empty until somebody names it; then the link "Page and API" leads there. */
export const pageVariable = new TextBoxVariableBuilder('page')
  .label('Address of the page')
  .description('Where the DTMS page answers, such as https://dtms-api.example.org; the link "Page and API" leads there')
  .defaultValue('')

/** Several values, or all, of one label of a metric that is always there; `within` narrows it to what is chosen before. */
export function labelVariable(
  name: string,
  label: string,
  description: string,
  { metric, within = [] }: { metric: string; within?: readonly string[] },
): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .description(description)
    .datasource(datasource)
    .query(`label_values(${select(metric, within)}, ${name})`)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current({ text: 'All', value: '$__all' })
}

export const siteVariable = labelVariable('site', 'Site', 'The site that recorded the transfer', {
  metric: 'dtms_world_lag_seconds',
})
export const serviceVariable = labelVariable('service', 'Service', 'The workload', {
  metric: 'process_start_time_seconds',
})
export const instanceVariable = labelVariable('instance', 'Instance', 'The address that is scraped', {
  metric: 'process_start_time_seconds',
  within: ['service=~"$service"'],
})
export const sourceVariable = labelVariable('source', 'From', 'The site that sends', {
  metric: 'dtms_transfers_total',
})
export const destinationVariable = labelVariable('destination', 'To', 'The site that receives', {
  metric: 'dtms_transfers_total',
  within: ['source=~"$source"'],
})
export const topicVariable = labelVariable('topic', 'Topic', 'The topic of the event stream', {
  metric: 'dtms_stream_events_processed_total',
})
export const objectiveVariable = labelVariable('slo', 'Objective', 'Layer and kind of the objective', {
  metric: 'slo:dtms_objective:ratio',
})
export const periodVariable = labelVariable('period', 'Period', 'The period that a budget is for', {
  metric: 'slo:dtms_objective:ratio',
})
