import { words } from './panels.ts'
import { freshnessOrder } from './queries.ts'

/** Bars that several panels share, each with what it stands for. */

/** No peak may pass 85 % of its limit; at the limit the kernel ends the process. */
export const limitSteps = [
  { from: 0.7, colour: 'yellow' },
  { from: 0.85, colour: 'red' },
]

/** A healthy world fails 3 % of its attempts. */
export const failedSteps = [
  { from: 0.06, colour: 'yellow' },
  { from: 0.15, colour: 'red' },
]

/** One is already one too many. */
export const noneSteps = [{ from: 1, colour: 'red' }]

/** Wants a look, hurts nobody yet. */
export const someSteps = [{ from: 1, colour: 'orange' }]

/** The bar of processing: 95 % of the events within 2 s. */
export const processingSteps = [
  { from: 1, colour: 'yellow' },
  { from: 2, colour: 'red' },
]

/** The bar of storage: 95 % of the writes within 100 ms. */
export const writeSteps = [
  { from: 0.05, colour: 'yellow' },
  { from: 0.1, colour: 'red' },
]

/** Left of an error budget; red below the first. */
export const budgetSteps = [
  { from: 0, colour: 'orange' },
  { from: 0.25, colour: 'yellow' },
  { from: 0.5, colour: 'green' },
]

/** Times as fast as the budget allows: from 6 on somebody is called. */
export const burnSteps = [
  { from: 1, colour: 'yellow' },
  { from: 3, colour: 'orange' },
  { from: 6, colour: 'red' },
]

const freshnessColours = {
  fresh: 'green',
  recovered: 'light-green',
  waiting: 'light-blue',
  maintenance: 'blue',
  paused: 'purple',
  late: 'yellow',
  unknown: 'orange',
  silent: 'red',
} as const

export const freshnessWords = words(
  freshnessOrder.map((state, number) => [number, state, freshnessColours[state]] as const),
)

export const upWords = words([
  [0, 'down', 'red'],
  [1, 'up', 'green'],
])

export const yesWords = words([
  [0, 'no', 'red'],
  [1, 'yes', 'green'],
])
