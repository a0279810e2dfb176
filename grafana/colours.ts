/** Red means trouble and nothing else, so no series gets it by chance: what is not named here is a shade of blue. */
export interface SeriesColour {
  /** Regular expression over the legend, slashes included; no legend may match two of a list. */
  pattern: string
  colour: string
}

const exactly = (...pairs: [name: string, colour: string][]): SeriesColour[] =>
  pairs.map(([name, colour]) => ({ pattern: `/^${name}$/`, colour }))

export const outcomeColours = exactly(['ok', 'green'], ['failed', 'red'], ['aborted', 'orange'])
export const severityColours = exactly(['minor', 'yellow'], ['major', 'orange'], ['critical', 'red'])
export const refitColours = exactly(['first', 'blue'], ['accepted', 'green'], ['rejected', 'orange'])
export const resultColours = exactly(
  ['received', 'light-blue'],
  ['published', 'blue'],
  ['processed', 'green'],
  ['failed', 'red'],
)

/** The usual three sites. */
export const siteColours: SeriesColour[] = [
  { pattern: '/SITE_A/', colour: 'blue' },
  { pattern: '/SITE_B/', colour: 'purple' },
  { pattern: '/SITE_C/', colour: 'yellow' },
]

/** The usual workloads, their legend beginning with the name. */
export const serviceColours: SeriesColour[] = [
  ['exporter-site-a', 'light-blue'],
  ['exporter-site-b', 'light-purple'],
  ['exporter-site-c', 'light-yellow'],
  ['anomaly', 'orange'],
  ['dtms-stream', 'green'],
  ['dtms-producer', 'light-green'],
  ['dtms-api', 'blue'],
  ['dtms-freshness', 'yellow'],
  ['prometheus', 'purple'],
  ['alertmanager', 'dark-purple'],
].map(([name, colour]) => ({ pattern: `/^${name}/`, colour: `${colour}` }))
