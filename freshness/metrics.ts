import { damageReasons } from '../lib/log/log.ts'
import { LabelCap, Metrics } from '../lib/metrics.ts'
import { freshnessStates } from '../lib/staleness/states.ts'
import type { SiteFreshness } from '../lib/staleness/tracker.ts'
import type { ProbeResult } from './probe.ts'

/** Eleven series a site: beyond this many sites the rest has none (the API still lists them). */
const MOST_SITES = 150

export interface FreshnessSources {
  /** Computed anew at every scrape. */
  sites: () => SiteFreshness[]
  probe: () => ProbeResult | undefined
  readable: () => boolean
  lagBytes: () => number
  okSeconds: number
}

export type FreshnessMetrics = ReturnType<typeof createFreshnessMetrics>

/** Ages and states are computed when scraped: a process that stopped reading must not show an old value as a new one. */
export function createFreshnessMetrics(sources: FreshnessSources) {
  const metrics = new Metrics()
  const cap = new LabelCap(MOST_SITES)
  const shown = (): SiteFreshness[] => sources.sites().filter(({ site }) => cap.label(site) === site)

  metrics.gauge(
    {
      name: 'dtms_data_fresh_seconds',
      help: 'Age of the newest record of a site, seconds of world time, computed at scrape; absent while the volume cannot be read or the site has never sent',
      labels: ['site'],
    },
    (gauge) => {
      gauge.reset()
      for (const { site, ageSeconds } of shown()) if (ageSeconds !== undefined) gauge.set({ site }, ageSeconds)
    },
  )
  metrics.gauge(
    {
      name: 'dtms_data_fresh_ok',
      help: '1 when the age of the newest record of a site is at most FRESHNESS_THRESHOLD_SECONDS (300), else 0; absent when dtms_data_fresh_seconds is. For alerts use dtms_freshness_state, which knows pauses, maintenance and what the site is used to',
      labels: ['site'],
    },
    (gauge) => {
      gauge.reset()
      for (const { site, ageSeconds } of shown()) {
        if (ageSeconds !== undefined) gauge.set({ site }, ageSeconds <= sources.okSeconds ? 1 : 0)
      }
    },
  )
  metrics.gauge(
    {
      name: 'dtms_freshness_state',
      help: '1 for the state a site is in, 0 for the seven others: unknown, maintenance, paused, waiting, fresh, late, silent, recovered; only silent is an alarm',
      labels: ['site', 'state'],
    },
    (gauge) => {
      gauge.reset()
      for (const { site, state } of shown()) {
        for (const candidate of freshnessStates) gauge.set({ site, state: candidate }, candidate === state ? 1 : 0)
      }
    },
  )
  metrics.gauge(
    {
      name: 'dtms_freshness_expected_seconds',
      help: 'Age up to which a site is fresh, seconds of world time, learnt from its own silences; above twice this it is silent',
      labels: ['site'],
    },
    (gauge) => {
      gauge.reset()
      for (const { site, expectedSeconds } of shown()) gauge.set({ site }, expectedSeconds)
    },
  )
  metrics.gauge(
    { name: 'dtms_freshness_readable', help: '1 while freshness can read the volume, 0 when every site is unknown' },
    (gauge) => gauge.set(sources.readable() ? 1 : 0),
  )
  metrics.gauge(
    { name: 'dtms_freshness_lag_bytes', help: 'Bytes of transfer logs that freshness has seen and not yet read' },
    (gauge) => gauge.set(sources.lagBytes()),
  )
  metrics.gauge(
    {
      name: 'dtms_api_up',
      help: "1 when the API's /health answered 200 to the newest probe within 5 seconds, else 0; absent before the first",
    },
    (gauge) => {
      gauge.remove()
      const last = sources.probe()
      if (last !== undefined) gauge.set(last.up ? 1 : 0)
    },
  )
  metrics.gauge(
    {
      name: 'dtms_api_probe_seconds',
      help: 'How long the newest probe of the API took, seconds, whether it succeeded or not; absent before the first',
    },
    (gauge) => {
      gauge.remove()
      const last = sources.probe()
      if (last !== undefined) gauge.set(last.seconds)
    },
  )
  const damaged = metrics.counter({
    name: 'dtms_freshness_damaged_lines_total',
    help: 'Lines that freshness could not use, by what was wrong with them; they are skipped and nothing else is lost',
    labels: ['reason'],
  })
  for (const reason of damageReasons) damaged.inc({ reason }, 0)
  return {
    registry: metrics.registry,
    damaged,
    records: metrics.counter({
      name: 'dtms_freshness_records_total',
      help: 'Transfer records that freshness has read since it started, repeats left out',
      labels: ['site'],
    }),
    stateChanges: metrics.counter({
      name: 'dtms_freshness_state_changes_total',
      help: 'Changes of the state of a site, by the state that it changed to',
      labels: ['site', 'state'],
    }),
    labelOf: (site: string) => cap.label(site),
  }
}
