import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../lib/clock.ts'
import { openLogWriter } from '../../lib/log/writer.ts'
import { silentLogger } from '../../lib/logger.ts'
import { transferCodec } from '../../lib/record/codec.ts'
import type { Transfer } from '../../lib/record/record.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import { openVolume } from '../../lib/volume/open.ts'
import type { Volume } from '../../lib/volume/volume.ts'
import { alternate, type BenchRow } from './harness.ts'
import { inFolder, transfersOf } from './support-transfers.ts'

const RECORDS = 40_000

/** Records that are handed over at once, and how many may be on their way before the producer waits. */
const GROUP = 500
const MOST_PENDING = 8000

/**
 * The log's writer against one `writeSync` for each record, both from the transfer to the synced file: the same lines,
 * checksum and all, and a sync as often as the writer makes one.
 */
export function run(): Promise<BenchRow[]> {
  return inFolder(async (folder) => {
    const transfers = transfersOf('SITE_A', RECORDS)
    const inline = createInlineVolume({ root: join(folder, 'inline') })
    const worker = openVolume({ root: join(folder, 'worker'), logger: silentLogger })
    const syncs = await writeLog(worker, join(folder, 'worker'), transfers)
    const perSync = Math.ceil(RECORDS / syncs)
    const plain = () => writePlainly(join(folder, 'plain.ndjson'), transfers, perSync)
    const inWorker = await alternate(() => writeLog(worker, join(folder, 'worker'), transfers), plain, 15)
    const inThread = await alternate(() => writeLog(inline, join(folder, 'inline'), transfers), plain, 15)
    await worker.close()
    return [
      {
        name: 'grouped append against one writeSync a record',
        value: inWorker.ratio,
        unit: 'x',
        bar: '>= 1.4',
        ok: inWorker.ratio >= 1.4,
        note: `the same lines, both one fdatasync for ${perSync} records`,
      },
      { name: 'the same without a thread for the volume', value: inThread.ratio, unit: 'x' },
      rate('grouped append', inWorker.candidateMs),
      rate('grouped append without a thread for the volume', inThread.candidateMs),
      rate('one writeSync a record', inWorker.anchorMs),
    ]
  })
}

function rate(name: string, milliseconds: number): BenchRow {
  return { name, value: Math.round(RECORDS / (milliseconds / 1000)), unit: 'records/s' }
}

/** Returns how often it synced. */
async function writeLog(volume: Volume, root: string, transfers: readonly Transfer[]): Promise<number> {
  const writer = await openLogWriter({
    volume,
    stream: 'transfers',
    writer: 'SITE_A',
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
  rmSync(join(root, 'transfers'), { recursive: true })
  return writer.stats.syncs
}

function writePlainly(path: string, transfers: readonly Transfer[], perSync: number): void {
  const file = openSync(path, 'w')
  transfers.forEach((transfer, i) => {
    writeSync(file, transferCodec.serialise(transfer, i + 1))
    if ((i + 1) % perSync === 0) fdatasyncSync(file)
  })
  fdatasyncSync(file)
  closeSync(file)
  rmSync(path)
}
