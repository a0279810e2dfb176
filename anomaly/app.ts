import type { LayerReport } from '../lib/layers.ts'
import { describeError, Failure, UndoStack } from '../lib/lifecycle.ts'
import type { LogWriter } from '../lib/log/log.ts'
import { openLogWriter } from '../lib/log/writer.ts'
import type { Logger } from '../lib/logger.ts'
import type { MetricsRegistry } from '../lib/metrics.ts'
import type { HealthCheck, Service } from '../lib/service.ts'
import { anomaliesCodec } from '../lib/streams/codecs.ts'
import type { Volume } from '../lib/volume/volume.ts'
import type { SharedClock } from '../lib/world/shared-clock.ts'
import type { AnomalyConfig } from './config.ts'
import { AnomalyMetrics } from './metrics.ts'
import { defaultRefitRules } from './refit.ts'
import { Session, WRITER } from './session.ts'
import type { Verdict } from './verdicts.ts'

export interface AnomalyOptions {
  config: AnomalyConfig
  clock: SharedClock
  logger: Logger
  volume: Volume
}

/** Pause before a failed session is opened again: doubles from the first to the last of these, milliseconds. */
const FIRST_PAUSE_MS = 500
const LAST_PAUSE_MS = 30_000
/** A session that has lived this long was not broken from the start, milliseconds. */
const HEALTHY_LIFE_MS = 60_000

/** How much of the world's past may be missing at its end when it counts as scored, world seconds. */
const PAST_SLACK_SECONDS = 600

/** Tails the transfers, scores them, appends verdicts to `anomalies/forest/`. Opens nothing yet. */
export function createAnomaly(options: AnomalyOptions): Service {
  return new Anomaly(options)
}

class Anomaly implements Service {
  readonly name = 'anomaly'
  readonly #options: AnomalyOptions
  readonly #metrics = new AnomalyMetrics()
  readonly #undo: UndoStack
  readonly #failure = new Failure()
  #starting: Promise<void> | undefined
  #writer: LogWriter<Verdict> | undefined
  #session: Session | undefined
  #replacing: Promise<void> = Promise.resolve()
  #wake: () => void = () => {}
  #pauseMs = FIRST_PAUSE_MS
  #stopping = false
  #fenced = false

  constructor(options: AnomalyOptions) {
    this.#options = options
    this.#undo = new UndoStack(options.logger)
    this.#metrics.watch(() => {
      const session = this.#session
      if (session === undefined) return undefined
      return { pipeline: session.facts, now: options.clock.now(), lagBytes: session.lagBytes() }
    })
  }

  get registry(): MetricsRegistry {
    return this.#metrics.registry
  }

  get failed(): Promise<never> {
    return this.#failure.promise
  }

  /** Resolves when reading has begun. */
  start(): Promise<void> {
    this.#starting ??= this.#start()
    return this.#starting
  }

  async stop(): Promise<void> {
    this.#stopping = true
    this.#wake()
    await this.#starting?.catch(() => {})
    await this.#undo.run()
  }

  layers(): readonly LayerReport[] {
    return this.#metrics.layers()
  }

  checks(): Record<string, HealthCheck> {
    const { volume } = this.#options
    if (this.#fenced) return { writer: { ok: false, detail: 'another process has taken the log of verdicts over' } }
    const session = this.#session
    if (session === undefined) return { detection: { ok: false, detail: 'starting' } }
    const readable = volume.healthy && session.healthy
    return {
      volume: readable ? { ok: true } : { ok: false, detail: 'the log cannot be read' },
      worker: session.alive ? { ok: true } : { ok: false, detail: 'the scoring thread is being started again' },
      scored: this.#scoredCheck(session),
      model: modelCheck(session),
    }
  }

  /** The world's past counts as read only when it has been read to its end, not when the log happened to be short. */
  #scoredCheck(session: Session): HealthCheck {
    if (!session.caughtUp) return { ok: false, detail: `${session.lagBytes()} bytes of the log are not scored yet` }
    const past = this.#options.clock.world?.backfillUntil
    const quiet = session.quietSeconds > 15
    if (past !== undefined && !quiet && session.newestAt < past - PAST_SLACK_SECONDS)
      return { ok: false, detail: 'waiting for the past to be written' }
    return { ok: true }
  }

  async #start(): Promise<void> {
    const { config, volume, clock, logger } = this.#options
    const writer = await openLogWriter<Verdict>({
      ...{ volume, stream: 'anomalies', writer: WRITER, codec: anomaliesCodec, clock, logger },
      retention: { hours: config.retentionHours, bytes: config.retentionBytes },
      onFenced: (error) => {
        this.#fenced = true
        this.#failure.fail(error)
      },
    })
    this.#writer = writer
    this.#undo.push('log of verdicts', () => writer.close())
    this.#undo.push('session', () => this.#closeSession())
    await this.#open()
  }

  async #open(): Promise<void> {
    const { config, volume, logger } = this.#options
    const writer = this.#writer
    if (writer === undefined) return
    const openedAt = performance.now()
    let failed = false
    this.#session = await Session.open({
      ...{ config, volume, logger, writer, metrics: this.#metrics },
      onFailure: (error) => {
        if (failed || this.#stopping) return
        failed = true
        logger.error('scoring has failed; going on from the last checkpoint', { error: describeError(error) })
        this.#metrics.countRestart()
        if (performance.now() - openedAt > HEALTHY_LIFE_MS) this.#pauseMs = FIRST_PAUSE_MS
        this.#replacing = this.#replace()
      },
    })
  }

  #nextPause(): number {
    const pause = this.#pauseMs
    this.#pauseMs = Math.min(LAST_PAUSE_MS, 2 * pause)
    return pause
  }

  async #replace(): Promise<void> {
    await this.#session?.close()
    while (!this.#stopping) {
      await this.#sleep(this.#nextPause())
      if (this.#stopping) return
      try {
        await this.#open()
        return
      } catch (error) {
        this.#options.logger.warn('detection could not be opened; trying again', { error: describeError(error) })
      }
    }
  }

  #sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  async #closeSession(): Promise<void> {
    await this.#replacing
    await this.#session?.close()
  }
}

function modelCheck(session: Session): HealthCheck {
  const { model, windowRows } = session.facts
  if (model !== undefined) return { ok: true }
  const few = windowRows < defaultRefitRules.firstAt
  if (few && session.caughtUp) return { ok: true, detail: `${windowRows} records so far: z-scores only` }
  return { ok: false, detail: 'the first model is not fitted yet' }
}
