import { runBenches } from '../bench/support-run.ts'
import { fetchKafka, noKafka } from '../support/kafka-parts.ts'

/** Benches that start a real broker for themselves: `npm run bench:kafka`. */
fetchKafka()
const why = noKafka()
if (why === undefined) await runBenches(new URL('.', import.meta.url), process.argv.slice(2))
else process.stdout.write(`not run: ${why}\n`)
if (why !== undefined && process.env.DTMS_REQUIRE_PARTS === '1') process.exitCode = 1
