import type { Logger } from '../logger.ts'
import { runMatches } from '../record/crc-run.ts'
import { MAX_LINE_BYTES } from '../record/record.ts'
import type { Look, Volume } from '../volume/volume.ts'
import { readIndex, type SegmentIndex } from './index-file.ts'
import { takeApart } from './joined.ts'
import { CHUNK_BYTES, LineCutter } from './lines.ts'
import type { Codec, DamageReason, Position, TailBatch } from './log.ts'
import { epochOf, segmentName, segmentsOf } from './segments.ts'

export interface FolderReaderOptions<Read> {
  volume: Volume
  stream: string
  writer: string
  codec: Codec<never, Read>
  position: Position | undefined
  logger: Logger
  /** Entries say where they end, for a tailer that holds some of them back. */
  marksPlaces?: boolean
}

const FIRST_SEGMENT = segmentName(1, 1)

/** Reads one writer's folder on and on: the place, the seq that must come next, and what is known of the segment. */
export class FolderReader<Read> {
  readonly #options: FolderReaderOptions<Read>
  readonly #folder: string
  #segment: string | undefined
  #cutter: LineCutter
  /** Highest seq seen; undefined until the first line of a log whose beginning is gone. */
  #seq: number | undefined
  /** Where the segment ends by the index, once there is a later one. */
  #sealedEnd: number | undefined
  #askedIndex = false
  #size = 0
  /** As last read: for what lies behind the present segment. */
  #index: SegmentIndex = new Map()
  /** The segment at the position was gone: a jump of seq that follows is retention's. */
  #lost = false
  #tornAt: number | undefined
  #tornEnd = 0
  #warned = false

  constructor(options: FolderReaderOptions<Read>) {
    const { position } = options
    this.#options = options
    this.#folder = `${options.stream}/${options.writer}`
    this.#segment = position?.segment
    this.#cutter = new LineCutter(position?.offset ?? 0)
    this.#size = position?.offset ?? 0
    this.#seq = position?.seq
  }

  position(): Position | undefined {
    if (this.#segment === undefined) return undefined
    return { segment: this.#segment, offset: this.#cutter.lineStart, seq: this.#seq ?? 0 }
  }

  lagBytes(): number {
    let bytes = Math.max(0, this.#size - this.#cutter.lineStart)
    for (const summary of this.#index.values()) if (summary.segment > (this.#segment ?? '')) bytes += summary.bytes
    return bytes
  }

  /** Adds what is there to the batch, about `maxBytes` at most; true when nothing more was there. */
  async read(maxBytes: number, batch: TailBatch<Read>): Promise<boolean> {
    const { volume } = this.#options
    let left = maxBytes
    while (left > 0) {
      const from = this.#cutter.next
      const look = await volume.look(this.#folder, this.#segment, from, CHUNK_BYTES)
      const later = segmentsOf(look.names)
      if (this.#segment === undefined || look.bytes === undefined) {
        if (!this.#enterFirstOf(later)) return true
        continue
      }
      if (later.length > 0 && !(await this.#learnEnd(this.#segment, later))) return true
      const { bytes, end } = this.#withinEnd(look, look.bytes, from)
      this.#takeAll(bytes, from, batch)
      left -= bytes.length
      this.#size = end
      if (bytes.length > 0 && from + bytes.length < end) continue
      if (later[0] === undefined) {
        await this.#noticeTorn(this.#segment, end, batch)
        return true
      }
      this.#reportTorn(end, batch)
      this.#enter(later[0])
    }
    return false
  }

  #enter(segment: string): void {
    this.#segment = segment
    this.#cutter = new LineCutter(0)
    this.#sealedEnd = undefined
    this.#askedIndex = false
    this.#size = this.#index.get(segment)?.bytes ?? 0
    this.#tornAt = undefined
    this.#tornEnd = 0
  }

  /** From no segment, or from one that is gone, to the next; false while there is none. */
  #enterFirstOf(later: string[]): boolean {
    const first = later[0]
    if (first === undefined) {
      if (this.#segment !== undefined && this.#cutter.lineStart > 0 && !this.#warned) {
        this.#warned = true
        this.#options.logger.warn('the segment to be read is gone and no later one is there', {
          folder: this.#folder,
          segment: this.#segment,
          hint: 'if the data directory was replaced, remove the checkpoints too',
        })
      }
      return false
    }
    if (this.#segment !== undefined) this.#lost = true
    else if (first === FIRST_SEGMENT) this.#seq = 0
    this.#enter(first)
    return true
  }

  /**
   * A later segment is there: where does this one end? False when that cannot be known yet, because a new epoch has begun
   * and its writer, who seals before it writes, has done neither.
   */
  async #learnEnd(segment: string, later: string[]): Promise<boolean> {
    const newEpoch = epochOf(later[0] ?? segment) !== epochOf(segment)
    if (this.#sealedEnd !== undefined || (this.#askedIndex && !newEpoch)) return true
    this.#index = await readIndex(this.#options.volume, this.#folder)
    this.#sealedEnd = this.#index.get(segment)?.bytes
    this.#askedIndex = true
    if (this.#sealedEnd !== undefined || !newEpoch) return true
    for (const one of later) {
      if (((await this.#options.volume.size(`${this.#folder}/${one}`)) ?? 0) > 0) return true
    }
    return false
  }

  #withinEnd(look: Look, bytes: Buffer, from: number): { bytes: Buffer; end: number } {
    if (this.#sealedEnd === undefined || this.#sealedEnd >= look.size) return { bytes, end: look.size }
    return { bytes: bytes.subarray(0, Math.max(0, this.#sealedEnd - from)), end: this.#sealedEnd }
  }

  /** The lines of a chunk that begins at byte `from` of the segment. */
  #takeAll(chunk: Buffer, from: number, batch: TailBatch<Read>): void {
    const { oversizedAt, start, ends } = this.#cutter.mark(chunk)
    if (oversizedAt !== undefined) this.#damage(oversizedAt, 'oversized', batch)
    const isIntact = runMatches(chunk, start, ends)
    const scan = isIntact ? this.#options.codec.scan : undefined
    let lineStart = start
    for (const end of ends) {
      const value = scan?.read(chunk, lineStart, end)
      if (scan !== undefined && value !== undefined) {
        this.#deliver(scan.seqOf(value), value, scan.atOf(value), from + end + 1, batch)
      } else if (end - lineStart < MAX_LINE_BYTES) {
        this.#take({ offset: from + lineStart, bytes: chunk.subarray(lineStart, end) }, batch, isIntact)
      } else this.#damage(from + lineStart, 'oversized', batch)
      lineStart = end + 1
    }
  }

  #take(line: { offset: number; bytes: Buffer }, batch: TailBatch<Read>, isIntact = false): void {
    const parsed = this.#options.codec.parse(line.bytes, isIntact)
    if (!parsed.ok) {
      if (parsed.reason !== 'unknown') this.#damage(line.offset, parsed.reason, batch)
      const pieces = parsed.seq === undefined ? takeApart(line.bytes) : undefined
      for (const { offset, bytes } of pieces ?? []) this.#take({ offset: line.offset + offset, bytes }, batch)
      if (parsed.seq !== undefined && parsed.seq > (this.#seq ?? 0)) this.#advance(parsed.seq, batch)
      return
    }
    this.#deliver(parsed.seq, parsed.value, parsed.at, line.offset + line.bytes.length + 1, batch)
  }

  /** `behind` is the byte behind the line. */
  #deliver(seq: number, value: Read, at: number, behind: number, batch: TailBatch<Read>): void {
    if (this.#seq !== undefined && seq <= this.#seq) {
      batch.repeated += 1
      return
    }
    if (seq !== (this.#seq ?? 0) + 1 || this.#lost) this.#advance(seq, batch)
    else this.#seq = seq
    const { writer, marksPlaces } = this.#options
    if (marksPlaces !== true) batch.entries.push({ writer, seq, value, at })
    else batch.entries.push({ writer, seq, value, at, behind: this.#placeBehind(behind) })
  }

  #placeBehind(offset: number): Position {
    return { segment: this.#segment ?? FIRST_SEGMENT, offset, seq: this.#seq ?? 0 }
  }

  #advance(seq: number, batch: TailBatch<Read>): void {
    if (this.#seq !== undefined && seq > this.#seq + 1) {
      batch.gaps.push({
        writer: this.#options.writer,
        fromSeq: this.#seq + 1,
        toSeq: seq - 1,
        reason: this.#lost ? 'deleted' : 'missing',
      })
    }
    this.#lost = false
    this.#seq = seq
  }

  #damage(offset: number, reason: DamageReason, batch: TailBatch<Read>): void {
    batch.damaged.push({ writer: this.#options.writer, segment: this.#segment ?? '', offset, reason })
  }

  /** An incomplete line in the newest segment is waited for, unless the segment turns out to be sealed. */
  async #noticeTorn(segment: string, end: number, batch: TailBatch<Read>): Promise<void> {
    const grew = end !== this.#tornEnd
    this.#tornEnd = end
    if (this.#cutter.pendingAt(end) === 0 || grew || this.#tornAt === this.#cutter.lineStart) return
    const sealedEnd = (await readIndex(this.#options.volume, this.#folder)).get(segment)?.bytes
    if (sealedEnd !== undefined) this.#reportTorn(Math.min(end, sealedEnd), batch)
  }

  #reportTorn(end: number, batch: TailBatch<Read>): void {
    if (this.#cutter.pendingAt(end) === 0 || this.#tornAt === this.#cutter.lineStart) return
    this.#tornAt = this.#cutter.lineStart
    this.#damage(this.#cutter.lineStart, 'torn', batch)
  }
}
