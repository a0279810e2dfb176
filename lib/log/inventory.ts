import type { Volume } from '../volume/volume.ts'
import { readIndex, type SegmentSummary, summarise } from './index-file.ts'
import type { Codec } from './log.ts'
import { isWriterName, segmentsOf } from './segments.ts'

export interface SegmentFacts extends SegmentSummary {
  /** False: it is still being written, or nobody has opened the folder since its writer died. */
  sealed: boolean
}

/** What one writer's folder holds. The four numbers are undefined for a log without a line. */
export interface WriterInventory {
  writer: string
  segments: SegmentFacts[]
  bytes: number
  records: number
  firstSeq: number | undefined
  lastSeq: number | undefined
  minAt: number | undefined
  maxAt: number | undefined
}

/** Writers of a stream, sorted; none when the stream does not exist. */
export async function writersOf(volume: Volume, stream: string): Promise<string[]> {
  return ((await volume.list(stream)) ?? []).filter(isWriterName)
}

/** From the index where there is one; unsealed segments are scanned. Repeated lines count twice in `records`. */
export async function inventory(
  volume: Volume,
  stream: string,
  writer: string,
  codec: Codec<never, unknown>,
): Promise<WriterInventory> {
  const folder = `${stream}/${writer}`
  const names = segmentsOf(await volume.list(folder))
  const index = await readIndex(volume, folder)
  const segments: SegmentFacts[] = []
  for (const segment of names) {
    const sealed = index.get(segment)
    const summary = sealed ?? (await summarise(volume, folder, segment, codec))
    if (summary !== undefined) segments.push({ ...summary, sealed: sealed !== undefined })
  }
  const filled = segments.filter(({ lines }) => lines > 0)
  const empty = filled.length === 0
  return {
    writer,
    segments,
    bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
    records: segments.reduce((sum, { lines }) => sum + lines, 0),
    firstSeq: empty ? undefined : Math.min(...filled.map(({ firstSeq }) => firstSeq)),
    lastSeq: empty ? undefined : Math.max(...filled.map(({ lastSeq }) => lastSeq)),
    minAt: empty ? undefined : Math.min(...filled.map(({ minAt }) => minAt)),
    maxAt: empty ? undefined : Math.max(...filled.map(({ maxAt }) => maxAt)),
  }
}

/** Record time of the newest entry of a stream, Unix seconds; undefined when it holds none. */
export async function streamEnd(
  volume: Volume,
  stream: string,
  codec: Codec<never, unknown>,
): Promise<number | undefined> {
  let end: number | undefined
  for (const writer of await writersOf(volume, stream)) {
    const { maxAt } = await inventory(volume, stream, writer, codec)
    if (maxAt !== undefined && (end === undefined || maxAt > end)) end = maxAt
  }
  return end
}
