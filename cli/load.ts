import { Option } from 'commander'
import { loadScenario } from '../exporters/scenario-file.ts'
import { systemClock } from '../lib/clock.ts'
import { loadConfig } from '../lib/config.ts'
import { DtmsError } from '../lib/errors.ts'
import { createLogger, type Logger } from '../lib/logger.ts'
import type { Transfer } from '../lib/record/record.ts'
import { createInlineVolume } from '../lib/volume/inline.ts'
import { createWorld } from '../simulator/world.ts'
import { producerConfig } from '../streaming/config.ts'
import { type LoadReport, loadMaker, runLoad } from '../streaming/load/load.ts'
import { type OpenTarget, openBusTarget, openLogTarget } from '../streaming/load/targets.ts'
import { openBus } from './bus.ts'
import type { AddCommand } from './command.ts'
import { type CliContext, createProgress } from './context.ts'
import { type EnvOption, positiveNumber, toOption, withOptions } from './options.ts'

interface LoadFlags {
  rate: number
  seconds: number
  to: 'kafka' | 'log'
  data?: string
  json?: boolean
}

const busOptions: readonly EnvOption[] = [
  {
    flags: '--brokers <list>',
    env: 'DTMS_KAFKA_BROKERS',
    description: 'with --to kafka: brokers to begin with (DTMS_KAFKA_BROKERS)',
  },
  {
    flags: '--topic <name>',
    env: 'DTMS_KAFKA_TRANSFERS_TOPIC',
    description: 'with --to kafka: topic to publish to (DTMS_KAFKA_TRANSFERS_TOPIC)',
  },
]

export const addLoad: AddCommand = (program, context, act) => {
  const command = program
    .command('load')
    .description('send real-looking transfers at an even rate, and say how long acknowledgements take')
    .requiredOption('--rate <n>', 'records per second', positiveNumber)
    .requiredOption('--seconds <s>', 'for how long', positiveNumber)
    .addOption(
      new Option('--to <target>', 'the topic of the transfers, or the log of a data directory')
        .choices(['kafka', 'log'])
        .makeOptionMandatory(),
    )
    .option('--data <dir>', 'with --to log: data directory to append to; its recorders LOAD_A, LOAD_B ... are used')
  for (const option of busOptions) command.addOption(toOption(option))
  command
    .option('--json', 'one JSON object on stdout')
    .action((flags: LoadFlags) => act(() => runLoadCommand(context, flags)))
}

async function runLoadCommand(context: CliContext, flags: LoadFlags): Promise<number> {
  const { rate, seconds, to } = flags
  const logger = createLogger({ service: 'load', layer: 'processing', level: context.env.LOG_LEVEL ?? 'warn', fd: 2 })
  const templates = someTransfers()
  const target = await open(context, flags, templates, logger)
  const progress = createProgress(context)
  const interrupt = new AbortController()
  const stop = (): void => interrupt.abort()
  process.once('SIGINT', stop)
  try {
    const report = await runLoad({
      ...{ rate, seconds, templates, target, signal: interrupt.signal },
      onProgress: (done) => progress.show(`sending ${Math.round(done * 100)} %`),
    })
    progress.end()
    context.out(flags.json === true ? JSON.stringify({ to, rate, ...report }) : summary(report, flags))
    return report.acknowledged === report.sent ? 0 : 1
  } finally {
    process.off('SIGINT', stop)
    progress.end()
    await target.close()
  }
}

async function open(
  context: CliContext,
  flags: LoadFlags,
  templates: readonly Transfer[],
  logger: Logger,
): Promise<OpenTarget> {
  if (flags.to === 'log') {
    if (flags.data === undefined) {
      throw new DtmsError('usage.invalid', '--to log needs --data', {
        hint: 'name a data directory; real recorders in it are not touched',
      })
    }
    const make = loadMaker(templates)
    const sites = [...new Set(templates.map((_, n) => make(n, 0).site))]
    return openLogTarget({ volume: createInlineVolume({ root: flags.data }), clock: systemClock, logger, sites })
  }
  const config = loadConfig(producerConfig, withOptions(context, busOptions, { ...flags }))
  const bus = openBus(config, 'dtms-load', logger)
  try {
    const target = await openBusTarget({ bus, config })
    return {
      get refused() {
        return target.refused
      },
      send: (records, acknowledged) => target.send(records, acknowledged),
      flush: () => target.flush(),
      async close() {
        await target.close()
        await bus.close()
      },
    }
  } catch (error) {
    await bus.close()
    throw error
  }
}

/** A day of the default world: sizes, rates, failures and links as its exporters record them. Always the same. */
function someTransfers(): Transfer[] {
  const worldStart = 1_696_118_400
  const world = createWorld({ scenario: loadScenario('default').scenario, seed: 7, worldStart })
  return world.runUntil(worldStart + 86_400).records.map(({ transfer }) => transfer)
}

function summary(report: LoadReport, { rate, seconds, to }: LoadFlags): string {
  const { sent, acknowledged, refused, perSecond, p50Ms, p90Ms, p99Ms, maxMs } = report
  const time = (value: number | null): string => (value === null ? 'none' : `${value} ms`)
  return [
    `${rate} records/s for ${seconds} s to ${to}`,
    `  sent          ${sent}`,
    `  acknowledged  ${acknowledged}  (${perSecond}/s)${refused > 0 ? `; ${refused} were refused` : ''}`,
    `  P50 ${time(p50Ms)} · P90 ${time(p90Ms)} · P99 ${time(p99Ms)} · longest ${time(maxMs)}`,
    '  from the instant at which a record was due to its acknowledgement',
  ].join('\n')
}
