import { readdirSync } from 'node:fs'
import type { BenchRow } from './harness.ts'

/**
 * Runs every bench of a folder (or those named in the arguments) and prints one table; `--json` prints the rows, `--strict`
 * fails on a missed bar.
 */
export async function runBenches(folder: URL, args: readonly string[]): Promise<void> {
  const json = args.includes('--json')
  const wanted = args.filter((arg) => !arg.startsWith('--'))
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.js') && !['main.js', 'harness.js'].includes(name) && !name.startsWith('support-'))
    .map((name) => name.slice(0, -3))
  const chosen = wanted.length === 0 ? names : wanted
  const unknown = chosen.filter((name) => !names.includes(name))
  if (unknown.length > 0) {
    process.stderr.write(`no such bench: ${unknown.join(', ')}\nthere are: ${names.join(', ')}\n`)
    process.exit(2)
  }

  const rows: (BenchRow & { bench: string })[] = []
  let missed = 0
  for (const name of chosen) {
    const bench: { run(): Promise<BenchRow[]> } = await import(new URL(`./${name}.js`, folder).href)
    for (const row of await bench.run()) {
      rows.push({ bench: name, ...row })
      if (row.ok === false) missed += 1
      if (!json) process.stdout.write(`${line(name, row)}\n`)
    }
  }
  if (json) process.stdout.write(`${JSON.stringify({ rows })}\n`)
  else process.stdout.write(`\n${rows.length} figures, ${missed} bars missed\n`)
  process.exitCode = missed > 0 && args.includes('--strict') ? 1 : 0
}

function line(bench: string, row: BenchRow): string {
  const value = Math.abs(row.value) >= 100 ? row.value.toFixed(0) : row.value.toPrecision(3)
  const verdict = row.ok === undefined ? '' : row.ok ? 'ok' : 'MISS'
  const note = row.note === undefined ? '' : `  (${row.note})`
  return `${verdict.padEnd(5)}${`${bench}: ${row.name}`.padEnd(68)} ${value.padStart(10)} ${row.unit.padEnd(12)}${row.bar ?? ''}${note}`
}
