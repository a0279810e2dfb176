import { strictEngine } from '../../anomaly/forest.ts'
import type { Model } from '../../anomaly/model.ts'
import { DetectionPipeline, type MaintenanceWindow, type PipelineState } from '../../anomaly/pipeline.ts'
import type { Verdict } from '../../anomaly/verdicts.ts'
import { loadScenario } from '../../exporters/scenario-file.ts'
import { linkKey, type Scope, type SiteName, siteName } from '../../lib/names.ts'
import type { TransferRecord } from '../../lib/record/record.ts'
import { StalenessTracker } from '../../lib/staleness/tracker.ts'
import type { EmittedRecord } from '../../simulator/faults/fault.ts'
import { createWorld, restoreWorld, type WorldState } from '../../simulator/world.ts'

/** Saturday 2023-09-30 12:00:00 UTC. */
export const WORLD_START = 1_696_075_200

export const { scenario } = loadScenario('default')

/** How long a fault of the bars lasts, how long detection has, how bad it is. */
export const FAULT_SECONDS = 1200
export const NOTICE_SECONDS = 600
export const SEVERITY = 0.8

/** Gives records the numbers that their exporters would give. */
export class Numbering {
  readonly #last = new Map<SiteName, number>()

  constructor(last: Iterable<readonly [SiteName, number]> = []) {
    for (const [site, seq] of last) this.#last.set(site, seq)
  }

  number(emitted: readonly EmittedRecord[]): TransferRecord[] {
    return emitted.map(({ transfer }) => {
      const seq = (this.#last.get(transfer.site) ?? 0) + 1
      this.#last.set(transfer.site, seq)
      return { ...transfer, v: 1, seq, id: transfer.id ?? `${transfer.site}-${seq}` }
    })
  }

  last(): [SiteName, number][] {
    return [...this.#last]
  }
}

/** A healthy past, lived through once, from which any number of futures can be tried. */
export interface Past {
  seed: number
  now: number
  world: WorldState
  pipeline: PipelineState
  model: Model | undefined
  records: TransferRecord[]
  numbers: [SiteName, number][]
}

export function livePast(seed: number, hours: number): Past {
  const world = createWorld({ scenario, seed, worldStart: WORLD_START })
  const pipeline = new DetectionPipeline({ engine: strictEngine, seed: 1 })
  const numbering = new Numbering()
  const now = WORLD_START + hours * 3600
  const records = numbering.number(world.runUntil(now).records)
  pipeline.process(records, { maintenance: [] })
  const { model } = pipeline
  return { seed, now, world: world.save(), pipeline: pipeline.save(), model, records, numbers: numbering.last() }
}

export interface Future {
  kind: string
  scope: Scope
  startedAt: number
  verdicts: Verdict[]
  /** World instants at which a site was seen to be silent, looked at once a minute. */
  silent: { site: SiteName; at: number }[]
  /** Of the first record that was different, or missing; undefined when the fault did nothing. */
  firstAffectedAt: number | undefined
  records: number
}

/** Lets a fault act in that past for 20 minutes and watches for 12 minutes more, minute by minute. */
export function liveFuture(past: Past, kind: string, scope: Scope): Future {
  const world = restoreWorld({ scenario, seed: past.seed, state: past.world })
  const pipeline = DetectionPipeline.restore({ engine: strictEngine, seed: 1 }, past.pipeline, past.model)
  const numbering = new Numbering(past.numbers)
  const tracker = new StalenessTracker()
  for (const record of past.records) tracker.observe(record.site, record.endedAt, { link: linkOf(record) })
  const startedAt = past.now + 120
  const endsAt = startedAt + FAULT_SECONDS
  const fault = { v: 1, seq: 1, at: past.now, type: 'fault', kind, scope, hidden: false } as const
  world.apply({ ...fault, severity: SEVERITY, durationSeconds: FAULT_SECONDS, effectiveAt: startedAt })
  const maintenance: MaintenanceWindow[] = kind === 'maintenance' ? [{ scope, startsAt: startedAt, endsAt }] : []
  for (const window of maintenance)
    tracker.observeEvent({ v: 1, seq: 1, at: past.now, type: 'maintenance', ...window }, siteName('SITE_A'))

  const future: Future = { kind, scope, startedAt, verdicts: [], silent: [], firstAffectedAt: undefined, records: 0 }
  for (let now = past.now + 60; now <= endsAt + 720; now += 60) {
    const { records: emitted, truth } = world.runUntil(now)
    const records = numbering.number(emitted)
    future.records += records.length
    future.verdicts.push(...pipeline.process(records, { maintenance }))
    for (const record of records) tracker.observe(record.site, record.endedAt, { link: linkOf(record), seenAt: now })
    for (const { site, state } of tracker.at(now)) if (state === 'silent') future.silent.push({ site, at: now })
    for (const { entry } of truth) {
      const first = entry.witness?.firstAffectedAt
      if (first !== undefined) future.firstAffectedAt = Math.min(first, future.firstAffectedAt ?? first)
    }
  }
  return future
}

function linkOf(record: TransferRecord) {
  return linkKey(record.source, record.destination)
}
