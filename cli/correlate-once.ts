import { createCorrelation } from '../correlation/app.ts'
import { correlationConfig } from '../correlation/config.ts'
import { loadConfig } from '../lib/config.ts'
import type { Logger } from '../lib/logger.ts'
import { openVolume } from '../lib/volume/open.ts'
import { createSharedClock } from '../lib/world/shared-clock.ts'
import type { CliContext } from './context.ts'
import type { Env } from './services.ts'

/**
 * The batch job of a CronJob: one pass over what is new.
 * @returns 1 when the result could not be pushed although a Pushgateway is set; it is in the log then all the same
 */
export async function correlateOnce(env: Env, context: CliContext, logger: Logger, json: boolean): Promise<number> {
  const config = loadConfig(correlationConfig, env)
  const volume = openVolume({ root: config.dataDir, deadlineMs: config.volumeDeadlineMs })
  const clock = createSharedClock(volume, config.clock, { logger })
  const correlation = createCorrelation({ config, clock, logger, volume })
  try {
    await clock.start()
    const summary = await correlation.runOnce()
    if (json) context.out(JSON.stringify(summary))
    else {
      const overall = summary.items.find(({ scope }) => 'platform' in scope)
      context.out(
        `${summary.newRecords} new records, ${summary.newAnomalies} new anomalies, ${summary.items.length} scopes`,
      )
      context.out(
        overall?.coefficient === undefined || overall.coefficient === null
          ? 'overall: not enough data for a coefficient'
          : `overall: r = ${overall.coefficient.toFixed(3)} over ${overall.pairs} minutes, p = ${overall.pValue?.toPrecision(2) ?? '-'}`,
      )
    }
    return summary.push?.ok === false ? 1 : 0
  } finally {
    await correlation.stop()
    await clock.stop()
    await volume.close()
  }
}
