import { type SiteName, siteName } from '../../lib/names.ts'
import type { Transfer } from '../../lib/record/record.ts'
import { type Assumption, type ImportFormat, RowProblem } from './format.ts'
import { Header } from './header.ts'
import { toBytes, toDuration, toInstant, toSiteName, toWhole } from './values.ts'

const TAPE = siteName('TAPE')
const FORMAT = 'slac-csv'

/**
 * The log of transfers between an experiment's disk file systems and tape that SLAC published for LCLS
 * (docs/import.md): instrument = site, the ends are `FS_<fsid>` and `TAPE`.
 */
export const slacCsv: ImportFormat = {
  kind: FORMAT,
  delimiter: ',',
  open(names) {
    const header = new Header(names)
    const column = {
      instrument: header.need('instr'),
      fileType: header.need('ftype'),
      start: header.need('start'),
      size: header.need('fsz'),
      elapsed: header.need('elap'),
      direction: header.need('ttype'),
      fileSystem: header.need('fsid'),
    }
    header.check(FORMAT)
    return (fields, assume) => {
      const field = (place: number): string => fields[place] as string
      const site = toSiteName(field(column.instrument))
      const startedAt = toInstant(field(column.start), 's')
      const sizeBytes = toBytes(field(column.size))
      const durationSeconds = toDuration(field(column.elapsed), 'ms')
      if (durationSeconds === 0) throw new RowProblem('zero-duration')
      const disk = toSiteName(`FS_${toWhole(field(column.fileSystem), 0, 1e9, 'bad-name')}`)
      const direction = field(column.direction).trim()
      if (direction === '-1') assume('direction unknown (ttype -1): taken as disk to tape')
      return {
        site,
        ...ends(direction, disk),
        protocol: 'tape',
        activity: activityOf(toWhole(field(column.fileType), -1, 1e6), assume),
        queuedAt: startedAt,
        startedAt,
        endedAt: startedAt + durationSeconds,
        sizeBytes,
        bytesTransferred: sizeBytes,
        durationSeconds,
        firstByteSeconds: 0,
        status: 'ok',
        attempt: 1,
        streams: 1,
        checksum: 'none',
        origin: { kind: FORMAT },
      }
    }
  },
}

function ends(direction: string, disk: SiteName): Pick<Transfer, 'source' | 'destination'> {
  if (direction === '0' || direction === '-1') return { source: disk, destination: TAPE }
  if (direction === '1') return { source: TAPE, destination: disk }
  throw new RowProblem('bad-direction')
}

const fileTypes: readonly string[] = ['raw', 'small']

/** The log's description names 0 and 1; -1 stands where the type was not known. */
function activityOf(fileType: number, assume: Assumption): string {
  if (fileType !== -1) return fileTypes[fileType] ?? `type ${fileType}`
  assume('file type unknown (ftype -1)')
  return 'unknown'
}
