import type { FailureCause } from './failures.ts'
import type { Bend } from './faults/fault.ts'

/** All bends of a link together. */
export interface LinkBend {
  speed: number
  setup: number
  loss: number
  rtt: number
  fail: (FailureCause & { share: number })[]
  stopped: boolean
  held: boolean
}

export const straight: LinkBend = { speed: 1, setup: 1, loss: 1, rtt: 1, fail: [], stopped: false, held: false }

/** Factors multiply; of several that fail attempts, the first whose share is hit names the error. */
export function combine(bends: readonly Bend[]): LinkBend {
  if (bends.length === 0) return straight
  const product = (factor: (bend: Bend) => number | undefined) =>
    bends.reduce((value, bend) => value * (factor(bend) ?? 1), 1)
  return {
    speed: product((bend) => bend.speed),
    setup: product((bend) => bend.setup),
    loss: product((bend) => bend.loss),
    rtt: product((bend) => bend.rtt),
    fail: bends.flatMap((bend) => (bend.fail === undefined ? [] : [bend.fail])),
    stopped: bends.some((bend) => bend.stopped),
    held: bends.some((bend) => bend.held),
  }
}
