import { createAnomaly } from '../anomaly/app.ts'
import { anomalyConfig } from '../anomaly/config.ts'
import { createApi } from '../api/app.ts'
import { apiConfig } from '../api/config.ts'
import { createCorrelation } from '../correlation/app.ts'
import { correlationConfig } from '../correlation/config.ts'
import { createExporter } from '../exporters/app.ts'
import { exporterConfig } from '../exporters/config.ts'
import { createFreshness } from '../freshness/app.ts'
import { freshnessConfig } from '../freshness/config.ts'
import { type ConfigOf, loadConfig, type Settings } from '../lib/config.ts'
import { createLinePrinter, type Layer, type Logger } from '../lib/logger.ts'
import type { MetricsRegistry } from '../lib/metrics.ts'
import type { Service } from '../lib/service.ts'
import type { commonSettings } from '../lib/settings.ts'
import type { Volume } from '../lib/volume/volume.ts'
import type { SharedClock } from '../lib/world/shared-clock.ts'
import { createStream } from '../streaming/app.ts'
import { producerConfig, streamConfig } from '../streaming/config.ts'
import { createProducer } from '../streaming/producer.ts'
import { loadRoutes } from '../streaming/routes-file.ts'
import { openBus, withOwnBus } from './bus.ts'

export type Env = Record<string, string | undefined>

/** What every service gets from whoever runs it. */
export interface ServiceParts {
  volume: Volume
  clock: SharedClock
  logger: Logger
  /** What is measured of the process; only the API, which listens itself, has to show them. */
  registries: readonly MetricsRegistry[]
}

export type CommonConfig = ConfigOf<typeof commonSettings>

/** A service that `dtms run` knows: one entry in the table below. */
export interface ServiceEntry {
  title: string
  layer: Layer
  settings: Settings
  /** Checks the settings; `create` then wires and opens nothing. */
  load(env: Env): LoadedService
  /** Listens on its own port by itself (the API); for the others `serveOps` does. */
  listensItself: boolean
}

export interface LoadedService {
  config: CommonConfig & { port: number; host: string }
  create(parts: ServiceParts): Service & { readonly url?: string }
}

interface ServiceOutline<C extends LoadedService['config']> {
  title: string
  layer: Layer
  settings: Settings
  config(env: Env): C
  create(dependencies: ServiceParts & { config: C }): Service & { readonly url?: string }
  listensItself?: boolean
}

function entry<C extends LoadedService['config']>(outline: ServiceOutline<C>): ServiceEntry {
  return {
    title: outline.title,
    layer: outline.layer,
    settings: outline.settings,
    listensItself: outline.listensItself ?? false,
    load(env) {
      const config = outline.config(env)
      return { config, create: (parts) => outline.create({ config, ...parts }) }
    },
  }
}

export const services: ReadonlyMap<string, ServiceEntry> = new Map([
  [
    'exporter',
    entry({
      title: 'One process per site: a source, the simulator or a foreign log, becomes the log of that site.',
      layer: 'collection',
      settings: exporterConfig.settings,
      config: (env) => loadConfig(exporterConfig, env),
      create: (dependencies) => createExporter(dependencies),
    }),
  ],
  [
    'anomaly',
    entry({
      title: 'Scores every transfer, decides, explains, and watches every link.',
      layer: 'detection',
      settings: anomalyConfig.settings,
      config: (env) => loadConfig(anomalyConfig, env),
      create: (dependencies) => createAnomaly(dependencies),
    }),
  ],
  [
    'freshness',
    entry({
      title: 'Says how old the newest record of every site is, and what that means; watches the API.',
      layer: 'detection',
      settings: freshnessConfig.settings,
      config: (env) => loadConfig(freshnessConfig, env),
      create: (dependencies) => createFreshness(dependencies),
    }),
  ],
  [
    'correlation',
    entry({
      title: 'A batch job: anomalies against throughput, per site and link, with lag.',
      layer: 'detection',
      settings: correlationConfig.settings,
      config: (env) => loadConfig(correlationConfig, env),
      create: (dependencies) => createCorrelation(dependencies),
    }),
  ],
  [
    'producer',
    entry({
      title: 'Publishes every recorded transfer to the topic, once it is durable.',
      layer: 'processing',
      settings: producerConfig.settings,
      config: (env) => loadConfig(producerConfig, env),
      create: ({ config, logger, ...parts }) =>
        withOwnBus(openBus(config, 'dtms-producer', logger), (bus) =>
          createProducer({ config, logger, bus, ...parts }),
        ),
    }),
  ],
  [
    'stream',
    entry({
      title: 'Reads the topics: transfers into windows and verdicts, events into verdicts; calls the webhook.',
      layer: 'processing',
      settings: streamConfig.settings,
      config: (env) => {
        const config = loadConfig(streamConfig, env)
        loadRoutes(config)
        return config
      },
      create: ({ config, logger, ...parts }) =>
        withOwnBus(openBus(config, 'dtms-stream', logger), (bus) =>
          createStream({
            config,
            logger,
            bus,
            routes: loadRoutes(config),
            printDecisions: createLinePrinter(1),
            ...parts,
          }),
        ),
    }),
  ],
  [
    'api',
    entry({
      title: 'REST, OpenAPI pages, live events and the overview page.',
      layer: 'api',
      settings: apiConfig.settings,
      config: (env) => loadConfig(apiConfig, env),
      create: (dependencies) => createApi(dependencies),
      listensItself: true,
    }),
  ],
])
