import { closeSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../lib/clock.ts'
import { createTailer } from '../../lib/log/tailer.ts'
import { openLogWriter } from '../../lib/log/writer.ts'
import { silentLogger } from '../../lib/logger.ts'
import { transferCodec } from '../../lib/record/codec.ts'
import type { TransferRecord } from '../../lib/record/record.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import { openVolume } from '../../lib/volume/open.ts'
import type { Volume } from '../../lib/volume/volume.ts'
import { alternate, type BenchRow } from './harness.ts'
import { inFolder, transfersOf } from './support-transfers.ts'

const RECORDS = 40_000

/** Bytes that the plain way reads at once: what the log's readers take. */
const CHUNK_BYTES = 262_144

/** A checked tail of a log against the plain way: read, split, `JSON.parse`, nothing checked. Both add up one field. */
export function run(): Promise<BenchRow[]> {
  return inFolder(async (root) => {
    const inline = createInlineVolume({ root })
    const worker = openVolume({ root, logger: silentLogger })
    const segment = await writeLog(inline)
    const plain = () => plainTail(join(root, segment))
    const inThread = await alternate(() => checkedTail(inline), plain, 15)
    const inWorker = await alternate(() => checkedTail(worker), plain, 15)
    await worker.close()
    return [
      {
        name: 'checked tail against split and JSON.parse',
        value: inThread.ratio,
        unit: 'x',
        bar: '>= 2.0',
        ok: inThread.ratio >= 2,
      },
      { name: 'the same through the volume thread', value: inWorker.ratio, unit: 'x' },
      rate('checked tail', inThread.candidateMs),
      rate('checked tail through the volume thread', inWorker.candidateMs),
      rate('split and JSON.parse', inThread.anchorMs),
    ]
  })
}

function rate(name: string, milliseconds: number): BenchRow {
  return { name, value: Math.round(RECORDS / (milliseconds / 1000)), unit: 'records/s' }
}

/** One segment, whatever the record times: the plain way reads one file. */
async function writeLog(volume: Volume): Promise<string> {
  const writer = await openLogWriter({
    volume,
    stream: 'transfers',
    writer: 'SITE_A',
    codec: transferCodec,
    clock: systemClock,
    logger: silentLogger,
    roll: { bytes: 1e9, seconds: 1e9, leastBytes: 1e9 },
  })
  await writer.appendAll(transfersOf('SITE_A', RECORDS))
  await writer.close()
  return 'transfers/SITE_A/000001-000001.ndjson'
}

async function checkedTail(volume: Volume): Promise<number> {
  const tailer = createTailer({ volume, stream: 'transfers', codec: transferCodec })
  let total = 0
  let count = 0
  for (let caughtUp = false; !caughtUp; ) {
    const batch = await tailer.poll()
    for (const { value } of batch.entries) total += value.sizeBytes
    count += batch.entries.length
    caughtUp = batch.caughtUp
  }
  if (count !== RECORDS) throw new Error(`${count} of ${RECORDS} records came`)
  return total
}

function plainTail(file: string): number {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  const descriptor = openSync(file, 'r')
  let total = 0
  let rest = ''
  for (;;) {
    const count = readSync(descriptor, chunk, 0, chunk.length, null)
    if (count === 0) break
    const lines = (rest + chunk.toString('utf8', 0, count)).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) total += (JSON.parse(line) as TransferRecord).sizeBytes
  }
  closeSync(descriptor)
  return total
}
