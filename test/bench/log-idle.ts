import { systemClock } from '../../lib/clock.ts'
import { followLog } from '../../lib/log/follow.ts'
import { createTailer } from '../../lib/log/tailer.ts'
import { openLogWriter } from '../../lib/log/writer.ts'
import { silentLogger } from '../../lib/logger.ts'
import { transferCodec } from '../../lib/record/codec.ts'
import { openVolume } from '../../lib/volume/open.ts'
import type { BenchRow } from './harness.ts'
import { inFolder, transfersOf } from './support-transfers.ts'

const SITES = ['SITE_A', 'SITE_B', 'SITE_C']
const READERS = 5
const POLL_MS = 100

/** Readers back off while nothing comes: this long until they are as slow as they get, milliseconds. */
const SETTLE_MS = 8000
const MEASURE_MS = 10_000

/** What waiting costs: the processor time of readers that have nothing to read, thread of the volume included. */
export function run(): Promise<BenchRow[]> {
  return inFolder(async (root) => {
    const volume = openVolume({ root })
    for (const writer of SITES) {
      const log = await openLogWriter({
        volume,
        stream: 'transfers',
        writer,
        codec: transferCodec,
        clock: systemClock,
        logger: silentLogger,
      })
      await log.appendAll(transfersOf(writer, 1000))
      await log.close()
    }
    const readers = Array.from({ length: READERS }, () =>
      followLog({
        tailer: createTailer({ volume, stream: 'transfers', codec: transferCodec }),
        pollMs: POLL_MS,
        onBatch: () => {},
        logger: silentLogger,
      }),
    )
    await Promise.all(readers.map((reader) => reader.firstPass))
    await pause(SETTLE_MS)
    const before = process.cpuUsage()
    const startedAt = performance.now()
    await pause(MEASURE_MS)
    const { user, system } = process.cpuUsage(before)
    const percent = (user + system) / 10 / (performance.now() - startedAt)
    await Promise.all(readers.map((reader) => reader.stop()))
    await volume.close()
    const name = `${READERS} idle readers of ${SITES.length} sites`
    return [{ name, value: percent, unit: '% of a core', bar: '< 1', ok: percent < 1 }]
  })
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
