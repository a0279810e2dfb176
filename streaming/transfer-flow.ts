import type { ZScoreOptions } from '../lib/detect/zscore.ts'
import { DtmsError } from '../lib/errors.ts'
import type { BusMessage, TopicPartition } from './bus.ts'
import type { StreamEvent } from './event.ts'
import { type Decision, emptyOutcome, type Flow, type FlowCounts, type Outcome } from './flow.ts'
import { parseMessage } from './message.ts'
import { toQuarantine } from './quarantine-entry.ts'
import { Repeats, type SavedRepeats } from './repeats.ts'
import { enrichedValue, type RouteTable, targetsOf } from './routing.ts'
import { TransferValues } from './transfer-values.ts'
import { type SavedWindows, type WindowRules, WindowState } from './windows.ts'

export interface TransferFlowOptions {
  at: TopicPartition
  rules: WindowRules
  zscore: ZScoreOptions
  counts: FlowCounts
  routes: RouteTable
  /** Scores that are no anomalies come out as decisions, too: only for those who print them. */
  keepsAllDecisions?: boolean
}

export interface SavedTransferFlow {
  windowSeconds: number
  newestAt: number
  repeats: SavedRepeats
  windows: SavedWindows
  values: Uint8Array
}

/** Transfers: each counted once in its window, and scored against the past of its link. */
export class TransferFlow implements Flow {
  readonly #options: TransferFlowOptions
  readonly #repeats: Repeats
  readonly #windows: WindowState
  readonly #values: TransferValues
  #outcome = emptyOutcome()
  #newestAt: number

  /**
   * `saved`: what `save` gave, or undefined.
   * @throws DtmsError `checkpoint.invalid` for windows of another length: they cannot be gone on with
   */
  static restore(options: TransferFlowOptions, saved: unknown): TransferFlow {
    return new TransferFlow(options, saved as SavedTransferFlow | undefined)
  }

  private constructor(options: TransferFlowOptions, saved: SavedTransferFlow | undefined) {
    const { rules, zscore, at } = options
    if (saved !== undefined && saved.windowSeconds !== rules.windowSeconds) throw otherLength(options, saved)
    this.#options = options
    this.#newestAt = saved?.newestAt ?? 0
    this.#repeats = saved === undefined ? new Repeats() : Repeats.restore(saved.repeats)
    this.#windows =
      saved === undefined
        ? new WindowState(rules, at.partition)
        : WindowState.restore(rules, at.partition, saved.windows)
    this.#values = TransferValues.restore(zscore, saved?.values)
  }

  /** A rule may send any record to the decision log. */
  get #wantsAllDecisions(): boolean {
    return this.#options.keepsAllDecisions === true || this.#options.routes.rules.length > 0
  }

  get counts(): FlowCounts {
    return this.#options.counts
  }

  get newestAt(): number {
    return this.#newestAt
  }

  take(message: BusMessage): Decision | undefined {
    const { counts } = this.#options
    const parsed = parseMessage(message)
    if (!parsed.ok) {
      this.#quarantine(message, parsed.reason, parsed.detail)
      return undefined
    }
    const { event } = parsed
    if (!this.#repeats.isNew(event.site, event.seq)) {
      counts.repeated += 1
      return undefined
    }
    this.#newestAt = Math.max(this.#newestAt, event.at)
    const place = this.#windows.add(event)
    if (place === 'dropped') counts.dropped += 1
    else counts.processed += 1
    if (place === 'late') counts.late += 1
    const decision = this.#judge(message, event)
    if (this.#options.routes.rules.length > 0) this.#route(message, event, decision)
    return decision
  }

  collect(): Outcome {
    const outcome = this.#outcome
    outcome.windows = this.#windows.takeClosed()
    this.#outcome = emptyOutcome()
    return outcome
  }

  save(): SavedTransferFlow {
    return {
      windowSeconds: this.#options.rules.windowSeconds,
      newestAt: this.#newestAt,
      repeats: this.#repeats.save(),
      windows: this.#windows.save(),
      values: this.#values.save(),
    }
  }

  #judge(message: BusMessage, event: StreamEvent): Decision | undefined {
    const finding = this.#values.observe(event)
    if (finding === undefined) return undefined
    if (finding.line !== undefined) this.#outcome.anomalies.push(finding.line)
    else if (!this.#wantsAllDecisions) return undefined
    const decision: Decision = {
      eventId: event.id,
      offset: message.offset,
      key: event.link,
      at: event.at,
      processingMs: 0,
      score: finding.score,
      zScore: finding.z,
      channel: finding.channel,
      anomaly: finding.line !== undefined,
    }
    if (decision.anomaly || this.#options.keepsAllDecisions === true) this.#outcome.decisions.push(decision)
    return decision
  }

  #route(message: BusMessage, event: StreamEvent, decision: Decision | undefined): void {
    const { routes } = this.#options
    const more = routes.enricher.enrich(event)
    const { link, id, at } = event
    const unscored = { score: 0, zScore: 0, channel: 'none', anomaly: false, processingMs: 0 }
    for (const target of targetsOf(routes, event, more, decision?.anomaly ?? false)) {
      this.#outcome.routed.push({
        ...{ target, message, link, value: enrichedValue(message.value ?? Buffer.alloc(0), more, target.rule) },
        decision: decision ?? { eventId: id, offset: message.offset, key: link, at, ...unscored },
      })
    }
  }

  #quarantine(message: BusMessage, reason: string, detail: string): void {
    const { at, counts } = this.#options
    counts.quarantine(reason)
    const origin = `${at.topic}-p${at.partition}`
    this.#outcome.quarantined.push(toQuarantine(message, { at: this.#newestAt, origin, reason, detail }))
  }
}

function otherLength({ at, rules }: TransferFlowOptions, saved: SavedTransferFlow): DtmsError {
  const file = `checkpoints/stream/${at.topic}-p${at.partition}`
  return new DtmsError(
    'checkpoint.invalid',
    `${file} holds windows of ${saved.windowSeconds} s, and the settings want ${rules.windowSeconds} s`,
    {
      hint: `set DTMS_STREAM_WINDOW_SECONDS=${saved.windowSeconds} again, or start over in another data directory: windows of two lengths would count records twice`,
    },
  )
}
