// One exporter as a process of its own, from the compiled sources and the environment, as `dtms run exporter` does it.
import { createExporter } from '../../dist/exporters/app.js'
import { exporterConfig } from '../../dist/exporters/config.js'
import { loadConfig } from '../../dist/lib/config.js'
import { exitCodeOf } from '../../dist/lib/errors.js'
import { runUntilSignal } from '../../dist/lib/lifecycle.js'
import { createLogger } from '../../dist/lib/logger.js'
import { openVolume } from '../../dist/lib/volume/open.js'
import { createSharedClock } from '../../dist/lib/world/shared-clock.js'

try {
  const config = loadConfig(exporterConfig, process.env)
  const logger = createLogger({ service: 'exporter', layer: 'collection', level: config.logLevel })
  const volume = openVolume({ root: config.dataDir, deadlineMs: config.volumeDeadlineMs, logger })
  const clock = createSharedClock(volume, config.clock, { logger })
  const exporter = createExporter({ config, clock, logger, volume })
  process.exitCode = await runUntilSignal(
    {
      failed: exporter.failed,
      async start() {
        await clock.start()
        await exporter.start()
      },
      async stop() {
        await exporter.stop()
        await clock.stop()
        await volume.close()
      },
    },
    logger,
  )
} catch (error) {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = exitCodeOf(error)
}
