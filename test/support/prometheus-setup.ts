import { buildPrometheus3, noAlertmanager, noPrometheus, noPrometheus3 } from './prometheus-parts.ts'

/** Once per run: Prometheus 3 is built when it is missing, and what is absent is said. */
export function setup(): void {
  buildPrometheus3()
  const reasons = [noPrometheus(), noPrometheus3(), noAlertmanager()].filter((reason) => reason !== undefined)
  if (reasons.length === 0) return
  if (process.env.DTMS_REQUIRE_PARTS === '1') throw new Error(reasons.join('\n'))
  for (const reason of reasons) process.stdout.write(`skipping what needs it: ${reason}\n`)
}
