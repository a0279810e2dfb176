import { fetchSpark, noSpark } from './spark-parts.ts'

/** Once per run: Spark is fetched when it is missing, and its absence is said. */
export function setup(): void {
  fetchSpark()
  const reason = noSpark()
  if (reason === undefined) return
  if (process.env.DTMS_REQUIRE_PARTS === '1') throw new Error(reason)
  process.stdout.write(`skipping what needs Spark: ${reason}\n`)
}
