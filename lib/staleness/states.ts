/** What can be said about the records of a site, worst knowledge first (docs/freshness.md). */
export const freshnessStates = [
  'unknown',
  'maintenance',
  'paused',
  'waiting',
  'fresh',
  'late',
  'silent',
  'recovered',
] as const
export type FreshnessState = (typeof freshnessStates)[number]

/** How long a site that was late, silent or paused is called recovered, seconds. */
export const RECOVERED_SECONDS = 300

/** An age of more than this many times the expected one is silence. */
export const SILENT_FACTOR = 2

export interface StateFacts {
  /** Whether the volume could be read lately. */
  readable: boolean
  inMaintenance: boolean
  paused: boolean
  /** Seconds since the newest record, announced stretches not counted; undefined when the site has never sent. */
  quietSeconds: number | undefined
  expectedSeconds: number
  /** Seconds since the site was last seen to come back; undefined when it never was away. */
  backForSeconds: number | undefined
}

/** The state of one site; the order of the questions is the precedence. */
export function stateOf(facts: StateFacts): FreshnessState {
  if (!facts.readable) return 'unknown'
  if (facts.inMaintenance) return 'maintenance'
  if (facts.paused) return 'paused'
  if (facts.quietSeconds === undefined) return 'waiting'
  if (facts.quietSeconds > SILENT_FACTOR * facts.expectedSeconds) return 'silent'
  if (facts.quietSeconds > facts.expectedSeconds) return 'late'
  return facts.backForSeconds !== undefined && facts.backForSeconds < RECOVERED_SECONDS ? 'recovered' : 'fresh'
}
