import type { Clock } from '../lib/clock.ts'
import { DtmsError } from '../lib/errors.ts'
import { describeError, UndoStack } from '../lib/lifecycle.ts'
import type { Logger } from '../lib/logger.ts'
import { startSchedule } from '../lib/schedule.ts'
import type { HealthCheck, Service } from '../lib/service.ts'
import type { Volume } from '../lib/volume/volume.ts'
import { CorrelationBatch, type RunSummary } from './batch.ts'
import type { CorrelationConfig } from './config.ts'
import { createCorrelationMetrics } from './metrics.ts'

export interface CorrelationOptions {
  config: CorrelationConfig
  clock: Clock
  logger: Logger
  volume: Volume
  /** The first run of a service comes this long after its start, then the schedule holds, milliseconds. */
  firstRunAfterMs?: number
}

/** The batch job: started as a service it runs by its schedule, `runOnce` is the job of a CronJob. */
export interface Correlation extends Service {
  /**
   * @throws DtmsError `log.writer_busy` when another process runs the batch, `volume.*`, `checkpoint.invalid`; a push
   *   that failed is no exception but part of the summary
   */
  runOnce(): Promise<RunSummary>
}

/** Long enough for the detectors to have scored the past that a new world begins with. */
const FIRST_RUN_AFTER_MS = 20_000

/**
 * Anomalies against throughput (docs/correlation.md). Opens nothing until it is started or run.
 * @throws DtmsError `config.invalid` when results would go nowhere
 */
export function createCorrelation(options: CorrelationOptions): Correlation {
  const { config, clock, logger, volume, firstRunAfterMs = FIRST_RUN_AFTER_MS } = options
  if (!config.store && config.pushgatewayUrl === undefined) {
    throw new DtmsError('config.invalid', 'DTMS_CORRELATION_STORE is false and there is no PUSHGATEWAY_URL', {
      hint: 'set PUSHGATEWAY_URL, or let the results be kept on the volume',
    })
  }
  const metrics = createCorrelationMetrics()
  const batch = new CorrelationBatch({ config, clock, logger, volume, metrics })
  const undo = new UndoStack(logger)
  let lastRun: HealthCheck = { ok: true, detail: 'no run yet' }
  undo.push('batch', () => batch.close())

  const runOnce = async (): Promise<RunSummary> => {
    const summary = await batch.runOnce()
    const { items, ...facts } = summary
    logger.info('correlation run', { ...facts, scopes: items.length, processing_time_ms: facts.seconds * 1000 })
    return summary
  }
  const runOnSchedule = async (): Promise<void> => {
    try {
      await runOnce()
      lastRun = { ok: true }
    } catch (error) {
      logger.error('correlation run failed', { error: describeError(error) })
      lastRun = { ok: false, detail: 'the newest run failed; see the log' }
    }
  }
  return {
    name: 'correlation',
    registry: metrics.registry,
    checks: () => ({ last_run: lastRun }),
    runOnce,
    async start() {
      const first = setTimeout(runOnSchedule, firstRunAfterMs)
      undo.push('first run', () => clearTimeout(first))
      const schedule = startSchedule(config.schedule, runOnSchedule)
      undo.push('schedule', () => schedule.stop())
    },
    async stop() {
      await undo.run()
    },
  }
}
