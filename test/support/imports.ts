import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { onTestFinished } from 'vitest'
import { type ImportOptions, importFile } from '../../exporters/import/import.ts'
import type { ImportReport } from '../../exporters/import/report.ts'
import { createTailer } from '../../lib/log/tailer.ts'
import { silentLogger } from '../../lib/logger.ts'
import { transferCodec } from '../../lib/record/codec.ts'
import type { TransferRecord } from '../../lib/record/record.ts'
import { quarantineCodec } from '../../lib/streams/codecs.ts'
import type { QuarantineLine } from '../../lib/streams/quarantine.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import type { Volume } from '../../lib/volume/volume.ts'
import { aClock, aFolder } from './builders.ts'

/** A data directory to import into, and what lies in it afterwards. */
export function anImport(options: Partial<ImportOptions> = {}) {
  const folder = aFolder()
  const volume = createInlineVolume({ root: join(folder, 'data') })
  onTestFinished(() => volume.close())
  return {
    folder,
    volume,
    /** Writes the content beside the data directory and imports it. */
    run(content: string | Buffer, format = 'slac-csv', name = 'log.csv'): Promise<ImportReport> {
      const inPath = join(folder, name)
      writeFileSync(inPath, content)
      return importFile({
        format,
        inPath,
        volume,
        clock: aClock(),
        logger: silentLogger,
        ...options,
      })
    },
    file(name: string, content: string | Buffer): string {
      const path = join(folder, name)
      writeFileSync(path, content)
      return path
    },
    records: () => recordsOf(volume),
    rejected: () => rejectedOf(volume),
  }
}

export async function recordsOf(volume: Volume): Promise<TransferRecord[]> {
  const tailer = createTailer({ volume, stream: 'transfers', codec: transferCodec })
  const { entries } = await tailer.poll(1e9)
  return entries.map(({ value }) => value)
}

export async function rejectedOf(volume: Volume): Promise<QuarantineLine[]> {
  const tailer = createTailer({ volume, stream: 'quarantine', codec: quarantineCodec })
  const { entries } = await tailer.poll(1e9)
  return entries.map(({ value }) => value).sort((a, b) => a.seq - b.seq)
}

export const SLAC_HEADER = 'instr,ftype,start,fsz,elap,ttype,fsid,nstripe,stripe0,stripeall'

/** A row of the slac-csv format; the start is the n-th minute of an hour. */
export function aSlacRow(
  n = 0,
  changes: Partial<Record<'instr' | 'ftype' | 'start' | 'fsz' | 'elap' | 'ttype' | 'fsid', string>> = {},
): string {
  const row = {
    instr: 'amo',
    ftype: '0',
    start: String(1_541_548_440 + n * 60),
    fsz: '6512513552',
    elap: '194000',
    ttype: '0',
    fsid: '3',
    ...changes,
  }
  return `${row.instr},${row.ftype},${row.start},${row.fsz},${row.elap},${row.ttype},${row.fsid},1,2,2`
}

export function aSlacFile(rows: readonly string[]): string {
  return `${[SLAC_HEADER, ...rows].join('\n')}\n`
}

export function gzipped(text: string): Buffer {
  return gzipSync(text)
}

/** The folder of real data that is no part of the project, when it is there. */
export function sharedData(...path: string[]): string | undefined {
  const root = process.env.DTMS_SHARED_DATA ?? fileURLToPath(new URL('../../../shared/data', import.meta.url))
  const found = join(root, ...path)
  return existsSync(found) ? found : undefined
}
