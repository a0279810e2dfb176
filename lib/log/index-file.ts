import { checksumMatches, closeLine, hasTrailer } from '../record/crc.ts'
import type { Volume } from '../volume/volume.ts'
import { takeApart } from './joined.ts'
import { readLines } from './lines.ts'
import type { Codec } from './log.ts'
import { INDEX_FILE, isSegment } from './segments.ts'

/** What a sealed segment holds. Taken from its lines alone, so that it can be rebuilt and is the same in every run. */
export interface SegmentSummary {
  segment: string
  /** Whole, good lines. */
  lines: number
  /** Where the segment ends for readers. */
  bytes: number
  /** All four are 0 when there is no line. */
  firstSeq: number
  lastSeq: number
  minAt: number
  maxAt: number
}

export type SegmentIndex = Map<string, SegmentSummary>

/** More than a year of hourly segments; a longer file is not an index. */
const MAX_INDEX_BYTES = 4 * 1024 * 1024

const NUMBERS = ['lines', 'bytes', 'firstSeq', 'lastSeq', 'minAt', 'maxAt'] as const

export function emptySummary(segment: string): SegmentSummary {
  return { segment, lines: 0, bytes: 0, firstSeq: 0, lastSeq: 0, minAt: 0, maxAt: 0 }
}

/** Adds one line; `bytes` is left to the caller, who knows where the line ends. */
export function addLine(summary: SegmentSummary, seq: number, at: number): void {
  if (summary.lines === 0) {
    summary.firstSeq = seq
    summary.lastSeq = seq
    summary.minAt = at
    summary.maxAt = at
  } else {
    summary.firstSeq = Math.min(summary.firstSeq, seq)
    summary.lastSeq = Math.max(summary.lastSeq, seq)
    summary.minAt = Math.min(summary.minAt, at)
    summary.maxAt = Math.max(summary.maxAt, at)
  }
  summary.lines += 1
}

/** The index of one writer; damaged lines are left out, as if their segments had never been sealed. */
export async function readIndex(volume: Volume, folder: string): Promise<SegmentIndex> {
  const bytes = await volume.read(`${folder}/${INDEX_FILE}`, 0, MAX_INDEX_BYTES)
  return parseIndex(bytes ?? Buffer.alloc(0))
}

export function parseIndex(bytes: Buffer): SegmentIndex {
  const index: SegmentIndex = new Map()
  let start = 0
  for (let newline = bytes.indexOf(0x0a); newline >= 0; newline = bytes.indexOf(0x0a, start)) {
    const summary = parseSummary(bytes.subarray(start, newline))
    if (summary !== undefined) index.set(summary.segment, summary)
    start = newline + 1
  }
  return index
}

function parseSummary(line: Buffer): SegmentSummary | undefined {
  if (!hasTrailer(line) || !checksumMatches(line)) return undefined
  try {
    const value: Record<string, unknown> = JSON.parse(line.toString('utf8'))
    const { segment } = value
    if (typeof segment !== 'string' || !isSegment(segment)) return undefined
    const summary = emptySummary(segment)
    for (const name of NUMBERS) {
      const number = value[name]
      if (typeof number !== 'number' || !Number.isFinite(number) || number < 0) return undefined
      summary[name] = number
    }
    return summary
  } catch {
    return undefined
  }
}

export function serialiseIndex(index: SegmentIndex): Buffer {
  const summaries = [...index.values()].sort((a, b) => (a.segment < b.segment ? -1 : 1))
  return Buffer.from(summaries.map((summary) => closeLine(JSON.stringify(summary).slice(0, -1))).join(''))
}

export async function writeIndex(volume: Volume, folder: string, index: SegmentIndex): Promise<void> {
  await volume.replace(`${folder}/${INDEX_FILE}`, serialiseIndex(index))
}

/** What an index line would say of a segment: read to its present end. A torn rest counts into `bytes`, as it is there. */
export async function summarise(
  volume: Volume,
  folder: string,
  segment: string,
  codec: Codec<never, unknown>,
): Promise<SegmentSummary | undefined> {
  const summary = emptySummary(segment)
  const lines = readLines(volume, `${folder}/${segment}`)
  for (;;) {
    const step = await lines.next()
    if (step.done === true) {
      if (step.value === undefined) return undefined
      summary.bytes = step.value.size
      return summary
    }
    for (const line of step.value) if (line.bytes !== undefined) addParsed(summary, line.bytes, codec)
  }
}

function addParsed(summary: SegmentSummary, bytes: Buffer, codec: Codec<never, unknown>): void {
  const parsed = codec.parse(bytes)
  if (parsed.ok) addLine(summary, parsed.seq, parsed.at)
  else if (parsed.seq !== undefined) summary.lastSeq = Math.max(summary.lastSeq, parsed.seq)
  else for (const piece of takeApart(bytes) ?? []) addParsed(summary, piece.bytes, codec)
}
