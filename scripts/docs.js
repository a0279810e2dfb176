// Writes docs/configuration.md, docs/metrics.md and docs/cli.md from the compiled code; test/repo compares them.
import { writeFileSync } from 'node:fs'
import { referencePages } from '../dist/cli/reference-pages.js'

for (const [name, text] of await referencePages()) {
  writeFileSync(new URL(`../docs/${name}`, import.meta.url), text)
}
