import type { Detector } from '../lib/detect/detector.ts'

/** Robust standard deviations at which the score is 0.5. Waiting times have long tails: 8 is rare even for them. */
const LIMIT_Z = 8

/** Before the first model there are only the baselines: the largest robust z of any feature. It learns nothing itself. */
export class WarmupZScore implements Detector<Float32Array> {
  readonly name = 'zscore'

  score(row: Float32Array): number {
    let largest = 0
    for (const z of row) largest = Math.max(largest, Math.abs(z))
    return largest / (largest + LIMIT_Z)
  }

  learn(): void {}

  save(): null {
    return null
  }
}
