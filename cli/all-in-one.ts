import { createAnomaly } from '../anomaly/app.ts'
import { anomalyConfig } from '../anomaly/config.ts'
import { createApi } from '../api/app.ts'
import { apiConfig } from '../api/config.ts'
import { createCorrelation } from '../correlation/app.ts'
import { correlationConfig } from '../correlation/config.ts'
import { exporterConfig, worldSettings } from '../exporters/config.ts'
import { createExporters } from '../exporters/group.ts'
import { loadScenario } from '../exporters/scenario-file.ts'
import { createFreshness } from '../freshness/app.ts'
import { freshnessConfig } from '../freshness/config.ts'
import { type ConfigOf, loadConfig, parse, setting, settingsHint } from '../lib/config.ts'
import { DtmsError } from '../lib/errors.ts'
import { readiness } from '../lib/http/ops.ts'
import { Failure, type Lifecycle, UndoStack } from '../lib/lifecycle.ts'
import type { Layer, Logger } from '../lib/logger.ts'
import type { SiteName } from '../lib/names.ts'
import { measureProcess } from '../lib/process-metrics.ts'
import type { Service } from '../lib/service.ts'
import { commonSettings, listenSettings } from '../lib/settings.ts'
import { openVolume } from '../lib/volume/open.ts'
import { createSharedClock } from '../lib/world/shared-clock.ts'
import { createStream } from '../streaming/app.ts'
import type { Bus } from '../streaming/bus.ts'
import { producerConfig, streamConfig } from '../streaming/config.ts'
import { createMemoryBus } from '../streaming/memory-bus.ts'
import { createProducer } from '../streaming/producer.ts'
import { loadRoutes } from '../streaming/routes-file.ts'
import { type ApiKey, ensureApiKey } from './api-key.ts'
import { openBus } from './bus.ts'
import { later } from './later.ts'
import { type Env, services } from './services.ts'

/** The all-in-one's own settings; those of the services hold as well. */
export const upConfig = {
  service: 'up',
  settings: {
    ...worldSettings,
    ...commonSettings,
    ...listenSettings(8003),
    apiKey: setting<string | undefined>({
      env: 'DTMS_API_KEY',
      schema: parse.text(),
      fallback: undefined,
      secret: true,
      description:
        'Key for state changes; without one a key is generated once into the file api-key of the data directory',
    }),
  },
}
export type UpConfig = ConfigOf<typeof upConfig.settings>

export interface Plan {
  config: UpConfig
  /** One exporter each; empty when the log is only shown. */
  sites: readonly SiteName[]
  key: ApiKey
  /** The environment as every service sees it, key and sites included. */
  env: Env
}

/**
 * Checks the settings of every service before anything is opened.
 * @throws DtmsError `config.invalid` with the problems of all of them together
 */
export async function planAllInOne(env: Env, { createKey = true } = {}): Promise<Plan> {
  const problems = new Set<string>()
  const attempt = <T>(work: () => T): T | undefined => {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof DtmsError) || error.code !== 'config.invalid') throw error
      // The first line counts the problems of one service; the same variable may be read by several.
      for (const line of error.message.split('\n').slice(1)) problems.add(line.trim())
      return undefined
    }
  }
  const config = attempt(() => loadConfig(upConfig, env))
  const checked: Env = { ...env, SITE_NAME: env.SITE_NAME ?? 'SITE_A' }
  for (const { open } of services.values()) {
    const entry = await open()
    attempt(() => entry.load(checked))
  }
  if (config === undefined || problems.size > 0) {
    throw new DtmsError('config.invalid', `wrong settings:\n  ${[...problems].join('\n  ')}`, {
      hint: settingsHint(env),
    })
  }
  const sites = sitesOf(config, env)
  const key = createKey ? ensureApiKey(config.apiKey, config.dataDir) : { key: '', from: '' }
  return {
    config,
    sites,
    key,
    env: {
      ...env,
      DTMS_API_KEY: key.key,
      DTMS_SITES: env.DTMS_SITES ?? sites.join(','),
      DTMS_BUS: env.DTMS_BUS ?? 'memory',
    },
  }
}

function sitesOf(config: UpConfig, env: Env): readonly SiteName[] {
  if (config.source === 'none') return []
  if (config.source === 'csv') return [loadConfig(exporterConfig, env).site]
  return loadScenario(config.scenario).scenario.sites
}

/** Each service's lines carry its own name and layer, as they would from a process of its own. */
export type LoggerFor = (service: string, layer: Layer) => Logger

export interface AllInOne extends Lifecycle {
  /** Address of API and page; known once `start` has got that far. */
  readonly url: string
  /** Checks that are not good yet, with their reasons; empty when everything is ready. */
  waitingFor(): string[]
}

function createBus(config: ConfigOf<typeof streamConfig.settings>, logger: Logger): Bus {
  return config.bus === 'memory' ? createMemoryBus({ logger }) : openBus(config, 'dtms-up', logger)
}

/** All services in this process: one volume worker, one clock, one port; the same wiring functions as in a cluster. */
export function createAllInOne(
  plan: Plan,
  loggerFor: LoggerFor,
  printDecisions: (lines: string) => void = () => {},
): AllInOne {
  const { config, env } = plan
  const logger = loggerFor('dtms', 'platform')
  const undo = new UndoStack(logger)
  const opened = openVolume({ root: config.dataDir, deadlineMs: config.volumeDeadlineMs })
  const { volume, registries } = measureProcess(opened, () => others)
  const clockMode = config.source === 'none' && config.clock === 'auto' ? 'data' : config.clock
  const clock = createSharedClock(volume, clockMode, { logger })
  const parts = (service: string, layer: Layer) => ({ volume, clock, logger: loggerFor(service, layer) })

  const others: Service[] = []
  let started = false
  const api = createApi({
    ...{ config: loadConfig(apiConfig, env), services: others, registries, othersStarted: () => started },
    ...parts('api', 'api'),
  })
  others.push(
    createExporters({ config, sites: plan.sites, ...parts('exporter', 'collection') }),
    createAnomaly({ config: loadConfig(anomalyConfig, env), ...parts('anomaly', 'detection') }),
    createFreshness({
      config: loadConfig(freshnessConfig, env),
      ...parts('freshness', 'detection'),
      // The port may have been chosen by the system, so the address is asked for at each probe.
      apiBaseUrl: () => api.url,
      apiTrust: () => api.trust(),
    }),
    createCorrelation({ config: loadConfig(correlationConfig, env), ...parts('correlation', 'detection') }),
  )
  const streaming = loadConfig(streamConfig, env)
  const bus = createBus(streaming, loggerFor('stream', 'processing'))
  const stream = createStream({
    ...{ config: streaming, bus, routes: loadRoutes(streaming), latencyLevel: 'debug' },
    // Among the lines of all services they would hide the banner: they come when they are asked for.
    ...(env.DTMS_STREAM_DECISIONS === undefined ? {} : { printDecisions }),
    ...parts('stream', 'processing'),
  })
  const producer = createProducer({
    ...{ config: loadConfig(producerConfig, env), bus },
    ...parts('producer', 'processing'),
  })
  const first: readonly Service[] = [api, ...others]
  const isTime = (): boolean => readiness(first).ready
  // The consumer first: in stopping, what the producer still waits for is handled and saved.
  others.push(...[stream, producer].map((service) => later(service, isTime, logger)))

  const failure = new Failure()
  for (const service of [api, ...others]) service.failed?.catch((error: unknown) => failure.fail(error))

  return {
    failed: failure.promise,
    get url() {
      return api.url
    },
    waitingFor() {
      const { checks } = readiness([api, ...others])
      return Object.entries(checks).flatMap(([name, { ok, detail }]) => (ok ? [] : [`${name}: ${detail ?? 'not yet'}`]))
    },
    async start() {
      undo.push('volume', () => volume.close())
      undo.push('bus', () => bus.close())
      undo.push('clock', () => clock.stop())
      await clock.start()
      // First the port: when it is taken, nothing else has happened yet.
      for (const service of [api, ...others]) {
        undo.push(service.name, () => service.stop())
        await service.start()
      }
      started = true
    },
    async stop() {
      await undo.run()
    },
  }
}
