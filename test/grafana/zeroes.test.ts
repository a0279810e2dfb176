import { expect, test } from 'vitest'
import { services } from '../../cli/services.ts'
import { silentLogger } from '../../lib/logger.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import { createSharedClock } from '../../lib/world/shared-clock.ts'

const volume = createInlineVolume({ root: '.' })
const parts = { volume, clock: createSharedClock(volume, 'wall'), logger: silentLogger, registries: [] }

/** The growth of a counter is seen from its second sample on: one that appears with its first event hides that event. */
test.each([
  ['anomaly', 'dtms_anomaly_verdicts_total', 9],
  ['anomaly', 'dtms_anomaly_log_damaged_lines_total', 9],
  ['freshness', 'dtms_freshness_damaged_lines_total', 9],
  ['correlation', 'dtms_corr_runs_total', 3],
  ['producer', 'dtms_producer_errors_total', 3],
  ['producer', 'dtms_producer_log_damaged_lines_total', 9],
  ['api', 'dtms_api_state_changes_total', 3],
] as const)(
  'before anything happens %s shows %s at zero for each of its %d label values',
  async (name, metric, count) => {
    const service = (await services.get(name)?.open())?.load({}).create(parts)
    const lines = (await service?.registry.getSingleMetricAsString(metric))?.split('\n') ?? []
    const samples = lines.filter((line) => line.startsWith(metric))
    expect([samples.length, samples.filter((line) => line.endsWith(' 0')).length]).toEqual([count, count])
  },
)
