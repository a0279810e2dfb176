import { resolve } from 'node:path'
import { parseFaultFlag } from '../exporters/fault-flag.ts'
import { loadScenario } from '../exporters/scenario-file.ts'
import { DEFAULT_START, type SimulateReport, simulate, simulateFit } from '../exporters/simulate.ts'
import { DtmsError } from '../lib/errors.ts'
import { siteName } from '../lib/names.ts'
import { createInlineVolume } from '../lib/volume/inline.ts'
import type { AddCommand } from './command.ts'
import { type CliContext, createProgress, table } from './context.ts'
import { instant, positiveNumber, wholeNumber } from './options.ts'

interface SimulateFlags {
  scenario: string
  seed: number
  days: number
  start: number
  out?: string
  site?: string
  fault: string[]
  fit?: boolean
  json?: boolean
}

export const addSimulate: AddCommand = (program, context, act) => {
  program
    .command('simulate')
    .description('run a world without a clock and write its logs: the same arguments give the same bytes')
    .option('--out <dir>', 'folder to write; must not hold another world')
    .option('--scenario <name>', 'packaged scenario or path of a YAML file', 'default')
    .option('--seed <n>', 'seed of the world', wholeNumber, 7)
    .option('--days <d>', 'how long, world days', positiveNumber, 1)
    .option('--start <instant>', 'world time at which it begins: date, instant or Unix seconds', instant, DEFAULT_START)
    .option('--site <name>', 'write only this site: the same bytes as in the whole tree')
    .option(
      '--fault <kind:scope:severity:start:duration>',
      'inject a fault, for example link-brownout:SITE_A>SITE_B:0.8:6h:20m; may be repeated',
      (text: string, all: string[]) => [...all, text],
      [],
    )
    .option('--fit', 'compare what was simulated with the figures of real transfers that it is fitted to')
    .option('--json', 'one JSON object on stdout')
    .action((flags: SimulateFlags) => act(() => runSimulate(context, flags)))
}

async function runSimulate(context: CliContext, flags: SimulateFlags): Promise<number> {
  const scenario = loadScenario(flags.scenario)
  const faults = flags.fault.map((text, index) => parseFaultFlag(text, index + 1, flags.start))
  const world = { scenario, seed: flags.seed, start: flags.start, durationSeconds: flags.days * 86_400 }
  if (flags.out === undefined && flags.fit !== true) {
    throw new DtmsError('usage.invalid', 'nothing to do: neither --out nor --fit is given', {
      hint: 'name a folder with --out, or print the fit with --fit',
    })
  }
  const progress = createProgress(context)
  const onProgress = (done: number): void => progress.show(`simulating ${Math.round(done * 100)} %`)
  const began = performance.now()
  let report: SimulateReport | undefined
  if (flags.out !== undefined) {
    report = await simulate({
      ...world,
      volume: createInlineVolume({ root: flags.out }),
      outDir: flags.out,
      faults,
      ...(flags.site === undefined ? {} : { site: siteName(flags.site) }),
      onProgress,
    })
  }
  const seconds = (performance.now() - began) / 1000
  const fit = flags.fit === true ? simulateFit({ ...world, onProgress }) : undefined
  progress.end()
  if (flags.json === true) {
    context.out(JSON.stringify({ ...report, ...(fit === undefined ? {} : { rows: fit }) }))
    return 0
  }
  if (report !== undefined) {
    context.out(
      `${report.records} records of ${report.sites.join(', ')} in ${resolve(flags.out ?? '')}: ${flags.days} days in ${seconds.toFixed(1)} s`,
    )
  }
  if (fit !== undefined) {
    const rows = fit.map((row) => [row.name, rounded(row.target), rounded(row.simulated), rounded(row.errorPercent)])
    context.out(table(['figure', 'target', 'simulated', 'error %'], rows))
  }
  return 0
}

function rounded(value: number): number {
  return Number(value.toPrecision(4))
}
