import { createZScore, type ZScoreOptions } from '../../lib/detect/zscore.ts'
import { covers, type Scope, siteName } from '../../lib/names.ts'
import { createRandom } from '../../lib/random.ts'
import type { TransferRecord } from '../../lib/record/record.ts'
import type { AnomalyLine } from '../../lib/streams/anomalies.ts'
import type { Entry } from '../../lib/streams/envelope.ts'
import { createWorld, restoreWorld, type WorldState } from '../../simulator/world.ts'
import { TransferValues } from '../../streaming/transfer-values.ts'
import { toStreamEvent } from '../support/streamed-records.ts'
import type { BenchRow } from './harness.ts'
import { FAULT_SECONDS, NOTICE_SECONDS, Numbering, SEVERITY, scenario, WORLD_START } from './support-detection.ts'

const SHIPPED: ZScoreOptions = { window: 1000, threshold: 3, refractory: 100 }
const SEEDS = [101, 102, 103, 104, 105, 106, 107, 108, 109, 110]
const QUIET_SEEDS = [101, 102, 103]
const PAST_HOURS = 10
const SITES = ['SITE_A', 'SITE_B', 'SITE_C'].map(siteName)

const faults: { kind: string; sees: boolean; scopeOf(n: number): Scope }[] = [
  { kind: 'link-brownout', sees: true, scopeOf: linkScope },
  { kind: 'slow-drift', sees: true, scopeOf: linkScope },
  { kind: 'destination-full', sees: false, scopeOf: siteScope },
  { kind: 'source-down', sees: false, scopeOf: siteScope },
  { kind: 'none', sees: false, scopeOf: linkScope },
]

/** What the z-score costs, what it raises on quiet days of the default world, and which faults it notices. */
export async function run(): Promise<BenchRow[]> {
  return [...costs(), ...QUIET_SEEDS.flatMap(quietDay), ...noticed()]
}

function costs(): BenchRow[] {
  const random = createRandom(1, 'zscore-bench')
  const values = Float64Array.from({ length: 400_000 }, () => 1e9 + random.normal())
  return [
    { name: 'plain', options: SHIPPED, bar: 1 },
    { name: 'plain, window 100,000', options: { ...SHIPPED, window: 100_000 }, bar: 1 },
    { name: 'robust', options: { ...SHIPPED, robust: true }, bar: 50 },
    { name: 'robust, window 100,000', options: { ...SHIPPED, window: 100_000, robust: true }, bar: 50 },
  ].map(({ name, options, bar }) => {
    const detector = createZScore(options)
    const rounds: number[] = []
    for (let from = 0; from < values.length; from += 1000) {
      const startedAt = performance.now()
      for (let i = from; i < from + 1000; i += 1) detector.observe(values[i] as number)
      rounds.push(performance.now() - startedAt)
    }
    rounds.sort((a, b) => a - b)
    const median = rounds[rounds.length >> 1] as number
    const note = `99th percentile of rounds of 1,000: ${(rounds[Math.floor(0.99 * rounds.length)] as number).toFixed(2)}`
    return { name: `${name}: a value`, value: median, unit: 'µs', bar: `<= ${bar}`, ok: median <= bar, note }
  })
}

function quietDay(seed: number): BenchRow[] {
  const world = createWorld({ scenario, seed, worldStart: WORLD_START })
  const records = new Numbering().number(world.runUntil(WORLD_START + 26 * 3600).records)
  const from = WORLD_START + 2 * 3600
  const judged = records.filter(({ endedAt }) => endedAt >= from).length
  return [SHIPPED, { ...SHIPPED, robust: true }].map((options) => {
    const lines = linesOf(TransferValues.restore(options, undefined), records).filter(({ at }) => at >= from)
    const share = (100 * lines.length) / judged
    const counts = new Map<string, number>()
    for (const { reasons } of lines)
      counts.set(reasons[0]?.feature ?? '', (counts.get(reasons[0]?.feature ?? '') ?? 0) + 1)
    const note = `${lines.length} of ${judged} records: ${[...counts].map(([name, n]) => `${name} ${n}`).join(', ')}`
    const name = `quiet day, seed ${seed}${options.robust === true ? ', robust' : ''}: verdicts`
    return { name, value: share, unit: '% of records', bar: '<= 0.5', ok: share <= 0.5, note }
  })
}

interface Past {
  seed: number
  world: WorldState
  numbers: ReturnType<Numbering['last']>
  values: Uint8Array
}

function noticed(): BenchRow[] {
  const now = WORLD_START + PAST_HOURS * 3600
  const pasts = SEEDS.map((seed): Past => {
    const world = createWorld({ scenario, seed, worldStart: WORLD_START })
    const numbering = new Numbering()
    const values = TransferValues.restore(SHIPPED, undefined)
    linesOf(values, numbering.number(world.runUntil(now).records))
    return { seed, world: world.save(), numbers: numbering.last(), values: values.save() }
  })
  return faults.map(({ kind, sees, scopeOf }) => {
    const delays = pasts.flatMap((past, n) => delayOf(past, kind, scopeOf(n), now) ?? [])
    const sorted = [...delays].sort((a, b) => a - b)
    const middle = sorted.length === 0 ? '-' : `${((sorted[sorted.length >> 1] as number) / 60).toFixed(1)} min`
    return {
      ...{ name: `${kind}: a verdict for its scope in ten minutes`, value: delays.length, unit: `of ${pasts.length}` },
      ...(sees ? { bar: '>= 9', ok: delays.length >= 9 } : {}),
      note: `median delay ${middle}`,
    }
  })
}

/** Seconds from the first affected record to the first verdict for the scope. */
function delayOf(past: Past, kind: string, scope: Scope, now: number): number | undefined {
  const world = restoreWorld({ scenario, seed: past.seed, state: past.world })
  const startedAt = now + 120
  const fault = { v: 1, seq: 1, at: now, type: 'fault', kind, scope, hidden: false } as const
  world.apply({ ...fault, severity: SEVERITY, durationSeconds: FAULT_SECONDS, effectiveAt: startedAt })
  const { records, truth } = world.runUntil(startedAt + FAULT_SECONDS + 720)
  const affected = truth.flatMap(({ entry }) => entry.witness?.firstAffectedAt ?? [])
  const from = kind === 'none' ? startedAt : Math.min(...affected)
  const lines = linesOf(TransferValues.restore(SHIPPED, past.values), new Numbering(past.numbers).number(records))
  const found = lines.find(
    ({ at, source, destination }) => at >= from && at <= from + NOTICE_SECONDS && covers(scope, source, destination),
  )
  return found === undefined ? undefined : found.at - from
}

function linesOf(values: TransferValues, records: readonly TransferRecord[]): Entry<AnomalyLine>[] {
  return records.flatMap((record) => values.observe(toStreamEvent(record))?.line ?? [])
}

function siteScope(n: number): Scope {
  return { site: SITES[n % 3] as (typeof SITES)[number] }
}

function linkScope(n: number): Scope {
  const source = SITES[n % 3] as (typeof SITES)[number]
  const destination = SITES[(n + 1 + (n % 2)) % 3] as (typeof SITES)[number]
  return { source, destination }
}
