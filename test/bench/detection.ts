import { strictEngine } from '../../anomaly/forest.ts'
import { DetectionPipeline } from '../../anomaly/pipeline.ts'
import type { Verdict } from '../../anomaly/verdicts.ts'
import { covers, type Scope, siteName } from '../../lib/names.ts'
import { createWorld } from '../../simulator/world.ts'
import type { BenchRow } from './harness.ts'
import {
  FAULT_SECONDS,
  type Future,
  liveFuture,
  livePast,
  NOTICE_SECONDS,
  Numbering,
  type Past,
  scenario,
  WORLD_START,
} from './support-detection.ts'

/** Seeds that no setting was tuned on. */
const SEEDS = [101, 102, 103, 104, 105, 106, 107, 108, 109, 110]
const QUIET_SEEDS = [101, 102, 103]
const PAST_HOURS = 10

const SITES = ['SITE_A', 'SITE_B', 'SITE_C'].map(siteName)

/** The scope moves on with the seed, so that every site and link has its turn. */
function siteScope(n: number): Scope {
  return { site: SITES[n % 3] as (typeof SITES)[number] }
}

function linkScope(n: number): Scope {
  const source = SITES[n % 3] as (typeof SITES)[number]
  const destination = SITES[(n + 1 + (n % 2)) % 3] as (typeof SITES)[number]
  return { source, destination }
}

const transferFaults = [
  { kind: 'link-brownout', scopeOf: linkScope },
  { kind: 'slow-drift', scopeOf: linkScope },
  { kind: 'destination-full', scopeOf: siteScope },
  { kind: 'source-down', scopeOf: siteScope },
]
const silences = ['silent-site', 'frozen-exporter']

/**
 * The bars of detection on simulated transfers, on seeds that nothing was tuned on: a quiet day flags at most 1 %, each
 * of the first faults at severity 0.8 for 20 minutes is noticed in at least 9 of 10 seeds, maintenance raises nothing.
 *
 * A verdict within ten minutes for a scope also happens when nothing is wrong: how often is printed beside it, and so is
 * how often an alarm of the link as a whole noticed, which happens by chance hardly ever.
 */
export async function run(): Promise<BenchRow[]> {
  const pasts = SEEDS.map((seed) => livePast(seed, PAST_HOURS))
  const rows = quietDays()
  for (const { kind, scopeOf } of transferFaults) rows.push(...noticed(pasts, kind, scopeOf))
  for (const kind of silences) rows.push(silence(pasts, kind))
  rows.push(...chance(pasts), maintenanceRow(pasts))
  return rows
}

function quietDays(): BenchRow[] {
  return QUIET_SEEDS.flatMap((seed) => {
    const world = createWorld({ scenario, seed, worldStart: WORLD_START })
    const pipeline = new DetectionPipeline({ engine: strictEngine, seed: 1 })
    const numbering = new Numbering()
    const verdicts: Verdict[] = []
    let records = 0
    const startedAt = performance.now()
    let simulated = 0
    for (let hour = 1; hour <= 26; hour += 1) {
      const before = performance.now()
      const batch = numbering.number(world.runUntil(WORLD_START + hour * 3600).records)
      simulated += performance.now() - before
      const found = pipeline.process(batch, { maintenance: [] })
      // Two hours of warm-up, then a whole day.
      if (hour <= 2) continue
      records += batch.length
      verdicts.push(...found)
    }
    const seconds = (performance.now() - startedAt - simulated) / 1000
    const share = (100 * verdicts.filter(({ level }) => level === 'transfer').length) / records
    const alarms = verdicts.filter(({ level }) => level === 'link').length
    const note = `${records} records, scored in ${seconds.toFixed(2)} s`
    return [
      { name: `quiet day, seed ${seed}: flagged`, value: share, unit: '%', bar: '<= 1', ok: share <= 1, note },
      { name: `quiet day, seed ${seed}: link alarms`, value: alarms, unit: 'alarms' },
    ]
  })
}

function noticed(pasts: readonly Past[], kind: string, scopeOf: (n: number) => Scope): BenchRow[] {
  const futures = pasts.map((past, n) => liveFuture(past, kind, scopeOf(n)))
  const any = futures.filter((future) => delayOf(future, () => true) !== undefined).length
  const delays = futures.flatMap((future) => delayOf(future, ({ level }) => level === 'link') ?? [])
  const note = `as a link alarm ${delays.length} of ${pasts.length}, median delay ${minutes(delays)}`
  const affected = futures.filter(({ firstAffectedAt }) => firstAffectedAt !== undefined).length
  return [
    {
      ...{ name: `${kind}: noticed`, value: any, unit: `of ${affected}` },
      ...{ bar: '>= 9 of 10', ok: any >= 0.9 * pasts.length, note },
    },
  ]
}

/** Seconds from the first affected record to the first verdict for the scope, within ten minutes. */
function delayOf(future: Future, wanted: (verdict: Verdict) => boolean): number | undefined {
  const from = future.firstAffectedAt
  if (from === undefined) return undefined
  const found = future.verdicts.find(
    (verdict) =>
      verdict.at >= from &&
      verdict.at <= from + NOTICE_SECONDS &&
      covers(future.scope, verdict.source, verdict.destination) &&
      wanted(verdict),
  )
  return found === undefined ? undefined : found.at - from
}

function silence(pasts: readonly Past[], kind: string): BenchRow {
  const delays = pasts.flatMap((past, n) => {
    const scope = siteScope(n)
    const { silent, firstAffectedAt } = liveFuture(past, kind, scope)
    const from = firstAffectedAt
    if (from === undefined) return []
    const found = silent.find(({ site, at }) => 'site' in scope && site === scope.site && at >= from)
    return found === undefined || found.at > from + NOTICE_SECONDS ? [] : [found.at - from]
  })
  return {
    ...{ name: `${kind}: noticed (freshness)`, value: delays.length, unit: `of ${pasts.length}` },
    ...{ bar: '>= 9 of 10', ok: delays.length >= 0.9 * pasts.length, note: `median delay ${minutes(delays)}` },
  }
}

/** The same question asked of a world in which nothing is wrong, at every ten minutes that fit. */
function chance(pasts: readonly Past[]): BenchRow[] {
  const futures = pasts.map((past, n) => liveFuture(past, 'none', linkScope(n)))
  const asked = [0, NOTICE_SECONDS].flatMap((shift) => futures.map((future, n) => ({ future, n, shift })))
  const share = (scopeOf: (n: number) => Scope, wanted: (verdict: Verdict) => boolean): number => {
    const hits = asked.filter(({ future, n, shift }) => {
      const from = future.startedAt + shift
      const moved = { ...future, scope: scopeOf(n), firstAffectedAt: from }
      return delayOf(moved, wanted) !== undefined
    })
    return (100 * hits.length) / asked.length
  }
  const alarm = ({ level }: Verdict): boolean => level === 'link'
  const records = futures.reduce((sum, future) => sum + future.records, 0)
  const flagged = futures.reduce((sum, { verdicts }) => sum + verdicts.length, 0)
  return [
    {
      name: 'none: flagged or alarmed',
      value: (100 * flagged) / records,
      unit: '%',
      bar: '<= 1',
      ok: flagged <= 0.01 * records,
    },
    { name: 'by chance within ten minutes, a link: any verdict', value: share(linkScope, () => true), unit: '%' },
    { name: 'by chance within ten minutes, a link: link alarm', value: share(linkScope, alarm), unit: '%' },
    { name: 'by chance within ten minutes, a site: any verdict', value: share(siteScope, () => true), unit: '%' },
    { name: 'by chance within ten minutes, a site: link alarm', value: share(siteScope, alarm), unit: '%' },
  ]
}

function maintenanceRow(pasts: readonly Past[]): BenchRow {
  let raised = 0
  let later = 0
  pasts.forEach((past, n) => {
    const scope = siteScope(n)
    const { verdicts, silent, startedAt } = liveFuture(past, 'maintenance', scope)
    const endsAt = startedAt + FAULT_SECONDS
    const inside = (at: number): boolean => at >= startedAt && at <= endsAt
    const mine = verdicts.filter(({ source, destination }) => covers(scope, source, destination))
    raised += mine.filter(({ at }) => inside(at)).length
    raised += silent.filter(({ site, at }) => 'site' in scope && site === scope.site && inside(at)).length
    later += mine.filter(({ at, level }) => at > endsAt && level === 'link').length
  })
  const note = `link alarms in the ten minutes after it: ${later}`
  return {
    name: 'maintenance: verdicts and silences in its scope',
    value: raised,
    unit: '',
    bar: '0',
    ok: raised === 0,
    note,
  }
}

function minutes(delays: readonly number[]): string {
  if (delays.length === 0) return '-'
  const sorted = [...delays].sort((a, b) => a - b)
  return `${((sorted[sorted.length >> 1] as number) / 60).toFixed(1)} min`
}
