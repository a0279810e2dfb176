import { serveOps } from '../lib/http/ops.ts'
import { servingCertificate } from '../lib/http/serving-certificate.ts'
import { type Lifecycle, runUntilSignal, UndoStack } from '../lib/lifecycle.ts'
import { createLogger, type Logger } from '../lib/logger.ts'
import { measureProcess } from '../lib/process-metrics.ts'
import { openVolume } from '../lib/volume/open.ts'
import { createSharedClock } from '../lib/world/shared-clock.ts'
import type { AddCommand } from './command.ts'
import type { CliContext } from './context.ts'
import { dataOption, type EnvOption, toOption, withOptions } from './options.ts'
import { type LoadedService, type ServiceEntry, type ServiceLine, services } from './services.ts'
import { keepHeapSmall } from './small-heap.ts'

const runOptions: readonly EnvOption[] = [
  dataOption,
  { flags: '--port <port>', env: 'DTMS_PORT', description: 'TCP port (DTMS_PORT; 0: any free one)' },
]

interface RunFlags {
  checkConfig?: boolean
  once?: boolean
  json?: boolean
}

export const addRun: AddCommand = (program, context, act) => {
  const run = program
    .command('run')
    .description('run one service by itself, as in a cluster; its settings come from the environment')
  for (const [name, line] of services) {
    const command = run
      .command(name)
      .description(line.title)
      .option('--check-config', 'check the settings, name every problem, and end')
    for (const option of runOptions) command.addOption(toOption(option))
    if (name === 'correlation') {
      command
        .option('--once', 'one pass over what is new since the last, then end')
        .option('--json', 'with --once: the result as one JSON object')
    }
    command.action((flags: RunFlags) => act(() => runService(name, line, context, flags)))
  }
}

async function runService(name: string, line: ServiceLine, context: CliContext, flags: RunFlags): Promise<number> {
  const env = withOptions(context, runOptions, { ...flags })
  const entry = await line.open()
  const loaded = entry.load(env)
  if (flags.checkConfig === true) {
    context.out(`the settings of ${name} are good`)
    return 0
  }
  const logger = createLogger({
    service: name,
    layer: line.layer,
    level: loaded.config.logLevel,
    fd: flags.once === true ? 2 : 1,
  })
  if (flags.once === true) {
    const { correlateOnce } = await import('./correlate-once.ts')
    return correlateOnce(env, context, logger, flags.json === true)
  }
  const onVolume = name === 'stream' ? keepHeapSmall : () => {}
  return runUntilSignal(createProcess(entry, loaded, logger, onVolume), logger)
}

export interface ServiceProcess extends Lifecycle {
  /** Where it listens; known after `start`. */
  readonly url: string
}

/**
 * One service with everything that it has to itself when it runs alone: volume, clock, port. `onVolume`: the thread of the
 * volume runs.
 */
export function createProcess(
  entry: ServiceEntry,
  loaded: LoadedService,
  logger: Logger,
  onVolume: () => void = () => {},
): ServiceProcess {
  const { config } = loaded
  const undo = new UndoStack(logger)
  const opened = openVolume({ root: config.dataDir, deadlineMs: config.volumeDeadlineMs })
  const { volume, registries } = measureProcess(opened, () => [service])
  const clock = createSharedClock(volume, config.clock, { logger })
  const service = loaded.create({ volume, clock, logger, registries })
  let started = false
  const ops = entry.listensItself
    ? undefined
    : serveOps({
        ...{ service, registries, logger, host: config.host, port: config.port },
        started: () => started,
        certificate: servingCertificate(config, logger),
      })
  return {
    ...(service.failed === undefined ? {} : { failed: service.failed }),
    get url() {
      return ops?.url ?? service.url ?? ''
    },
    async start() {
      undo.push('volume', () => volume.close())
      undo.push('clock', () => clock.stop())
      await clock.start()
      onVolume()
      if (ops !== undefined) {
        undo.push('http', () => ops.stop())
        await ops.start()
      }
      undo.push(service.name, () => service.stop())
      await service.start()
      started = true
      onVolume()
      logger.info('started', { data_dir: config.dataDir, ...(ops === undefined ? {} : { url: ops.url }) })
    },
    async stop() {
      await undo.run()
    },
  }
}
