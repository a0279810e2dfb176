import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../lib/clock.ts'
import { openLogWriter } from '../../lib/log/writer.ts'
import { silentLogger } from '../../lib/logger.ts'
import { transferCodec } from '../../lib/record/codec.ts'
import type { Transfer } from '../../lib/record/record.ts'
import { systemCalls } from '../../lib/volume/calls.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import { openVolume } from '../../lib/volume/open.ts'
import type { Volume } from '../../lib/volume/volume.ts'
import { alternate, type BenchRow } from './harness.ts'
import { inFolder, transfersOf } from './support-transfers.ts'

const RECORDS = 40_000

/** Records that are handed over at once, and how many may be on their way before the producer waits. */
const GROUP = 500
const MOST_PENDING = 8000

/** No sync: what is compared is the work of the processor, not of a disk that other programs use too. */
const unsynced = { ...systemCalls, fdatasync: () => {}, fsync: () => {} }

/**
 * The log's writer (rules, checksums, batches, acknowledgements) against the plain way, `JSON.stringify` and one
 * `writeSync` for each record; then with real syncs, as often on one side as on the other.
 */
export function run(): Promise<BenchRow[]> {
  return inFolder(async (folder) => {
    const transfers = transfersOf('SITE_A', RECORDS)
    const root = join(folder, 'inline')
    const inline = createInlineVolume({ root, calls: unsynced })
    const append = await alternate(
      () => writeLog(inline, transfers),
      () => writePlainly(folder, transfers, Number.POSITIVE_INFINITY),
      15,
    )
    const threaded = openVolume({ root, logger: silentLogger })
    const perSync = Math.ceil(RECORDS / (await writeLog(threaded, transfers)))
    const synced = await alternate(
      () => writeLog(threaded, transfers),
      () => writePlainly(folder, transfers, perSync),
    )
    await threaded.close()
    return [
      {
        name: 'grouped append against one writeSync a record',
        value: append.ratio,
        unit: 'x',
        bar: '>= 1.4',
        ok: append.ratio >= 1.4,
        note: 'neither side syncs; the plain side has no checksum',
      },
      rate('grouped append', append.candidateMs),
      rate('one writeSync a record', append.anchorMs),
      {
        name: 'the same in the volume thread, synced',
        value: synced.ratio,
        unit: 'x',
        note: `both one fdatasync for ${perSync} records: the disk decides`,
      },
      rate('grouped append in the volume thread, synced', synced.candidateMs),
    ]
  })
}

function rate(name: string, milliseconds: number): BenchRow {
  return { name, value: Math.round(RECORDS / (milliseconds / 1000)), unit: 'records/s' }
}

/** Every round has files of its own, removed after the bench: deleting 20 MB takes as long as writing them. */
let round = 0

/** Returns how often it synced. */
async function writeLog(volume: Volume, transfers: readonly Transfer[]): Promise<number> {
  round += 1
  const writer = await openLogWriter({
    volume,
    stream: 'transfers',
    writer: `ROUND_${round}`,
    codec: transferCodec,
    clock: systemClock,
    logger: silentLogger,
  })
  const underWay: Promise<number>[] = []
  for (let start = 0; start < transfers.length; start += GROUP) {
    underWay.push(writer.appendAll(transfers.slice(start, start + GROUP)))
    while (writer.pending > MOST_PENDING) await underWay.shift()
  }
  await Promise.all(underWay)
  await writer.close()
  return writer.stats.syncs
}

function writePlainly(folder: string, transfers: readonly Transfer[], perSync: number): void {
  round += 1
  const file = openSync(join(folder, `plain-${round}.ndjson`), 'w')
  transfers.forEach((transfer, i) => {
    const seq = i + 1
    writeSync(file, `${JSON.stringify({ v: 1, seq, id: `${transfer.site}-${seq}`, ...transfer })}\n`)
    if (seq % perSync === 0) fdatasyncSync(file)
  })
  if (Number.isFinite(perSync)) fdatasyncSync(file)
  closeSync(file)
}
