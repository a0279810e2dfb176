import { fetchKafka, noKafka } from './kafka-parts.ts'
import { noLimits } from './limits.ts'
import { noAlertmanager, noPrometheus } from './prometheus-parts.ts'

/** Why the whole stack cannot be run and watched here, each reason once; empty when it can. */
export function missingParts(): string[] {
  return [noKafka(), noPrometheus(), noAlertmanager(), noLimits()].filter((reason) => reason !== undefined)
}

/** Once per run: the broker's parts are fetched when they are missing, and what is absent is said. */
export function setup(): void {
  fetchKafka()
  const reasons = missingParts()
  if (reasons.length === 0) return
  if (process.env.DTMS_REQUIRE_PARTS === '1') throw new Error(reasons.join('\n'))
  for (const reason of reasons) process.stdout.write(`skipping what needs it: ${reason}\n`)
}
