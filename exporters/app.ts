import { DtmsError } from '../lib/errors.ts'
import type { LayerReport } from '../lib/layers.ts'
import { Failure, UndoStack } from '../lib/lifecycle.ts'
import { createTailer } from '../lib/log/tailer.ts'
import type { RetryRule } from '../lib/log/writer.ts'
import type { Logger } from '../lib/logger.ts'
import type { MetricsRegistry } from '../lib/metrics.ts'
import type { HealthCheck, Service } from '../lib/service.ts'
import { controlCodec, truthCodec } from '../lib/streams/codecs.ts'
import type { Volume } from '../lib/volume/volume.ts'
import type { SharedClock } from '../lib/world/shared-clock.ts'
import { AlreadyWritten } from './already-written.ts'
import type { ExporterConfig } from './config.ts'
import { ForeignSource } from './foreign-source.ts'
import { type ExporterFacts, ExporterMetrics } from './metrics.ts'
import { Pump } from './pump.ts'
import { ReadBack } from './read-back.ts'
import { findResume, readFolder } from './resume.ts'
import { openSaves } from './saves.ts'
import { loadScenario, requireSite } from './scenario-file.ts'
import type { SharedPast } from './shared-past.ts'
import { SimulatorSource } from './simulator-source.ts'
import { openSiteLog, type SiteLog } from './site-log.ts'
import type { Source } from './source.ts'
import { agreeOnWorld } from './world-agreement.ts'

export interface ExporterOptions {
  config: ExporterConfig
  clock: SharedClock
  logger: Logger
  volume: Volume
  /** Given when several exporters of one process share a registry. */
  metrics?: ExporterMetrics
  /** Given when several exporters of one process start the same world. */
  sharedPast?: SharedPast
  /** Replaces the source that the settings name. */
  source?: Source
  /** Pauses after failed writes, and how long stopping goes on trying; absent: the writer's own. */
  retry?: RetryRule
}

/** A clock may be this far ahead of the world before readiness says so: seconds of wall time. */
const LAG_SECONDS = 15

/** Entries may wait this long for the volume before readiness says so, seconds. */
const STUCK_SECONDS = 10

/** One site's exporter: takes over the site's folders, writes the past, then follows the world's time. Opens nothing yet. */
export function createExporter(options: ExporterOptions): Service {
  return new Exporter(options)
}

class Exporter implements Service {
  readonly name: string
  readonly #options: ExporterOptions
  readonly #logger: Logger
  readonly #metrics: ExporterMetrics
  readonly #undo: UndoStack
  readonly #failure = new Failure()
  #starting: Promise<void> | undefined
  #stopping = false
  #running: { log: SiteLog; source: Source; pump: Pump; readBack: ReadBack } | undefined
  #failedBecause: string | undefined

  constructor(options: ExporterOptions) {
    this.#options = options
    this.name = `exporter-${options.config.site.toLowerCase().replaceAll('_', '-')}`
    this.#logger = options.logger.child({ site: options.config.site })
    this.#metrics = options.metrics ?? new ExporterMetrics()
    this.#undo = new UndoStack(this.#logger)
  }

  get registry(): MetricsRegistry {
    return this.#metrics.registry
  }

  get failed(): Promise<never> {
    return this.#failure.promise
  }

  /** Resolves when the site's folders are taken over and writing has begun; the past may still be on its way. */
  start(): Promise<void> {
    this.#starting ??= this.#start()
    return this.#starting
  }

  async stop(): Promise<void> {
    this.#stopping = true
    await this.#starting?.catch(() => {})
    await this.#undo.run()
  }

  layers(): readonly LayerReport[] {
    return this.#metrics.layers()
  }

  checks(): Record<string, HealthCheck> {
    if (this.#failedBecause !== undefined) return { writer: { ok: false, detail: this.#failedBecause } }
    if (this.#running === undefined) return { writer: { ok: false, detail: 'taking over the folders of the site' } }
    const { source, pump } = this.#running
    const { pastProgress, lagSeconds, problem } = source.status()
    const lag = lagSeconds / Math.max(this.#options.clock.speed, 1e-9)
    const isStuck = !this.#options.volume.healthy || pump.stuckSeconds > STUCK_SECONDS
    const percent = Math.floor(pastProgress * 100)
    return {
      writer: { ok: true },
      volume: isStuck ? { ok: false, detail: `waiting for ${Math.round(pump.stuckSeconds)} s` } : { ok: true },
      past: pump.pastWritten ? { ok: true } : { ok: false, detail: `${percent} % of the past is written` },
      lag: lag > LAG_SECONDS ? { ok: false, detail: `${Math.round(lag)} s behind the clock` } : { ok: true },
      ...(problem === undefined ? {} : { clock: { ok: false, detail: problem } }),
    }
  }

  async #start(): Promise<void> {
    const { config, volume, clock } = this.#options
    const { site } = config
    const startedAt = performance.now()
    const source = this.#options.source ?? (await this.#createSource())

    const log = await openSiteLog({
      volume,
      site,
      clock,
      logger: this.#logger,
      retention: { hours: config.retentionHours, bytes: config.retentionBytes },
      ...(this.#options.retry === undefined ? {} : { retry: this.#options.retry }),
      onFenced: (error) => this.#fail(error),
      onWritten: (seconds) => this.#metrics.observeWrite(site, seconds),
    })
    this.#undo.push('site log', () => log.close())

    const saves = openSaves({ volume, site, logger: this.#logger })
    const resume = await findResume({
      volume,
      site,
      logger: this.#logger,
      kind: source.kind,
      saved: await saves.load(),
      lastSeqs: log.lastSeqs(),
    })
    this.#undo.push('source', () => source.close())
    await source.open(resume)

    const pump = new Pump({
      source,
      skip: new AlreadyWritten(resume.written),
      log,
      saves,
      logger: this.#logger,
      onPastWritten: () =>
        this.#logger.info('the past is written', {
          records: log.lastSeqs().transfers,
          processing_time_ms: Math.round(performance.now() - startedAt),
        }),
      onFatal: (error) => this.#fail(error),
    })
    const readBack = new ReadBack({
      volume,
      site,
      logger: this.#logger,
      pollMs: config.pollMs,
      onRecords: (records) => this.#metrics.observeTransfers(site, records),
    })
    if (this.#stopping) return

    this.#undo.push('read-back', () => readBack.stop())
    await readBack.start()
    this.#undo.push('pump', () => pump.stop())
    pump.start()
    this.#running = { log, source, pump, readBack }
    this.#undo.push(
      'metrics',
      this.#metrics.watch(site, () => this.#facts()),
    )
  }

  async #createSource(): Promise<Source> {
    const { config, volume, clock } = this.#options
    if (config.source === 'csv') return this.#createForeignSource()
    if (config.source !== 'simulator') {
      throw new DtmsError('config.invalid', `an exporter cannot run with DTMS_SOURCE=${config.source}`, {
        hint: 'run no exporter when there is no source',
      })
    }
    const loaded = loadScenario(config.scenario)
    requireSite(loaded, config.site)
    const world = await agreeOnWorld(volume, loaded, config, clock.now())
    await clock.refresh()
    if (clock.world === undefined) {
      throw new DtmsError('config.invalid', `DTMS_CLOCK=${clock.mode} does not go with a simulated world`, {
        hint: 'leave DTMS_CLOCK at auto, or set DTMS_SOURCE=none for a log that is only looked at',
      })
    }
    return new SimulatorSource({
      site: config.site,
      scenario: loaded.scenario,
      world,
      clock,
      logger: this.#logger,
      ...(this.#options.sharedPast === undefined ? {} : { sharedPast: this.#options.sharedPast }),
      followControl: (positions) =>
        createTailer({ volume, stream: 'control', writers: ['api'], codec: controlCodec, positions }),
      readTruth: () => readFolder(volume, 'truth', config.site, truthCodec),
    })
  }

  #createForeignSource(): Source {
    const { config, volume, clock } = this.#options
    if (config.sourceFile === '') {
      throw new DtmsError('config.invalid', 'DTMS_SOURCE=csv needs DTMS_SOURCE_FILE', {
        hint: 'name the file to follow; docs/import.md says which formats it may have',
      })
    }
    return new ForeignSource({
      site: config.site,
      path: config.sourceFile,
      format: config.sourceFormat,
      ...(config.sourceMapping === '' ? {} : { mapping: config.sourceMapping }),
      volume,
      clock,
      logger: this.#logger,
    })
  }

  #facts(): ExporterFacts | undefined {
    if (this.#running === undefined) return undefined
    const { source, log, pump, readBack } = this.#running
    const { pastProgress, lagSeconds, refused = new Map() } = source.status()
    return {
      pastProgress,
      lagSeconds,
      collected: { ...pump.transfers, refused },
      pending: log.pending,
      speed: this.#options.clock.speed,
      paused: pump.paused,
      writer: log.stats(),
      readBack: readBack.stats(),
    }
  }

  #fail(error: unknown): void {
    if (this.#failedBecause !== undefined || this.#stopping) return
    this.#failedBecause = error instanceof Error ? error.message : String(error)
    this.#failure.fail(error)
  }
}
