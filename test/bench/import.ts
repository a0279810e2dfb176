import { once } from 'node:events'
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { importFile } from '../../exporters/import/import.ts'
import { systemClock } from '../../lib/clock.ts'
import { silentLogger } from '../../lib/logger.ts'
import { createRandom } from '../../lib/random.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import type { BenchRow } from './harness.ts'

const ROWS = 300_000

/** A large log of real transfers: rows a second on an empty data directory, and again when the log has them all. */
export async function run(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'dtms-bench-'))
  try {
    const inPath = join(folder, 'log.csv')
    await writeRows(inPath)
    const volume = createInlineVolume({ root: join(folder, 'data') })
    const options = { format: 'slac-csv', inPath, volume, clock: systemClock, logger: silentLogger }
    const first = await rowsPerSecond(() => importFile(options))
    const second = await rowsPerSecond(() => importFile(options))
    await volume.close()
    return [
      { name: 'slac-csv', value: first, unit: 'rows/s', bar: '>= 50000', ok: first >= 50_000 },
      { name: 'the same file again', value: second, unit: 'rows/s' },
      { name: 'resident set afterwards', value: process.memoryUsage.rss() / 1_048_576, unit: 'MiB' },
    ]
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function writeRows(path: string): Promise<void> {
  const random = createRandom(1, 'import-bench')
  const file = createWriteStream(path)
  file.write('instr,ftype,start,fsz,elap,ttype,fsid,nstripe,stripe0,stripeall\n')
  for (let block = 0; block < ROWS / 1000; block += 1) {
    let text = ''
    for (let i = 0; i < 1000; i += 1) {
      const start = 1_541_548_440 + (block * 1000 + i) * 2 + random.int(60)
      const elapsed = random.chance(0.015) ? 0 : 1 + random.int(400_000)
      text += `${random.pick(['amo', 'cxi', 'mfx'])},${random.int(2)},${start},${random.int(1e10)},${elapsed},${random.int(3) - 1},${random.int(9)},1,2,2\n`
    }
    if (!file.write(text)) await once(file, 'drain')
  }
  file.end()
  await finished(file)
}

async function rowsPerSecond(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return Math.round(ROWS / ((performance.now() - startedAt) / 1000))
}
