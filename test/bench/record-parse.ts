import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadScenario } from '../../exporters/scenario-file.ts'
import { LineCutter } from '../../lib/log/lines.ts'
import { transferCodec } from '../../lib/record/codec.ts'
import { runMatches } from '../../lib/record/crc-run.ts'
import type { Transfer } from '../../lib/record/record.ts'
import { createWorld } from '../../simulator/world.ts'
import { alternate, type BenchRow } from './harness.ts'

const CHUNK_BYTES = 262_144

/** Checked parsing of real version 1 lines against `JSON.parse`, alone and as a whole file read (reliability.md, speed). */
export async function run(): Promise<BenchRow[]> {
  const transfers = someTransfers()
  const lines = transfers.map((transfer, i) => transferCodec.serialise(transfer, i + 1))
  const bytes = Buffer.from(lines.join(''))
  const buffers = lines.map((line) => Buffer.from(line.slice(0, -1)))
  const folder = mkdtempSync(join(tmpdir(), 'dtms-bench-'))
  const file = join(folder, 'lines.ndjson')
  writeFileSync(file, bytes)
  try {
    const parse = await alternate(
      () => sum(buffers, (line) => parsed(line)),
      () => sum(buffers, (line) => (JSON.parse(line.toString()) as Transfer).sizeBytes),
    )
    const tail = await alternate(
      () => checkedTail(file),
      () => plainTail(file),
    )
    const write = await alternate(
      () => sum(transfers, (transfer) => transferCodec.serialise(transfer, 1).length),
      () => sum(transfers, (transfer) => JSON.stringify(transfer).length),
    )
    return [
      { name: 'bytes a line', value: Math.round(bytes.length / lines.length), unit: 'B' },
      row('checked parse against JSON.parse', parse.ratio),
      rate('checked parse', lines.length, parse.candidateMs),
      {
        ...row('checked file read against split and JSON.parse', tail.ratio),
        bar: '>= 2.0',
        ok: tail.ratio >= 2,
      },
      rate('checked file read', lines.length, tail.candidateMs),
      row('serialise with rules and checksum against JSON.stringify', write.ratio),
      rate('serialise with rules and checksum', lines.length, write.candidateMs),
    ]
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function row(name: string, ratio: number): BenchRow {
  return { name, value: Number(ratio.toFixed(2)), unit: 'x' }
}

function rate(name: string, records: number, milliseconds: number): BenchRow {
  return { name, value: Math.round(records / (milliseconds / 1000)), unit: 'records/s' }
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  let total = 0
  for (const item of items) total += value(item)
  return total
}

function parsed(line: Buffer): number {
  const result = transferCodec.parse(line)
  return result.ok ? result.value.sizeBytes : 0
}

/** As a tailer does it: one checksum for the lines of a chunk, each read where it lies. */
function checkedTail(file: string): number {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  const descriptor = openSync(file, 'r')
  const cutter = new LineCutter(0)
  let total = 0
  for (;;) {
    const count = readSync(descriptor, chunk, 0, chunk.length, cutter.next)
    const { start, ends } = cutter.mark(chunk.subarray(0, count))
    if (ends.length === 0) break
    const isIntact = runMatches(chunk, start, ends)
    let lineStart = start
    for (const end of ends) {
      const scanned = isIntact ? transferCodec.scan?.read(chunk, lineStart, end) : undefined
      total += scanned?.sizeBytes ?? parsed(chunk.subarray(lineStart, end))
      lineStart = end + 1
    }
  }
  closeSync(descriptor)
  return total
}

/** The plain way: chunks as text, split, `JSON.parse`, nothing checked. */
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
    for (const line of lines) total += (JSON.parse(line) as Transfer).sizeBytes
  }
  closeSync(descriptor)
  return total
}

/** Three days of one site of the default world, as its exporter writes them: sizes, counters and failures as they are. */
function someTransfers(): Transfer[] {
  const { scenario } = loadScenario('default')
  const world = createWorld({ scenario, seed: 7, worldStart: 1_696_118_400 })
  const { records } = world.runUntil(1_696_118_400 + 3 * 86_400)
  return records.map(({ transfer }) => transfer).filter(({ site }) => site === 'SITE_A')
}
