import { type Severity, severities } from '../lib/streams/anomalies.ts'

/** An alarm that lasts is repeated this often, seconds of record time; one that grows worse may speak up sooner. */
const REPEAT_SECONDS = 900
const WORSE_SECONDS = 120

export interface LinkAlarmState {
  activeSince?: number
  lastAt?: number
  lastSeverity?: Severity
}

/** Turns "the statistic is above its limit" into few alarms: one at the onset, then a repetition now and then while it lasts. */
export class LinkAlarm {
  #activeSince: number | undefined
  #lastAt: number | undefined
  #lastSeverity: Severity = 'minor'

  constructor(state: LinkAlarmState = {}) {
    this.#activeSince = state.activeSince
    this.#lastAt = state.lastAt
    this.#lastSeverity = state.lastSeverity ?? 'minor'
  }

  /** Record time at which the trouble that still lasts began. */
  get activeSince(): number | undefined {
    return this.#activeSince
  }

  /**
   * @param ratio the statistic over its limit: 1 and above raises, below 0.25 ends
   * @returns whether to speak now
   */
  observe(ratio: number, severity: Severity, now: number): boolean {
    if (ratio < 0.25) this.#activeSince = undefined
    if (ratio < 1) return false
    this.#activeSince ??= now
    const since = this.#lastAt === undefined ? Number.POSITIVE_INFINITY : now - this.#lastAt
    const worse = severities.indexOf(severity) > severities.indexOf(this.#lastSeverity)
    if (since < (worse ? WORSE_SECONDS : REPEAT_SECONDS)) return false
    this.#lastAt = now
    this.#lastSeverity = severity
    return true
  }

  save(): LinkAlarmState {
    return {
      ...(this.#activeSince === undefined ? {} : { activeSince: this.#activeSince }),
      ...(this.#lastAt === undefined ? {} : { lastAt: this.#lastAt, lastSeverity: this.#lastSeverity }),
    }
  }
}
