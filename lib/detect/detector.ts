/**
 * What every detector is: it scores an observation against what it has learnt, and it learns. Deciding (threshold,
 * severity, how often to repeat an alarm) is another part's work, so that one scoreboard can compare all detectors.
 *
 * Promises, checked for each by test/contracts/detector.contract.ts: a score is between 0 and 1 and high is anomalous;
 * scoring changes nothing; the same observations in the same order give the same scores; a detector that was saved and
 * restored goes on as if nothing had happened.
 */
export interface Detector<Observation> {
  readonly name: string
  /** Undefined while too little has been learnt to say anything. */
  score(observation: Observation): number | undefined
  learn(observation: Observation): void
  /** Plain data: numbers, strings, arrays, objects, typed arrays. */
  save(): unknown
}
