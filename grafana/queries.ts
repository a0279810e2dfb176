/** PromQL as the panels say it. Rates always look over `$__rate_interval`, so that no step falls between two scrapes. */

/** Label matchers of a selector, for example `site=~"$site"`; joined by commas. */
export type Matchers = readonly string[]

export const select = (metric: string, matchers: Matchers = []): string =>
  matchers.length === 0 ? metric : `${metric}{${matchers.join(',')}}`

/** Every value of a variable, several chosen ones, or all. */
export const chosen = (label: string, variable = label): string => `${label}=~"$${variable}"`

export const rate = (metric: string, matchers?: Matchers): string =>
  `rate(${select(metric, matchers)}[$__rate_interval])`

export const sumBy = (labels: readonly string[], expression: string): string =>
  labels.length === 0 ? `sum(${expression})` : `sum by (${labels.join(', ')}) (${expression})`

export const maxBy = (labels: readonly string[], expression: string): string =>
  labels.length === 0 ? `max(${expression})` : `max by (${labels.join(', ')}) (${expression})`

export const minBy = (labels: readonly string[], expression: string): string =>
  labels.length === 0 ? `min(${expression})` : `min by (${labels.join(', ')}) (${expression})`

/** A part of a whole; absent while the whole is nothing. */
export const share = (part: string, whole: string): string => `${part} / (${whole} > 0)`

/** For what is nothing when all is well and must not read as "no data". */
export const orZero = (expression: string): string => `${expression} or vector(0)`

/** What a counter has grown by over the whole range that is shown; for figures, not for lines. */
export const grownInRange = (metric: string, matchers?: Matchers): string =>
  `increase(${select(metric, matchers)}[$__range])`

export const quantile = (q: number, histogram: string, by: readonly string[] = [], matchers?: Matchers): string =>
  `histogram_quantile(${q}, ${sumBy(['le', ...by], rate(`${histogram}_bucket`, matchers))})`

/** States of a site by number, as `freshnessMappings` shows them; the order of a state here is its number. */
export const freshnessOrder = [
  'fresh',
  'recovered',
  'waiting',
  'maintenance',
  'paused',
  'late',
  'unknown',
  'silent',
] as const

/** One number for the one state that each site is in. */
export const freshnessState = (matchers: Matchers): string =>
  freshnessOrder
    .map((state, number) => ({ number, selector: select('dtms_freshness_state', [...matchers, `state="${state}"`]) }))
    .filter(({ number }) => number > 0)
    .map(({ number, selector }) => `${number} * ${maxBy(['site'], selector)}`)
    .join(' + ')

/** A line at nothing beside the lines of whatever there is: a counter by reason has none until the first one. */
export const orNone = (label: string, expression: string): string =>
  `${expression} or label_replace(vector(0), "${label}", "none", "", "")`
