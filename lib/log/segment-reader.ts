import type { Volume } from '../volume/volume.ts'
import { readIndex } from './index-file.ts'
import { takeApart } from './joined.ts'
import { type RawLine, readLines } from './lines.ts'
import type { Codec, DamageReason, TailedEntry } from './log.ts'

export interface SegmentSource<Read> {
  volume: Volume
  stream: string
  writer: string
  segment: string
  codec: Codec<never, Read>
  /** Where it ends by the index; looked up when absent. */
  end?: number
}

export interface SegmentChunk<Read> {
  entries: TailedEntry<Read>[]
  damaged: { offset: number; reason: DamageReason }[]
}

/**
 * The entries of one segment in the order of writing, a chunk (at most 256 KiB of lines) at a time: for pages of the past.
 * Repeats are not dropped; a segment that is gone gives nothing.
 */
export async function* readSegment<Read>(source: SegmentSource<Read>): AsyncGenerator<SegmentChunk<Read>> {
  const { volume, stream, writer, segment, codec } = source
  const folder = `${stream}/${writer}`
  const end = source.end ?? (await readIndex(volume, folder)).get(segment)?.bytes
  for await (const lines of readLines(volume, `${folder}/${segment}`, { end })) {
    const chunk: SegmentChunk<Read> = { entries: [], damaged: [] }
    const take = ({ offset, bytes }: RawLine): void => {
      const parsed = bytes === undefined ? { ok: false as const, reason: 'oversized' as const } : codec.parse(bytes)
      if (parsed.ok) {
        chunk.entries.push({ writer, seq: parsed.seq, value: parsed.value, at: parsed.at })
        return
      }
      if (parsed.reason !== 'unknown') chunk.damaged.push({ offset, reason: parsed.reason })
      if (bytes === undefined || parsed.seq !== undefined) return
      for (const piece of takeApart(bytes) ?? []) take({ offset: offset + piece.offset, bytes: piece.bytes })
    }
    lines.forEach(take)
    yield chunk
  }
}
