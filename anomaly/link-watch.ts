import type { TransferRecord } from '../lib/record/record.ts'
import { FailureShare, type FailureShareState, failureSeverity } from './failure-share.ts'
import { LinkAlarm, type LinkAlarmState } from './link-alarm.ts'
import { type RateResidual, slownessSeverity, ThroughputShift, type ThroughputShiftState } from './throughput-shift.ts'

/** A change must have lasted this long before it is taken for the new normal: half an hour of trouble must not be. */
const CONFIRM_SECONDS = 2700
/** Failures are trouble for longer: only after this long does a raised share count as how the link is. */
const CONFIRM_FAILURES_SECONDS = 6 * 3600
/** Weight of the newest record in the share of flagged ones, and the shares at which a change begins and ends. */
const FLAGGED_WEIGHT = 1 / 48
const FLAGGED_BEGINS = 0.3
const FLAGGED_ENDS = 0.1
/** A link that runs at this share of its usual rate or above is not called slow. */
const STILL_SLOW = 0.9
/** Share of an alarm limit at which a link's records are no longer taken for usual. */
const SUSPICIOUS = 0.75
/** Errors that are remembered to say what kind it mostly is. */
const RECENT_ERRORS = 16

export interface LinkWatchState {
  failures: FailureShareState
  failureAlarm: LinkAlarmState
  shift: ThroughputShiftState
  shiftAlarm: LinkAlarmState
  flaggedShare: number
  changedSince?: number
  failingSince?: number
  errors: string[]
}

/** What one record did to its link. */
export interface LinkNews {
  failureAlarm: boolean
  shiftAlarm: boolean
  /** The link has been different for so long that this is what it is like now. */
  changeConfirmed: boolean
  failureScore: number
  shiftScore: number
}

/** Everything that is watched of one link as a whole, and how long it has been different. */
export class LinkWatch {
  readonly failures: FailureShare
  readonly shift: ThroughputShift
  readonly #failureAlarm: LinkAlarm
  readonly #shiftAlarm: LinkAlarm
  #flaggedShare: number
  #changedSince: number | undefined
  #failingSince: number | undefined
  #errors: string[]

  constructor(state?: LinkWatchState) {
    this.failures = new FailureShare(state?.failures)
    this.shift = new ThroughputShift(state?.shift)
    this.#failureAlarm = new LinkAlarm(state?.failureAlarm)
    this.#shiftAlarm = new LinkAlarm(state?.shiftAlarm)
    this.#flaggedShare = state?.flaggedShare ?? 0
    this.#changedSince = state?.changedSince
    this.#failingSince = state?.failingSince
    this.#errors = [...(state?.errors ?? [])]
  }

  /** While evidence of trouble is gathering, nothing that comes over this link is taken for usual. */
  get suspicious(): boolean {
    return Math.max(this.shift.ratio, this.shift.highRatio, this.failures.ratio) >= SUSPICIOUS
  }

  /** `rate` is undefined for a transfer whose rate was not measured. */
  observe(record: TransferRecord, rate: RateResidual | undefined, flagged: boolean): LinkNews {
    const now = record.endedAt
    const failed = record.status !== 'ok'
    const attempt = { failed, attempt: record.attempt }
    const failureScore = this.failures.score(attempt)
    this.failures.learn(attempt)
    if (record.error !== undefined) {
      this.#errors.push(`${record.error.scope}/${record.error.class}`)
      if (this.#errors.length > RECENT_ERRORS) this.#errors.shift()
    }
    let shiftScore = 0
    let shiftAlarm = false
    if (rate !== undefined) {
      shiftScore = this.shift.score(rate)
      this.shift.learn(rate)
      // The sums come down slower than the link recovers: while it runs as usual there is nothing to say.
      const ratio = this.shift.presentRatio < STILL_SLOW ? this.shift.ratio : Math.min(this.shift.ratio, 0.99)
      shiftAlarm = this.#shiftAlarm.observe(ratio, slownessSeverity(this.shift.presentRatio), now)
    }
    this.#flaggedShare += FLAGGED_WEIGHT * (Number(flagged) - this.#flaggedShare)
    const failureAlarm = this.#failureAlarm.observe(
      this.failures.ratio,
      failureSeverity(this.failures.presentShare),
      now,
    )
    return { failureAlarm, shiftAlarm, failureScore, shiftScore, changeConfirmed: this.#confirm(now) }
  }

  /** The error that most of the last failures had. */
  commonestError(): string | undefined {
    const counts = new Map<string, number>()
    for (const error of this.#errors) counts.set(error, (counts.get(error) ?? 0) + 1)
    let commonest: string | undefined
    for (const [error, count] of counts)
      if (commonest === undefined || count > (counts.get(commonest) ?? 0)) commonest = error
    return commonest
  }

  save(): LinkWatchState {
    return {
      failures: this.failures.save(),
      failureAlarm: this.#failureAlarm.save(),
      shift: this.shift.save(),
      shiftAlarm: this.#shiftAlarm.save(),
      flaggedShare: this.#flaggedShare,
      ...(this.#changedSince === undefined ? {} : { changedSince: this.#changedSince }),
      ...(this.#failingSince === undefined ? {} : { failingSince: this.#failingSince }),
      errors: [...this.#errors],
    }
  }

  #confirm(now: number): boolean {
    const shifted = Math.max(this.shift.ratio, this.shift.highRatio)
    if (shifted >= 1 || this.#flaggedShare >= FLAGGED_BEGINS) this.#changedSince ??= now
    else if (shifted < 0.25 && this.#flaggedShare < FLAGGED_ENDS) this.#changedSince = undefined
    if (this.failures.ratio >= 1) this.#failingSince ??= now
    else if (this.failures.ratio < 0.25) this.#failingSince = undefined
    if (this.#failingSince !== undefined && now - this.#failingSince >= CONFIRM_FAILURES_SECONDS) {
      this.failures.adopt()
      this.#failingSince = undefined
    }
    if (this.#changedSince === undefined || now - this.#changedSince < CONFIRM_SECONDS) return false
    this.shift.adopt()
    this.#flaggedShare = 0
    this.#changedSince = undefined
    return true
  }
}
