import { readFileSync } from 'node:fs'
import { DtmsError, describeSystemError } from '../../lib/errors.ts'
import type { ImportFormat } from './format.ts'
import { mappedCsv } from './mapped-csv.ts'
import { parseMapping } from './mapping.ts'
import { slacCsv } from './slac-csv.ts'
import { transfersCsv } from './transfers-csv.ts'

/** Every format that `dtms import` and `DTMS_SOURCE=csv` read: one file and one line here. */
const formats = new Map<string, (mappingPath: string | undefined) => ImportFormat>([
  ['slac-csv', () => slacCsv],
  ['transfers-csv', () => transfersCsv],
  ['mapped-csv', (mappingPath) => mappedCsv(loadMapping(mappingPath))],
])

export const formatNames: readonly string[] = [...formats.keys()]

/**
 * @throws DtmsError `usage.invalid` for an unknown name or a missing mapping, `input.mapping` for a bad one,
 * `input.unreadable` when the mapping cannot be read
 */
export function openFormat(name: string, mappingPath?: string): ImportFormat {
  const open = formats.get(name)
  if (open === undefined) {
    throw new DtmsError('usage.invalid', `unknown format ${JSON.stringify(name.slice(0, 64))}`, {
      hint: `use one of ${formatNames.join(', ')}; mapped-csv reads any delimited file (docs/import.md)`,
    })
  }
  if (mappingPath !== undefined && name !== 'mapped-csv') {
    throw new DtmsError('usage.invalid', `a mapping does not go with the format ${name}`, {
      hint: 'use --format mapped-csv, or leave --mapping away',
    })
  }
  return open(mappingPath)
}

function loadMapping(path: string | undefined) {
  if (path === undefined) {
    throw new DtmsError('usage.invalid', 'the format mapped-csv needs a mapping', {
      hint: 'name it with --mapping FILE.yaml; docs/import.md has one to begin with',
    })
  }
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new DtmsError('input.unreadable', `the mapping ${path} cannot be read (${describeSystemError(error)})`, {
      hint: 'check the path and the rights of the file',
      cause: error,
    })
  }
  return parseMapping(text, path)
}
