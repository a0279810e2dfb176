import type { Volume } from '../volume/volume.ts'
import { registeredPositions } from './checkpoint.ts'
import { readIndex, type SegmentIndex } from './index-file.ts'
import type { Position } from './log.ts'
import { isWriterName } from './segments.ts'

export interface RetentionRule {
  /** Record time that is kept, counted back from where the newest segment begins. */
  hours: number
  /** Hard limit of the whole stream, all its writers together. */
  bytes: number
}

export interface RetentionWork {
  volume: Volume
  stream: string
  writer: string
  folder: string
  /** The writer's own sealed segments; what is deleted is taken out. */
  index: SegmentIndex
  rule: RetentionRule
}

export interface DeletedSegment {
  segment: string
  /** A registered reader had not read it. */
  forced: boolean
}

/**
 * Deletes a writer's own sealed segments, oldest first; stops at the first that must stay, so that what is left has no
 * hole. The newest sealed segment always stays.
 */
export async function applyRetention(work: RetentionWork): Promise<DeletedSegment[]> {
  const { volume, folder, index, rule } = work
  const candidates = [...index.values()].sort((a, b) => (a.segment < b.segment ? -1 : 1)).slice(0, -1)
  if (candidates.length === 0) return []
  const newestAt = newestStart(index)
  let excess = await excessBytes(work)
  const oldEnough = newestAt - rule.hours * 3600
  if (excess <= 0 && (candidates[0]?.maxAt ?? 0) >= oldEnough) return []
  const readers = await registeredPositions(volume, work.stream, work.writer)
  const deleted: DeletedSegment[] = []
  for (const { segment, maxAt, bytes } of candidates) {
    const isRead = readers.every((position) => isPast(position, segment, bytes))
    const tooMuch = excess > 0
    if (!tooMuch && !(maxAt < oldEnough && isRead)) break
    await volume.remove(`${folder}/${segment}`)
    index.delete(segment)
    excess -= bytes
    deleted.push({ segment, forced: !isRead })
  }
  return deleted
}

/**
 * The latest beginning of a segment in record time: what counts as now. Not the latest record, because one with a wrong
 * date would then delete everything else.
 */
function newestStart(index: SegmentIndex): number {
  return [...index.values()].reduce((newest, { minAt }) => Math.max(newest, minAt), 0)
}

function isPast(position: Position | undefined, segment: string, bytes: number): boolean {
  if (position === undefined) return false
  return position.segment > segment || (position.segment === segment && position.offset >= bytes)
}

/** What this writer must give up: only when the stream is too large, and then down to its even share. */
async function excessBytes(work: RetentionWork): Promise<number> {
  const { volume, stream, writer, index, rule } = work
  const own = bytesOf(index)
  const writers = ((await volume.list(stream)) ?? []).filter(isWriterName)
  let total = own
  for (const other of writers) {
    if (other !== writer) total += bytesOf(await readIndex(volume, `${stream}/${other}`))
  }
  return total > rule.bytes ? own - rule.bytes / Math.max(1, writers.length) : 0
}

function bytesOf(index: SegmentIndex): number {
  return [...index.values()].reduce((sum, { bytes }) => sum + bytes, 0)
}
