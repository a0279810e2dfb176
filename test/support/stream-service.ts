import { onTestFinished } from 'vitest'
import { systemClock } from '../../lib/clock.ts'
import { loadConfig } from '../../lib/config.ts'
import { type Logger, silentLogger } from '../../lib/logger.ts'
import { exposition } from '../../lib/metrics.ts'
import type { TransferRecord } from '../../lib/record/record.ts'
import type { Service } from '../../lib/service.ts'
import type { Volume } from '../../lib/volume/volume.ts'
import { createStream, type StreamOptions } from '../../streaming/app.ts'
import type { Bus, BusRecord } from '../../streaming/bus.ts'
import { streamConfig } from '../../streaming/config.ts'
import { createMemoryBus } from '../../streaming/memory-bus.ts'
import { toMessage } from '../../streaming/message.ts'
import { Partitioning } from '../../streaming/partitioning.ts'
import { eventually } from './builders.ts'
import { shortLease } from './stream-partition.ts'

export interface StreamUnderTest {
  service: Service
  bus: Bus
  decisions: string[]
  metrics(): Promise<string>
  ready(): Promise<void>
}

/** The whole consumer on a bus in memory; stopped when the test has ended. */
export function aStream(
  volume: Volume,
  env: Record<string, string> = {},
  changes: Partial<StreamOptions> & { logger?: Logger } = {},
): StreamUnderTest {
  const bus = changes.bus ?? createMemoryBus()
  const decisions: string[] = []
  const config = loadConfig(streamConfig, {
    ...{ DTMS_BUS: 'memory', DTMS_STREAM_CHECKPOINT_SECONDS: '0.05', DTMS_ZSCORE_WINDOW: '50' },
    ...env,
  })
  const service = createStream({
    ...{ config, volume, bus, clock: systemClock, logger: silentLogger, leaseTiming: shortLease },
    printDecisions: (lines) => decisions.push(...lines.split('\n').filter((line) => line !== '')),
    ...changes,
  })
  onTestFinished(() => service.stop())
  return {
    ...{ service, bus, decisions },
    metrics: () => exposition([service.registry]),
    async ready() {
      await eventually(() => Object.values(service.checks()).every(({ ok }) => ok))
    },
  }
}

/** As the producer publishes: keyed by link, sticky. Resolves when all of it is handled and saved. */
export async function publish(bus: Bus, records: readonly TransferRecord[], topic = 'dtms_transfers'): Promise<void> {
  const partitions = (await bus.ranges(topic))?.length ?? 1
  const partitioning = new Partitioning(partitions)
  const publisher = await bus.publisher()
  await publisher.publish(
    topic,
    records.map((record) => {
      const { partition } = partitioning.of(`${record.source}>${record.destination}`)
      return toMessage(record, { partition, timestampMs: Date.now(), publishedAt: record.endedAt })
    }),
  )
  await publisher.close()
}

/** Anything at all, as somebody else's program might send it. */
export async function publishRaw(
  bus: Bus,
  values: readonly (Buffer | string)[],
  parts: Partial<BusRecord> & { topic?: string } = {},
): Promise<void> {
  const { topic = 'dtms_transfers', ...rest } = parts
  const publisher = await bus.publisher()
  await publisher.publish(
    topic,
    values.map((value) => ({
      ...{ key: 'SITE_A>SITE_B', partition: 0, headers: new Map<string, string>(), timestampMs: Date.now() },
      ...rest,
      value: Buffer.from(value),
    })),
  )
  await publisher.close()
}

/** The value of one series of an exposition; undefined when it is not there. */
export function metric(text: string, series: string): number | undefined {
  const line = text.split('\n').find((one) => one.startsWith(`${series} `))
  return line === undefined ? undefined : Number(line.slice(series.length + 1))
}
