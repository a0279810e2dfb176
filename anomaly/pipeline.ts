import { covers, type LinkKey, linkKey, type Scope } from '../lib/names.ts'
import type { TransferRecord } from '../lib/record/record.ts'
import { DayWindow, type DayWindowState, type SiteDay } from './day-window.ts'
import type { ForestEngine } from './engine.ts'
import { Features, type FeaturesState, type Observation, rateResidualOf } from './features.ts'
import { ForestDetector, type ForestDetectorState } from './forest-detector.ts'
import { LinkWatch, type LinkWatchState } from './link-watch.ts'
import { hasFiniteNumbers } from './measurement.ts'
import type { Model } from './model.ts'
import type { RefitRules } from './refit.ts'
import { isAnomalous } from './threshold.ts'
import { failureVerdict, LINK_THRESHOLD, shiftVerdict, transferVerdict, type Verdict } from './verdicts.ts'
import { WarmupZScore } from './warmup.ts'

/** An announced window in which nothing may alarm, world instants. */
export interface MaintenanceWindow {
  scope: Scope
  startsAt: number
  endsAt: number
}

export interface PipelineOptions {
  engine: ForestEngine
  seed: number
  rules?: RefitRules
  /** Multiple of the reference's spread at which the threshold lies (threshold.ts). */
  k?: number
}

/** Cumulative since the pipeline was made for the first time; a restart goes on counting. */
export interface PipelineCounts {
  records: number
  /** Inside an announced maintenance window: neither judged nor learnt. */
  suppressed: number
  /** Not finite where a number must be. */
  refused: number
  verdicts: number
  adoptedChanges: number
}

export interface PipelineState {
  features: FeaturesState
  forest: ForestDetectorState
  links: [string, LinkWatchState][]
  day: DayWindowState
  counts: PipelineCounts
}

export interface PipelineFacts {
  counts: PipelineCounts
  refits: { first: number; accepted: number; rejected: number }
  windowRows: number
  links: number
  model?: Pick<Model, 'fit' | 'engine' | 'threshold' | 'trainedFrom' | 'trainedTo' | 'rows' | 'anomalousShare'>
  sites: [site: string, day: SiteDay][]
}

/** Links beyond this many are not watched as a whole; single transfers still are. */
const MAX_WATCHED_LINKS = 1024

/**
 * Records in, verdicts out; no clock, no chance but the seed, no I/O. The same records in the same batches give the same
 * verdicts, and a pipeline that was saved and restored goes on as if nothing had happened.
 *
 * Each record is scored against what was known before it; then it is learnt, or, when it was flagged or its link is
 * under suspicion, remembered without being believed. Inside a batch the order is (endedAt, site, seq).
 */
export class DetectionPipeline {
  readonly #warmup = new WarmupZScore()
  #features = new Features()
  #forest: ForestDetector
  #links = new Map<LinkKey, LinkWatch>()
  #day = new DayWindow()
  #counts: PipelineCounts = { records: 0, suppressed: 0, refused: 0, verdicts: 0, adoptedChanges: 0 }

  constructor(options: PipelineOptions) {
    this.#forest = new ForestDetector(options)
  }

  static restore(options: PipelineOptions, state: PipelineState, model: Model | undefined): DetectionPipeline {
    const pipeline = new DetectionPipeline(options)
    pipeline.#features = Features.restore(state.features)
    pipeline.#forest = ForestDetector.restore(options, state.forest, model)
    for (const [link, saved] of state.links) pipeline.#links.set(link as LinkKey, new LinkWatch(saved))
    pipeline.#day = new DayWindow(state.day)
    pipeline.#counts = { ...state.counts }
    return pipeline
  }

  /** The model in force; undefined during warm-up. */
  get model(): Model | undefined {
    return this.#forest.model
  }

  process(records: readonly TransferRecord[], context: { maintenance: readonly MaintenanceWindow[] }): Verdict[] {
    const verdicts: Verdict[] = []
    for (const record of [...records].sort(byTime)) this.#processOne(record, context.maintenance, verdicts)
    this.#counts.verdicts += verdicts.length
    return verdicts
  }

  facts(): PipelineFacts {
    const { model } = this.#forest
    return {
      counts: { ...this.#counts },
      refits: { ...this.#forest.refits },
      windowRows: this.#forest.windowRows,
      links: this.#features.links,
      ...(model === undefined
        ? {}
        : {
            model: {
              fit: model.fit,
              engine: model.engine,
              threshold: model.threshold,
              trainedFrom: model.trainedFrom,
              trainedTo: model.trainedTo,
              rows: model.rows,
              anomalousShare: model.anomalousShare,
            },
          }),
      sites: [...this.#day.days()],
    }
  }

  save(): PipelineState {
    return {
      features: this.#features.save(),
      forest: this.#forest.save(),
      links: [...this.#links].map(([link, watch]) => [link, watch.save()]),
      day: this.#day.save(),
      counts: { ...this.#counts },
    }
  }

  #processOne(record: TransferRecord, maintenance: readonly MaintenanceWindow[], verdicts: Verdict[]): void {
    this.#counts.records += 1
    if (!hasFiniteNumbers(record)) {
      this.#counts.refused += 1
      return
    }
    if (maintenance.some((window) => isInside(record, window))) {
      this.#counts.suppressed += 1
      return
    }
    const before = verdicts.length
    const observation = this.#features.observe(record)
    const { score, flagged } = this.#judge(record, observation, verdicts)
    const watch = this.#watch(linkKey(record.source, record.destination))
    if (watch !== undefined) this.#watchLink(watch, record, observation, flagged, verdicts)
    if (flagged || watch?.suspicious === true) this.#features.refuse(record)
    else this.#features.learn(record)
    this.#forest.learn({ row: observation.row, flagged, endedAt: record.endedAt })
    this.#day.observe(record.site, record.endedAt, score, verdicts.length > before)
  }

  #judge(
    record: TransferRecord,
    observation: Observation,
    verdicts: Verdict[],
  ): { score: number | undefined; flagged: boolean } {
    const { model } = this.#forest
    const detector = model === undefined ? this.#warmup : this.#forest
    const score = model === undefined ? this.#warmup.score(observation.z) : this.#forest.score(observation)
    const threshold = model === undefined ? LINK_THRESHOLD : model.threshold
    if (score === undefined || !isAnomalous(score, threshold)) return { score, flagged: false }
    verdicts.push(transferVerdict(record, observation, { detector: detector.name, score, threshold, model }))
    return { score, flagged: true }
  }

  #watchLink(
    watch: LinkWatch,
    record: TransferRecord,
    observation: Observation,
    flagged: boolean,
    verdicts: Verdict[],
  ): void {
    const news = watch.observe(record, rateResidualOf(observation), flagged)
    if (news.failureAlarm) verdicts.push(failureVerdict(record, watch, news.failureScore))
    if (news.shiftAlarm) verdicts.push(shiftVerdict(record, watch, news.shiftScore))
    if (!news.changeConfirmed) return
    this.#counts.adoptedChanges += 1
    this.#features.adopt(observation.link)
    this.#forest.confirmDrift()
  }

  #watch(link: LinkKey): LinkWatch | undefined {
    let watch = this.#links.get(link)
    if (watch === undefined && this.#links.size < MAX_WATCHED_LINKS) {
      watch = new LinkWatch()
      this.#links.set(link, watch)
    }
    return watch
  }
}

/** Queued, running or ended inside the window, on a link that it covers: what waited for its end is covered too. */
export function isInside(record: TransferRecord, { scope, startsAt, endsAt }: MaintenanceWindow): boolean {
  return record.endedAt >= startsAt && record.queuedAt <= endsAt && covers(scope, record.source, record.destination)
}

function byTime(a: TransferRecord, b: TransferRecord): number {
  return a.endedAt - b.endedAt || (a.site < b.site ? -1 : a.site > b.site ? 1 : a.seq - b.seq)
}
