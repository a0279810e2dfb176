import { DtmsError } from '../lib/errors.ts'
import type { LayerReport } from '../lib/layers.ts'
import { Failure } from '../lib/lifecycle.ts'
import type { MetricsRegistry } from '../lib/metrics.ts'
import type { SiteName } from '../lib/names.ts'
import type { HealthCheck, Service } from '../lib/service.ts'
import { createExporter, type ExporterOptions } from './app.ts'
import type { ExporterConfig } from './config.ts'
import { ExporterMetrics } from './metrics.ts'
import { loadScenario } from './scenario-file.ts'
import { SharedPast } from './shared-past.ts'

export interface ExporterGroupOptions extends Pick<ExporterOptions, 'clock' | 'logger' | 'volume'> {
  config: Omit<ExporterConfig, 'site'>
  /** Absent: every site of the scenario. */
  sites?: readonly SiteName[]
}

/**
 * The exporters of all sites in one process, with one registry. Each writes its own site's folders, exactly as it would
 * in a pod of its own; only the past of a new world is run once for all. With DTMS_SOURCE=none there are none.
 */
export function createExporters(options: ExporterGroupOptions): Service {
  return new ExporterGroup(options)
}

class ExporterGroup implements Service {
  readonly name = 'exporters'
  readonly #options: ExporterGroupOptions
  readonly #metrics = new ExporterMetrics()
  readonly #failure = new Failure()
  #exporters: readonly { site: SiteName; exporter: Service }[] = []
  #started = false

  constructor(options: ExporterGroupOptions) {
    this.#options = options
  }

  get registry(): MetricsRegistry {
    return this.#metrics.registry
  }

  get failed(): Promise<never> {
    return this.#failure.promise
  }

  async start(): Promise<void> {
    const { config, clock, logger, volume } = this.#options
    if (config.source !== 'none') {
      const sites = this.#options.sites ?? sitesOf(config)
      const sharedPast = new SharedPast(sites.length)
      this.#exporters = sites.map((site) => ({
        site,
        exporter: createExporter({
          config: { ...config, site },
          clock,
          logger,
          volume,
          metrics: this.#metrics,
          sharedPast,
        }),
      }))
    }
    for (const { exporter } of this.#exporters) exporter.failed?.catch((error: unknown) => this.#failure.fail(error))
    await Promise.all(this.#exporters.map(({ exporter }) => exporter.start()))
    this.#started = true
  }

  async stop(): Promise<void> {
    await Promise.all(this.#exporters.map(({ exporter }) => exporter.stop()))
  }

  layers(): readonly LayerReport[] {
    return this.#metrics.layers()
  }

  /** One line for each thing that is looked at; the detail names the sites where it is not good. */
  checks(): Record<string, HealthCheck> {
    if (this.#exporters.length === 0) {
      if (this.#started) return {}
      return { writer: { ok: false, detail: 'starting' } }
    }
    const troubles = new Map<string, string[]>()
    for (const { site, exporter } of this.#exporters) {
      for (const [name, check] of Object.entries(exporter.checks())) {
        const found = troubles.get(name) ?? []
        troubles.set(name, check.ok ? found : [...found, `${site}: ${check.detail ?? 'not good'}`])
      }
    }
    return Object.fromEntries(
      [...troubles].map(([name, found]) => [
        name,
        found.length === 0 ? { ok: true } : { ok: false, detail: found.join('; ') },
      ]),
    )
  }
}

/** A foreign log may name any sites: each needs an exporter that somebody asked for. */
function sitesOf(config: Omit<ExporterConfig, 'site'>): readonly SiteName[] {
  if (config.source === 'simulator') return loadScenario(config.scenario).scenario.sites
  throw new DtmsError('config.invalid', `DTMS_SOURCE=${config.source} does not say which sites there are`, {
    hint: 'run one exporter for each site (SITE_NAME, dtms run exporter), or import the file (dtms import)',
  })
}
