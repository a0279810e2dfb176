/**
 * The log store's public face (docs/log-store.md). A stream is a folder of writers, a writer is a folder of segments,
 * a segment is a file of lines. One writer per folder, any number of readers.
 */

/** How a stream's entries become lines and back. One codec per stream, in lib/streams/codecs.ts and lib/record. */
export interface Codec<Written, Read> {
  /** The whole line with v, seq, crc and the newline. */
  serialise(entry: Written, seq: number): string
  /** The same straight into memory, where there is a faster way than a string. */
  bytes?: LineBytesWriter<Written>
  /** A whole line without its newline; `isIntact` when its length and checksum have been looked at already. */
  parse(line: Buffer, isIntact?: boolean): ParsedLine<Read>
  /** The same for lines that lie in larger memory and have been looked at already, where there is a faster way. */
  scan?: LineScanner<Read>
  /** Record time, Unix seconds: segments roll and the index is kept by it, never by the wall clock. */
  timeOf(entry: Written): number
}

export interface LineBytesWriter<Written> {
  /** Room that every line needs in its target. */
  most: number
  /** Returns the place behind the newline. */
  write(entry: Written, seq: number, target: Buffer, start: number): number
}

export interface LineScanner<Read> {
  /** Undefined says nothing about the line: ask `parse`. */
  read(bytes: Buffer, start: number, end: number): Read | undefined
  /** What `parse` would give beside the value. */
  seqOf(value: Read): number
  atOf(value: Read): number
}

export type ParsedLine<Read> =
  | { ok: true; seq: number; value: Read; at: number }
  /** `unknown` lines are whole and of a newer minor version: skipped, not damage. */
  | { ok: false; reason: DamageReason; seq?: number }

export const damageReasons = [
  'torn',
  'crc',
  'syntax',
  'schema',
  'oversized',
  'version',
  'foreign',
  'encoding',
  'unknown',
] as const
export type DamageReason = (typeof damageReasons)[number]

export interface LogWriter<Written> {
  readonly stream: string
  readonly writer: string
  readonly epoch: number
  /** The seq that the next entry will get. */
  readonly nextSeq: number
  /** Queues an entry; resolves with its seq once it is durable. Rejects only when the writer is closed or fenced. */
  append(entry: Written): Promise<number>
  /** The same for many, with one wait: resolves with the last seq. An empty list resolves at once. */
  appendAll(entries: readonly Written[]): Promise<number>
  /** Entries queued and not yet durable: producers hold back when it grows. */
  readonly pending: number
  readonly stats: WriterStats
  /** Flushes, seals the segment, releases the lease. Idempotent. */
  close(): Promise<void>
}

export interface WriterStats {
  lines: number
  bytes: number
  syncs: number
  /** Segments abandoned after a failed write or sync. */
  sealedByFailure: number
  writeErrors: number
  retentionDeleted: number
  /** Segments deleted while a registered reader had not read them (hard limit). */
  retentionForced: number
  /** Seconds of the newest append-and-sync. */
  lastSyncSeconds: number
}

/** Place of one reader in one writer's folder. */
export interface Position {
  segment: string
  offset: number
  /** Highest seq delivered: repeats below it are dropped. */
  seq: number
}

/** Positions by writer name. */
export type Positions = Map<string, Position>

export interface TailedEntry<Read> {
  writer: string
  seq: number
  value: Read
  at: number
  /** The place behind this entry; only from a tailer that reads in time order. */
  behind?: Position
}

export interface Gap {
  writer: string
  fromSeq: number
  toSeq: number
  /** A missing seq inside a live log, or segments that retention deleted before they were read. */
  reason: 'missing' | 'deleted'
}

export interface TailBatch<Read> {
  entries: TailedEntry<Read>[]
  gaps: Gap[]
  damaged: { writer: string; segment: string; offset: number; reason: DamageReason }[]
  repeated: number
  /** No more bytes were there when the poll ended. */
  caughtUp: boolean
}

export interface Tailer<Read> {
  /** Reads on from the present position, at most about `maxBytes` per writer. Entries are ordered by (at, writer, seq) within the batch. */
  poll(maxBytes?: number): Promise<TailBatch<Read>>
  /** The place after the last poll: save it together with what the entries did. */
  positions(): Positions
  /** Bytes between the position and the ends of the files as last seen. */
  lagBytes(): number
  stats(): { entries: number; repeated: number; missing: number; damaged: ReadonlyMap<DamageReason, number> }
}

/** What a reader saves: where it is in every stream it reads, and what it has made of everything before. */
export interface Checkpoint<State> {
  /** By stream name. A saved reader holds retention back in exactly these streams. */
  positions: Map<string, Positions>
  state: State
}
