import { onTestFinished } from 'vitest'
import { systemClock } from '../../lib/clock.ts'
import { loadConfig } from '../../lib/config.ts'
import type { Service } from '../../lib/service.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import type { Volume } from '../../lib/volume/volume.ts'
import type { Bus, BusRecord } from '../../streaming/bus.ts'
import { producerConfig } from '../../streaming/config.ts'
import { createProducer } from '../../streaming/producer.ts'
import { aRecordingLogger } from './http.ts'

export interface AProducer {
  service: Service
  said: ReturnType<typeof aRecordingLogger>['lines']
  volume: Volume
  metric(name: string): Promise<number>
}

/** A producer with quick settings; stopped when the test has ended. */
export function aProducer(root: string, bus: Bus, env: Record<string, string> = {}): AProducer {
  const volume = createInlineVolume({ root })
  const logger = aRecordingLogger()
  const service = createProducer({
    ...{ volume, logger, bus, clock: systemClock, watchMs: 20 },
    config: loadConfig(producerConfig, {
      ...{ DTMS_LOG_POLL_MS: '5', DTMS_PRODUCER_BATCH_MS: '5', DTMS_PRODUCER_CHECKPOINT_SECONDS: '0.05' },
      ...{ DTMS_DATA_DIR: root, ...env },
    }),
  })
  onTestFinished(() => service.stop())
  const metric = async (name: string): Promise<number> => {
    const value = (await service.registry.getMetricsAsJSON()).find((found) => found.name === name)
    return value?.values.reduce((sum, one) => sum + Number(one.value), 0) ?? Number.NaN
  }
  return { service, said: logger.lines, volume, metric }
}

/** `<site>-<seq>` of what a record says. */
export function idOf(record: Pick<BusRecord, 'value'>): string {
  const { site, seq } = JSON.parse(record.value.toString()) as { site: string; seq: number }
  return `${site}-${seq}`
}

/**
 * What a consumer makes of a partition: by recorder, a number that is not above the highest so far is a repeat. Answers
 * the ids that are counted, in order.
 */
export function countedIds(partitions: readonly (readonly Pick<BusRecord, 'value'>[])[]): string[] {
  const counted: string[] = []
  for (const records of partitions) {
    const highest = new Map<string, number>()
    for (const { value } of records) {
      const { site, seq } = JSON.parse(value.toString()) as { site: string; seq: number }
      if (seq <= (highest.get(site) ?? 0)) continue
      highest.set(site, seq)
      counted.push(`${site}-${seq}`)
    }
  }
  return counted
}
