import { resolve } from 'node:path'
import { Option } from 'commander'
import { formatNames } from '../exporters/import/formats.ts'
import { importFile } from '../exporters/import/import.ts'
import type { ImportReport } from '../exporters/import/report.ts'
import { systemClock } from '../lib/clock.ts'
import { createLogger } from '../lib/logger.ts'
import { createInlineVolume } from '../lib/volume/inline.ts'
import type { AddCommand } from './command.ts'
import { type CliContext, createProgress } from './context.ts'

interface ImportFlags {
  format: string
  mapping?: string
  in: string
  out: string
  json?: boolean
}

export const addImport: AddCommand = (program, context, act) => {
  program
    .command('import')
    .description('bring a log of real transfers into a data directory; bad rows go to quarantine, with their reason')
    .addOption(new Option('--format <name>', 'what the file is').choices(formatNames).makeOptionMandatory())
    .requiredOption('--in <file>', 'the file; gzip is read directly')
    .requiredOption('--out <dir>', 'data directory; may hold earlier imports')
    .option('--mapping <file>', 'with mapped-csv: which column is which (docs/import.md)')
    .option('--json', 'one JSON object on stdout')
    .action((flags: ImportFlags) => act(() => runImport(context, flags)))
}

async function runImport(context: CliContext, flags: ImportFlags): Promise<number> {
  const progress = createProgress(context)
  const began = performance.now()
  try {
    const report = await importFile({
      format: flags.format,
      ...(flags.mapping === undefined ? {} : { mapping: flags.mapping }),
      inPath: flags.in,
      volume: createInlineVolume({ root: flags.out }),
      clock: systemClock,
      logger: createLogger({ service: 'import', layer: 'collection', level: context.env.LOG_LEVEL ?? 'warn', fd: 2 }),
      onProgress: ({ rows, bytesRead, totalBytes }) => {
        const share = totalBytes === 0 ? 1 : bytesRead / totalBytes
        progress.show(`importing ${Math.round(share * 100)} % · ${rows} rows`)
      },
    })
    progress.end()
    if (flags.json === true) context.out(JSON.stringify(report))
    else context.out(summary(report, flags, (performance.now() - began) / 1000))
    return 0
  } finally {
    progress.end()
  }
}

function summary(report: ImportReport, flags: ImportFlags, seconds: number): string {
  const { read, imported, repeated, quarantined, outOfOrder, from, to, sites, links, gaps, assumed } = report
  const lines = [
    `${read} rows of ${flags.in} in ${seconds.toFixed(1)} s`,
    `  imported     ${imported}`,
    `  repeated     ${repeated}  (in the log already)`,
    `  quarantined  ${quarantined.total}${reasons(quarantined.byReason)}`,
    `  out of order ${outOfOrder}  (imported with their own times)`,
  ]
  if (from !== null && to !== null) lines.push(`  covers       ${shown(from)} to ${shown(to)}`)
  lines.push(
    `  sites        ${sites.join(', ') || 'none'}; ${links.length} links; ${gaps.length} gaps of more than an hour`,
  )
  for (const { assumption, rows } of assumed) lines.push(`  assumed      ${assumption} (${rows} rows)`)
  if (quarantined.total > 0) lines.push(`  see          dtms log cat --data ${flags.out} --stream quarantine`)
  lines.push('', `show it: dtms up --data ${resolve(flags.out)} --source none`)
  return lines.join('\n')
}

function reasons(byReason: ImportReport['quarantined']['byReason']): string {
  const parts = Object.entries(byReason).map(([reason, rows]) => `${reason} ${rows}`)
  return parts.length === 0 ? '' : `  (${parts.join(', ')})`
}

function shown(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}
