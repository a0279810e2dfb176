import { fetchKafka, noKafka } from './kafka-parts.ts'

/** Once per run: the broker's parts are fetched when they are missing, and their absence is said. */
export function setup(): void {
  fetchKafka()
  const reason = noKafka()
  if (reason === undefined) return
  if (process.env.DTMS_REQUIRE_PARTS === '1') throw new Error(reason)
  process.stdout.write(`skipping what needs a broker: ${reason}\n`)
}
