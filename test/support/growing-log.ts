import { onTestFinished } from 'vitest'
import { systemClock } from '../../lib/clock.ts'
import type { LogWriter } from '../../lib/log/log.ts'
import { openLogWriter } from '../../lib/log/writer.ts'
import { silentLogger } from '../../lib/logger.ts'
import { type SiteName, siteName } from '../../lib/names.ts'
import type { Random } from '../../lib/random.ts'
import { transferCodec } from '../../lib/record/codec.ts'
import type { Transfer } from '../../lib/record/record.ts'
import type { Volume } from '../../lib/volume/volume.ts'
import { aTransfer, NOON } from './builders.ts'

const sites = ['SITE_A', 'SITE_B', 'SITE_C'].map(siteName)

/** The logs of three sites as they grow, and everything that is in them. */
export interface GrowingLog {
  readonly records: readonly Transfer[]
  /** Appends about so many records, `every` seconds apart, and resolves when they are durable. */
  grow(records: number, every: number): Promise<void>
  close(): Promise<void>
}

export async function aGrowingLog(volume: Volume, random: Random): Promise<GrowingLog> {
  const writers = new Map<SiteName, LogWriter<Transfer>>()
  for (const site of sites) {
    const place = { volume, stream: 'transfers', writer: site, codec: transferCodec, clock: systemClock }
    writers.set(site, await openLogWriter<Transfer>({ ...place, logger: silentLogger }))
  }
  const close = async (): Promise<void> => {
    await Promise.all([...writers.values()].map((writer) => writer.close()))
  }
  onTestFinished(close)
  const records: Transfer[] = []
  let at = NOON
  return {
    records,
    close,
    async grow(count, every) {
      const batches = new Map<SiteName, Transfer[]>(sites.map((site) => [site, []]))
      for (let i = 0; i < count; i += 1) {
        at += every
        const transfer = aRandomTransfer(random, Math.round(at * 1000) / 1000)
        batches.get(transfer.site)?.push(transfer)
        records.push(transfer)
      }
      await Promise.all([...batches].map(([site, batch]) => writers.get(site)?.appendAll(batch)))
    },
  }
}

function aRandomTransfer(random: Random, endedAt: number): Transfer {
  const source = random.pick(sites)
  const destination = random.pick(sites.filter((site) => site !== source))
  const sizeBytes = 1 + random.int(1e9)
  const isBad = random.chance(0.05)
  return aTransfer({
    ...{ site: source, source, destination, endedAt, sizeBytes },
    durationSeconds: Math.round(random.uniform(1, 60) * 1000) / 1000,
    bytesTransferred: isBad ? 0 : sizeBytes,
    ...(isBad
      ? {
          status: 'failed' as const,
          checksum: 'none' as const,
          error: {
            ...{ scope: 'destination' as const, phase: 'transfer' as const, class: 'no_space' as const },
            ...{ message: 'full', retryable: false },
          },
        }
      : {}),
  })
}
