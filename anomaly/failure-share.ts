import type { Detector } from '../lib/detect/detector.ts'
import type { Severity } from '../lib/streams/anomalies.ts'

/** One attempt on one link: did it fail, and which try was it (1 for the first). */
export interface Attempt {
  failed: boolean
  attempt: number
}

/** Share of failures that is usual where nothing is known yet, and the range in which a link's own share is believed. */
const PRIOR_SHARE = 0.03
const LEAST_SHARE = 0.01
const MOST_SHARE = 0.4
/** Weight of the newest attempt in the usual share: about the last 500. */
const SHARE_WEIGHT = 1 / 500
/** Weight of the newest attempt in the present share, which is what people are told: about the last 12. */
const PRESENT_WEIGHT = 1 / 12

/**
 * Alarm limit, natural logarithm of the likelihood ratio. At the usual share, reaching it takes at least e^limit attempts
 * on average (Lorden, 1971): a link with 5 attempts a minute is wrong less than once in 20 days, in practice far less.
 */
const LIMIT = 12

export interface FailureShareState {
  usual: number
  present: number
  evidence: number
}

/**
 * Has the share of failures on a link risen? A cumulative sum of log-likelihood ratios (Page, 1954) between the usual
 * share p0 and a clearly raised one, at least a quarter. A single failure adds 2 to evidence that needs 12 and that
 * every success wears down again, so lone failures never alarm; eight in a row do, and so does every third attempt
 * failing for a while. Retries of one file are not independent news: the n-th try counts 1/n.
 */
export class FailureShare implements Detector<Attempt> {
  readonly name = 'failure-share'
  #usual: number
  #present: number
  #evidence: number

  constructor(state: FailureShareState = { usual: PRIOR_SHARE, present: PRIOR_SHARE, evidence: 0 }) {
    this.#usual = state.usual
    this.#present = state.present
    this.#evidence = state.evidence
  }

  /** 0.5 at the limit. */
  score(attempt: Attempt): number {
    const evidence = this.#next(attempt)
    return evidence / (evidence + LIMIT)
  }

  /** Evidence over the limit after the newest attempt: 1 and above is an alarm. */
  get ratio(): number {
    return this.#evidence / LIMIT
  }

  get usualShare(): number {
    return this.#usual
  }

  get presentShare(): number {
    return this.#present
  }

  learn(attempt: Attempt): void {
    this.#evidence = this.#next(attempt)
    const failed = Number(attempt.failed)
    this.#present += (PRESENT_WEIGHT / attempt.attempt) * (failed - this.#present)
    // While evidence is gathering the present must not become usual; at half the limit learning stops.
    if (this.#evidence < LIMIT / 2) this.#usual += (SHARE_WEIGHT / attempt.attempt) * (failed - this.#usual)
  }

  /** Trouble that has lasted so long that it is how this link is: learn it. */
  adopt(): void {
    this.#usual = this.#present
    this.#evidence = 0
  }

  save(): FailureShareState {
    return { usual: this.#usual, present: this.#present, evidence: this.#evidence }
  }

  #next({ failed, attempt }: Attempt): number {
    const p0 = Math.min(MOST_SHARE, Math.max(LEAST_SHARE, this.#usual))
    const p1 = Math.min(0.9, Math.max(0.25, 4 * p0))
    const gain = failed ? Math.log(p1 / p0) : Math.log((1 - p1) / (1 - p0))
    // Capped, so that the end of the trouble is noticed soon as well.
    return Math.min(2 * LIMIT, Math.max(0, this.#evidence + gain / attempt))
  }
}

/** By the share that fails at present: a tenth, a third, two thirds. */
export function failureSeverity(presentShare: number): Severity {
  if (presentShare >= 2 / 3) return 'critical'
  return presentShare >= 1 / 3 ? 'major' : 'minor'
}
