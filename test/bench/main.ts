import { runBenches } from './support-run.ts'

await runBenches(new URL('.', import.meta.url), process.argv.slice(2))
