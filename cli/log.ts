import { existsSync } from 'node:fs'
import { DtmsError } from '../lib/errors.ts'
import { inventory, type WriterInventory, writersOf } from '../lib/log/inventory.ts'
import type { Codec } from '../lib/log/log.ts'
import { readSegment } from '../lib/log/segment-reader.ts'
import { verifyStream } from '../lib/log/verify.ts'
import { transferCodec } from '../lib/record/codec.ts'
import { ANOMALIES_CSV_HEADER, anomalyCsvRow, TRANSFERS_CSV_HEADER, transferCsvRow } from '../lib/record/legacy-csv.ts'
import { anomaliesCodec, streamCodecs } from '../lib/streams/codecs.ts'
import { createInlineVolume } from '../lib/volume/inline.ts'
import type { Volume } from '../lib/volume/volume.ts'
import type { AddCommand } from './command.ts'
import { type CliContext, createProgress, table } from './context.ts'
import { dataOption, instant, toOption, wholeNumber, withOptions } from './options.ts'

/** Every stream that the log store knows, with what turns its lines into entries. */
const streams: ReadonlyMap<string, Codec<never, unknown>> = new Map<string, Codec<never, unknown>>([
  ['transfers', transferCodec],
  ...streamCodecs,
])

interface LogFlags {
  data?: string
  stream?: string
  writer?: string
  from?: number
  to?: number
  limit?: number
  format?: string
  json?: boolean
}

export const addLog: AddCommand = (program, context, act) => {
  const log = program.command('log').description('look into a data directory without changing it')
  log
    .command('verify')
    .description('read everything and say whether each entry is there, once and whole; exit 1 when not')
    .addOption(toOption(dataOption))
    .option('--stream <name>', `one stream of ${[...streams.keys()].join(', ')}`, 'transfers')
    .option('--json', 'one JSON object on stdout')
    .action((flags: LogFlags) => act(() => verify(context, flags)))
  log
    .command('stat')
    .description('what every writer has written: segments, bytes, entries, numbers, time range')
    .addOption(toOption(dataOption))
    .option('--stream <name>', 'one stream; absent: all')
    .option('--json', 'one JSON object on stdout')
    .action((flags: LogFlags) => act(() => stat(context, flags)))
  log
    .command('cat')
    .description('print entries, one JSON object a line, or as the CSV files of the earlier platform')
    .addOption(toOption(dataOption))
    .option('--stream <name>', `one stream of ${[...streams.keys()].join(', ')}`, 'transfers')
    .option('--writer <name>', 'one writer, for example SITE_A; absent: all, one after the other')
    .option('--from <instant>', 'entries at or after this record time', instant)
    .option('--to <instant>', 'entries before this record time', instant)
    .option('--limit <n>', 'at most so many', wholeNumber)
    .option('--format <name>', 'json, or csv (transfers and anomalies)', 'json')
    .action((flags: LogFlags) => act(() => cat(context, flags)))
}

function openFolder(context: CliContext, flags: LogFlags): { volume: Volume; root: string } {
  const root = withOptions(context, [dataOption], { ...flags }).DTMS_DATA_DIR ?? './data'
  // Opening a volume makes its folder: a command that only looks must not.
  if (!existsSync(root)) throw noData(root)
  return { volume: createInlineVolume({ root }), root }
}

function codecOf(stream: string): Codec<never, unknown> {
  const codec = streams.get(stream)
  if (codec !== undefined) return codec
  throw new DtmsError('usage.invalid', `there is no stream ${JSON.stringify(stream.slice(0, 64))}`, {
    hint: `name one of ${[...streams.keys()].join(', ')}`,
  })
}

function noData(root: string): DtmsError {
  return new DtmsError('input.unreadable', `there is no data directory ${root}`, {
    hint: 'name the data directory with --data (DTMS_DATA_DIR)',
  })
}

/** A misspelt folder must not look like a log without a fault. */
async function requireStream(volume: Volume, stream: string, root: string): Promise<void> {
  if ((await volume.list(stream)) !== undefined) return
  throw new DtmsError('input.unreadable', `there is no ${stream} log in ${root}`, {
    hint: 'name the data directory with --data; `dtms log stat` shows what it holds',
  })
}

async function verify(context: CliContext, flags: LogFlags): Promise<number> {
  const { volume, root } = openFolder(context, flags)
  const stream = flags.stream ?? 'transfers'
  const codec = codecOf(stream)
  await requireStream(volume, stream, root)
  const progress = createProgress(context)
  const report = await verifyStream({
    volume,
    stream,
    codec,
    onProgress: (bytes) => progress.show(`reading ${(bytes / 1e6).toFixed(0)} MB`),
  })
  progress.end()
  if (flags.json === true) context.out(JSON.stringify(report))
  else {
    const rows = report.sites.map((site) => [
      site.site,
      site.records,
      site.firstSeq ?? '',
      site.lastSeq ?? '',
      site.missing,
      site.repeated,
      site.torn,
      site.damagedTotal,
    ])
    context.out(table(['site', 'records', 'first seq', 'last seq', 'missing', 'repeated', 'torn', 'damaged'], rows))
    for (const { site, damaged } of report.sites) {
      for (const { segment, offset, reason } of damaged.slice(0, 10)) {
        context.out(`  ${stream}/${site}/${segment} at byte ${offset}: ${reason}`)
      }
    }
    context.out(
      report.ok ? 'good: nothing lost, nothing doubled, nothing damaged' : 'NOT good: see missing and damaged',
    )
  }
  return report.ok ? 0 : 1
}

async function stat(context: CliContext, flags: LogFlags): Promise<number> {
  const { volume, root } = openFolder(context, flags)
  const chosen = flags.stream === undefined ? [...streams.keys()] : [flags.stream]
  if (flags.stream !== undefined) await requireStream(volume, flags.stream, root)
  const found: (WriterInventory & { stream: string })[] = []
  for (const stream of chosen) {
    const codec = codecOf(stream)
    for (const writer of await writersOf(volume, stream)) {
      found.push({ stream, ...(await inventory(volume, stream, writer, codec)) })
    }
  }
  if (flags.json === true) {
    context.out(
      JSON.stringify({ writers: found.map(({ segments, ...rest }) => ({ ...rest, segments: segments.length })) }),
    )
    return 0
  }
  const rows = found.map(({ stream, writer, segments, bytes, records, firstSeq, lastSeq, minAt, maxAt }) => [
    `${stream}/${writer}`,
    segments.length,
    bytes,
    records,
    firstSeq ?? '',
    lastSeq ?? '',
    minAt === undefined ? '' : shownInstant(minAt),
    maxAt === undefined ? '' : shownInstant(maxAt),
  ])
  context.out(table(['writer', 'segments', 'bytes', 'entries', 'first seq', 'last seq', 'from', 'to'], rows))
  return 0
}

async function cat(context: CliContext, flags: LogFlags): Promise<number> {
  const { volume, root } = openFolder(context, flags)
  const stream = flags.stream ?? 'transfers'
  await requireStream(volume, stream, root)
  const render = renderer(stream, flags.format ?? 'json')
  if (render.header !== undefined) context.out(render.header)
  const writers = flags.writer === undefined ? await writersOf(volume, stream) : [flags.writer]
  let left = flags.limit ?? Number.POSITIVE_INFINITY
  for (const writer of writers) {
    const { segments } = await inventory(volume, stream, writer, codecOf(stream))
    let highest = 0
    for (const { segment, bytes, minAt, maxAt } of segments) {
      if (maxAt < (flags.from ?? -Infinity) || minAt >= (flags.to ?? Infinity)) continue
      for await (const text of render.lines({ volume, stream, writer, segment, end: bytes })) {
        if (text.seq <= highest) continue
        highest = text.seq
        if (text.at < (flags.from ?? -Infinity) || text.at >= (flags.to ?? Infinity)) continue
        if (left <= 0) return 0
        left -= 1
        context.out(text.line)
      }
    }
  }
  return 0
}

interface Place {
  volume: Volume
  stream: string
  writer: string
  segment: string
  end: number
}

interface Renderer {
  header?: string
  lines(place: Place): AsyncGenerator<{ seq: number; at: number; line: string }>
}

function renderer(stream: string, format: string): Renderer {
  if (format === 'json') return { lines: (place) => rendered(place, codecOf(stream), (value) => JSON.stringify(value)) }
  if (format === 'csv' && stream === 'transfers') {
    return {
      header: TRANSFERS_CSV_HEADER.trimEnd(),
      lines: (place) => rendered(place, transferCodec, (record) => transferCsvRow(record).trimEnd()),
    }
  }
  if (format === 'csv' && stream === 'anomalies') {
    return {
      header: ANOMALIES_CSV_HEADER.trimEnd(),
      lines: (place) => rendered(place, anomaliesCodec, (line) => anomalyCsvRow(line).trimEnd()),
    }
  }
  throw new DtmsError('usage.invalid', `${stream} cannot be printed as ${JSON.stringify(format.slice(0, 64))}`, {
    hint: 'use --format json, or --format csv with --stream transfers or anomalies',
  })
}

async function* rendered<Read>(
  place: Place,
  codec: Codec<never, Read>,
  toLine: (value: Read) => string,
): AsyncGenerator<{ seq: number; at: number; line: string }> {
  for await (const { entries } of readSegment({ ...place, codec })) {
    for (const { seq, at, value } of entries) yield { seq, at, line: toLine(value) }
  }
}

function shownInstant(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
}
