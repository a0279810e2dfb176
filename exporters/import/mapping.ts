import { z } from 'zod'
import { isSiteName } from '../../lib/names.ts'
import { checksums } from '../../lib/record/record.ts'
import { parseYamlFile, type YamlProblem } from '../../lib/yaml-file.ts'
import { durationUnits, sizeUnits, timeUnits } from './values.ts'

/** The mapping file of `mapped-csv` (docs/import.md): which column is which, and in what unit. */

const columnName = z.string().min(1).max(200)
const names = <T extends string>(record: Record<T, unknown>): [T, ...T[]] => Object.keys(record) as [T, ...T[]]

/** `column`, or `{column, ...}` with more to say. */
const column = z.union([columnName.transform((name) => ({ column: name })), z.strictObject({ column: columnName })])

const site = z.union([
  columnName.transform((name) => ({ column: name })),
  z.strictObject({ column: columnName }),
  z.strictObject({
    constant: z.string().refine(isSiteName, 'must be a site name: 1 to 32 characters of A-Z, 0-9 and _'),
  }),
])

const word = (maxLength: number) =>
  z.union([
    columnName.transform((name) => ({ column: name })),
    z.strictObject({ column: columnName }),
    z.strictObject({ constant: z.string().min(1).max(maxLength) }),
  ])

const instantUnit = z.enum(['iso', ...names(timeUnits)])
const instant = z.strictObject({ column: columnName, unit: instantUnit })
const duration = z.strictObject({ column: columnName, unit: z.enum(names(durationUnits)) })
const size = z.strictObject({ column: columnName, unit: z.enum(names(sizeUnits)) })

const status = z.strictObject({
  column: columnName,
  /** Values that mean success and a stop on purpose; compared without case. All others are failures. */
  ok: z.array(z.union([z.string(), z.number().transform(String)])).min(1),
  aborted: z.array(z.union([z.string(), z.number().transform(String)])).default([]),
})

const checksum = z.strictObject({
  column: columnName,
  values: z.record(z.string(), z.enum(checksums)),
})

export const mappingSchema = z.strictObject({
  version: z.literal(1),
  delimiter: z.union([z.enum(['tab', 'space']), z.string().length(1)]).default(','),
  /** true: the first line names the columns; else the names in order. */
  header: z.union([z.literal(true), z.array(columnName).min(1).max(1000)]).default(true),
  /** Texts that mean "no value". */
  missing: z.array(z.string()).default(['', '-', 'NULL', 'null', 'None', '\\N']),
  /** Whether names of hosts become site names (upper case, other characters `_`), or must be site names already. */
  names: z.enum(['normalise', 'exact']).default('normalise'),
  /** Names of the file -> site names, before anything else. */
  rename: z.record(z.string(), z.string().refine(isSiteName, 'must be a site name')).default({}),
  /** What a successful transfer of zero seconds is: impossible, or shorter than the clock of the log can tell. */
  zeroDuration: z.enum(['quarantine', 'keep']).default('quarantine'),
  columns: z.strictObject({
    site,
    source: site,
    destination: site,
    queued: instant.optional(),
    start: instant.optional(),
    end: instant.optional(),
    duration: duration.optional(),
    firstByte: duration.optional(),
    size,
    transferred: size.optional(),
    status: status.optional(),
    error: column.optional(),
    protocol: word(32).default({ constant: 'unknown' }),
    activity: word(64).default({ constant: 'transfer' }),
    attempt: column.optional(),
    streams: column.optional(),
    checksum: checksum.optional(),
    /** The log's own id of a row: equal rows with an equal id are one transfer. */
    id: column.optional(),
  }),
})
export type Mapping = z.infer<typeof mappingSchema>
export type NamedColumn = Mapping['columns']['site']

/** @throws DtmsError `input.mapping` that lists every problem with line and column */
export function parseMapping(text: string, fileName: string): Mapping {
  return parseYamlFile<Mapping>(text, fileName, {
    schema: mappingSchema,
    code: 'input.mapping',
    hint: 'correct the mapping; docs/import.md describes every key and has a worked example',
    maxBytes: 64 * 1024,
    check: checkTimes,
  })
}

/** Two of start, end and duration give the third. */
function checkTimes(raw: unknown): YamlProblem[] {
  if (typeof raw !== 'object' || raw === null || !('columns' in raw)) return []
  const { columns } = raw
  if (typeof columns !== 'object' || columns === null) return []
  const given = ['start', 'end', 'duration'].filter((name) => name in columns)
  if (given.length >= 2) return []
  const there = given.length === 0 ? 'none is there' : `only ${given[0]} is there`
  return [{ path: ['columns'], message: `needs two of start, end and duration; ${there}` }]
}
