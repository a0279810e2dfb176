import { createTlsMetrics } from '../lib/http/tls-metrics.ts'
import { silentLogger } from '../lib/logger.ts'
import { siteName } from '../lib/names.ts'
import { measureProcess } from '../lib/process-metrics.ts'
import { createInlineVolume } from '../lib/volume/inline.ts'
import { createSharedClock } from '../lib/world/shared-clock.ts'
import { upConfig } from './all-in-one.ts'
import { createProgram } from './program.ts'
import { cliPage, configurationPage, metricsPage } from './reference.ts'
import { services } from './services.ts'

/** Every generated page of docs/ by file name. Creating a service opens nothing, so its registry can simply be read. */
export async function referencePages(): Promise<Map<string, string>> {
  const { volume, registries: processWide } = measureProcess(createInlineVolume({ root: '.' }), () => [])
  const clock = createSharedClock(volume, 'wall')
  const env = { SITE_NAME: siteName('SITE_A'), DTMS_API_KEY: 'only-to-read-the-registries' }
  const opened = await Promise.all(
    [...services].map(async ([service, line]) => ({ service, title: line.title, entry: await line.open() })),
  )
  const registries = opened.map(({ service, entry }) => ({
    service,
    registries: [entry.load(env).create({ volume, clock, logger: silentLogger, registries: [] }).registry],
  }))
  const quiet = { env: {}, out: () => {}, err: () => {}, terminal: false }
  return new Map([
    [
      'configuration.md',
      configurationPage([
        ...opened.map(({ service, title, entry }) => ({ service, title, settings: entry.settings })),
        { service: 'up', title: 'The all-in-one.', settings: upConfig.settings },
      ]),
    ],
    [
      'metrics.md',
      await metricsPage([
        ...registries,
        { service: 'every process', registries: [...processWide, createTlsMetrics(() => undefined).registry] },
      ]),
    ],
    ['cli.md', cliPage(await createProgram(quiet, undefined, async () => {}))],
  ])
}
