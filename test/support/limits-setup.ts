import { noCgroups } from './cgroups.ts'
import { fetchKafka, noKafka } from './kafka-parts.ts'
import { sayMissing } from './part-cache.ts'
import { noAlertmanager, noPrometheus } from './prometheus-parts.ts'

/** Why the workloads cannot be measured inside their limits here; undefined when they can. */
export function noLimits(): string | undefined {
  const reasons = [noCgroups(), noKafka(), noPrometheus(), noAlertmanager()].filter((reason) => reason !== undefined)
  return reasons.length === 0 ? undefined : reasons.join('; ')
}

/** Once per run: the broker is fetched when it is missing, and what is absent is said. */
export function setup(): void {
  fetchKafka()
  sayMissing(noLimits(), 'measured use inside limits')
}
