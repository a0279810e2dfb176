import type { ZScoreOptions } from '../lib/detect/zscore.ts'
import type { BusMessage, TopicPartition } from './bus.ts'
import { type Decision, emptyOutcome, type Flow, type FlowCounts, type Outcome } from './flow.ts'
import { createEventParser, type EventPaths, toEventAnomaly } from './json-event.ts'
import { toQuarantine } from './quarantine-entry.ts'
import { ValueStreams } from './values.ts'

export interface EventFlowOptions {
  at: TopicPartition
  zscore: ZScoreOptions
  paths: EventPaths
  counts: FlowCounts
  /** Scores that are no anomalies come out as decisions, too: only for those who print them. */
  keepsAllDecisions?: boolean
}

export interface SavedEventFlow {
  newestAt: number
  values: Uint8Array
}

/** Values of a topic that does not carry transfers: one z-score for each key. */
export class EventFlow implements Flow {
  readonly #options: EventFlowOptions
  readonly #parse: ReturnType<typeof createEventParser>
  readonly #values: ValueStreams
  #outcome = emptyOutcome()
  #newestAt: number

  /** `before`: what `save` gave, or undefined. */
  static restore(options: EventFlowOptions, before: unknown): EventFlow {
    const { zscore } = options
    const saved = before as SavedEventFlow | undefined
    const values = saved === undefined ? new ValueStreams({ zscore }) : ValueStreams.restore({ zscore }, saved.values)
    return new EventFlow(options, values, saved?.newestAt ?? 0)
  }

  private constructor(options: EventFlowOptions, values: ValueStreams, newestAt: number) {
    this.#options = options
    this.#parse = createEventParser(options.paths)
    this.#values = values
    this.#newestAt = newestAt
  }

  get counts(): FlowCounts {
    return this.#options.counts
  }

  get newestAt(): number {
    return this.#newestAt
  }

  take(message: BusMessage): Decision | undefined {
    const { at, counts } = this.#options
    const parsed = this.#parse(message, at)
    if (!parsed.ok) {
      counts.quarantine(parsed.reason)
      const { reason, detail } = parsed
      const origin = `${at.topic}-p${at.partition}`
      this.#outcome.quarantined.push(toQuarantine(message, { at: this.#newestAt, origin, reason, detail }))
      return undefined
    }
    const { event } = parsed
    this.#newestAt = Math.max(this.#newestAt, event.at)
    counts.processed += 1
    const verdict = this.#values.observe(event.key, event.value)
    if (verdict === undefined) return undefined
    const decision: Decision = {
      eventId: event.eventId,
      offset: message.offset,
      key: event.key,
      at: event.at,
      processingMs: 0,
      score: verdict.score,
      zScore: verdict.z,
      channel: verdict.channel,
      anomaly: verdict.anomalous,
    }
    if (verdict.anomalous) this.#outcome.eventAnomalies.push(toEventAnomaly(event, verdict))
    if (decision.anomaly || this.#options.keepsAllDecisions === true) this.#outcome.decisions.push(decision)
    return decision
  }

  collect(): Outcome {
    const outcome = this.#outcome
    this.#outcome = emptyOutcome()
    return outcome
  }

  save(): SavedEventFlow {
    return { newestAt: this.#newestAt, values: this.#values.save() }
  }
}
