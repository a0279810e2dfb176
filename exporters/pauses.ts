import type { Pause } from './source.ts'

/** A longer time without anybody recording is not made up for: nobody watched, and a flood of old records helps nobody. */
export const LONGEST_GAP_SECONDS = 600

/**
 * The gap rule. A process that comes back finds records up to `recordedUntil`; the world went on until `now`. Up to
 * ten world minutes are written with their original times; more is marked as paused.
 */
export function pauseOf(recordedUntil: number, now: number): Pause | undefined {
  return now - recordedUntil > LONGEST_GAP_SECONDS ? { from: recordedUntil, to: now } : undefined
}

/** Whether a record that was due at this instant is left out: pauses cover (from, to]. */
export function isPaused(pauses: readonly Pause[], at: number): boolean {
  return pauses.some((pause) => at > pause.from && at <= pause.to)
}
