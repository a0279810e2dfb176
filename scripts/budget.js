// Writes the newest run of `npm run test:limits` between the markers of docs/budget.md.
import { readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const { DTMS_CACHE_DIR, XDG_CACHE_HOME } = process.env
const kept = join(DTMS_CACHE_DIR ?? join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'dtms'), 'measured-use.json')
const page = new URL('../docs/budget.md', import.meta.url)
const BEGIN = '<!-- measured use: begin (npm run budget) -->'
const END = '<!-- measured use: end -->'

let run
try {
  run = JSON.parse(readFileSync(kept, 'utf8'))
} catch {
  process.stderr.write(`${kept} is not there: npm run test:limits measures and writes it\n`)
  process.exit(1)
}
const text = readFileSync(page, 'utf8')
const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)]
if (from < 0 || to < from) {
  process.stderr.write('docs/budget.md has no markers for the measured use\n')
  process.exit(1)
}
const measured = [
  `Measured ${run.at.slice(0, 10)} on ${run.machine}; all workloads at once, ready after ${Math.round(run.readySeconds)} s, then ${run.minutes} minutes at the default rate and ${run.minutes} at ten times of it.`,
  '',
  run.table,
]
writeFileSync(page, `${text.slice(0, from)}${BEGIN}\n${measured.join('\n')}\n${text.slice(to)}`)
