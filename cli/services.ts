import { type ConfigOf, loadConfig, type Settings } from '../lib/config.ts'
import type { ServingFiles } from '../lib/http/serving-certificate.ts'
import { createLinePrinter, type Layer, type Logger } from '../lib/logger.ts'
import type { MetricsRegistry } from '../lib/metrics.ts'
import type { Service } from '../lib/service.ts'
import type { commonSettings } from '../lib/settings.ts'
import type { Volume } from '../lib/volume/volume.ts'
import type { SharedClock } from '../lib/world/shared-clock.ts'

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

/** A service that `dtms run` knows: one line in the table below. */
export interface ServiceLine {
  title: string
  layer: Layer
  /** Loads its code, and no other's: all of them together would cost each process 20 MiB. */
  open(): Promise<ServiceEntry>
}

export interface ServiceEntry {
  settings: Settings
  /** Checks the settings; `create` then wires and opens nothing. */
  load(env: Env): LoadedService
  /** Listens on its own port by itself (the API); for the others `serveOps` does. */
  listensItself: boolean
}

export interface LoadedService {
  config: CommonConfig & ServingFiles & { port: number; host: string }
  create(parts: ServiceParts): Service & { readonly url?: string }
}

interface ServiceOutline<C extends LoadedService['config']> {
  settings: Settings
  config(env: Env): C
  create(dependencies: ServiceParts & { config: C }): Service & { readonly url?: string }
  listensItself?: boolean
}

function entry<C extends LoadedService['config']>(outline: ServiceOutline<C>): ServiceEntry {
  return {
    settings: outline.settings,
    listensItself: outline.listensItself ?? false,
    load(env) {
      const config = outline.config(env)
      return { config, create: (parts) => outline.create({ config, ...parts }) }
    },
  }
}

export const services: ReadonlyMap<string, ServiceLine> = new Map([
  [
    'exporter',
    {
      title: 'One process per site: a source, the simulator or a foreign log, becomes the log of that site.',
      layer: 'collection',
      async open() {
        const [{ createExporter }, { exporterConfig }] = await Promise.all([
          import('../exporters/app.ts'),
          import('../exporters/config.ts'),
        ])
        return entry({
          settings: exporterConfig.settings,
          config: (env) => loadConfig(exporterConfig, env),
          create: (dependencies) => createExporter(dependencies),
        })
      },
    },
  ],
  [
    'anomaly',
    {
      title: 'Scores every transfer, decides, explains, and watches every link.',
      layer: 'detection',
      async open() {
        const [{ createAnomaly }, { anomalyConfig }] = await Promise.all([
          import('../anomaly/app.ts'),
          import('../anomaly/config.ts'),
        ])
        return entry({
          settings: anomalyConfig.settings,
          config: (env) => loadConfig(anomalyConfig, env),
          create: (dependencies) => createAnomaly(dependencies),
        })
      },
    },
  ],
  [
    'freshness',
    {
      title: 'Says how old the newest record of every site is, and what that means; watches the API.',
      layer: 'detection',
      async open() {
        const [{ createFreshness }, { freshnessConfig }] = await Promise.all([
          import('../freshness/app.ts'),
          import('../freshness/config.ts'),
        ])
        return entry({
          settings: freshnessConfig.settings,
          config: (env) => loadConfig(freshnessConfig, env),
          create: (dependencies) => createFreshness(dependencies),
        })
      },
    },
  ],
  [
    'correlation',
    {
      title: 'A batch job: anomalies against throughput, per site and link, with lag.',
      layer: 'detection',
      async open() {
        const [{ createCorrelation }, { correlationConfig }] = await Promise.all([
          import('../correlation/app.ts'),
          import('../correlation/config.ts'),
        ])
        return entry({
          settings: correlationConfig.settings,
          config: (env) => loadConfig(correlationConfig, env),
          create: (dependencies) => createCorrelation(dependencies),
        })
      },
    },
  ],
  [
    'producer',
    {
      title: 'Publishes every recorded transfer to the topic, once it is durable.',
      layer: 'processing',
      async open() {
        const [{ createProducer }, { producerConfig }, { openBus, withOwnBus }] = await Promise.all([
          import('../streaming/producer.ts'),
          import('../streaming/config.ts'),
          import('./bus.ts'),
        ])
        return entry({
          settings: producerConfig.settings,
          config: (env) => loadConfig(producerConfig, env),
          create: ({ config, logger, ...parts }) =>
            withOwnBus(openBus(config, 'dtms-producer', logger), (bus) =>
              createProducer({ config, logger, bus, ...parts }),
            ),
        })
      },
    },
  ],
  [
    'stream',
    {
      title: 'Reads the topics: transfers into windows and verdicts, events into verdicts; calls the webhook.',
      layer: 'processing',
      async open() {
        const [{ createStream }, { streamConfig }, { loadRoutes }, { openBus, withOwnBus }] = await Promise.all([
          import('../streaming/app.ts'),
          import('../streaming/config.ts'),
          import('../streaming/routes-file.ts'),
          import('./bus.ts'),
        ])
        return entry({
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
        })
      },
    },
  ],
  [
    'api',
    {
      title: 'REST, OpenAPI pages, live events and the overview page.',
      layer: 'api',
      async open() {
        const [{ createApi }, { apiConfig }] = await Promise.all([import('../api/app.ts'), import('../api/config.ts')])
        return entry({
          settings: apiConfig.settings,
          config: (env) => loadConfig(apiConfig, env),
          create: (dependencies) => createApi(dependencies),
          listensItself: true,
        })
      },
    },
  ],
])
