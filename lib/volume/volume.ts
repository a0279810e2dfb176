/**
 * The shared volume as DTMS uses it. Every path is relative to the root, uses `/`, has no `..` and follows no symbolic
 * link. Every call may fail with `volume.unavailable`, `volume.full`, or, when it does not come back before the
 * deadline, `volume.stalled`.
 *
 * Two implementations pass one contract suite: `createInlineVolume` (synchronous calls in this thread: commands, tests)
 * and `openVolume` (the same calls in a worker thread with a deadline: services).
 */
export interface Volume {
  /** Names in a folder, sorted; undefined when the folder is absent. */
  list(folder: string): Promise<string[] | undefined>
  /** Opens anew, reads at most `maxBytes` from `offset`, closes; undefined when the file is absent. Empty at the end. */
  read(path: string, offset: number, maxBytes: number): Promise<Buffer | undefined>
  /**
   * One round trip for a tailer: the folder's names that sort after `file` (all of them without one), listed first, then
   * what `read` would give of `<folder>/<file>`, and that file's length.
   */
  look(folder: string, file: string | undefined, offset: number, maxBytes: number): Promise<Look>
  /** Length in bytes, undefined when absent. */
  size(path: string): Promise<number | undefined>
  /** Creates a file with these bytes, synced; false when it exists already. Makes the folders above it. */
  createExclusive(path: string, bytes: Uint8Array): Promise<boolean>
  /**
   * Replaces a file whole: temporary file, sync, rename, directory sync. Makes the folders above it. With `keepAs` the
   * file that was there lives on under that path (same folder).
   */
  replace(path: string, bytes: Uint8Array, keepAs?: string): Promise<void>
  /** Creates a segment exclusively and keeps it open for appending; undefined when it exists already. */
  openSegment(path: string): Promise<SegmentHandle | undefined>
  /** Removes a file; absent is fine. */
  remove(path: string): Promise<void>
  /** Total and available bytes of the file system below the root. */
  capacity(): Promise<{ totalBytes: number; availableBytes: number }>
  /** False from the moment a call is stuck beyond its deadline until calls come back in time again. */
  readonly healthy: boolean
  close(): Promise<void>
}

export interface Look {
  names: string[]
  /** Undefined when the file is absent or none was named. */
  bytes: Buffer | undefined
  size: number
}

export interface SegmentHandle {
  /**
   * One write and one fdatasync. A short count, any error or a failed sync rejects; the handle must then be abandoned. The
   * bytes are taken before the call returns: the caller may use their memory again at once.
   */
  append(bytes: Uint8Array): Promise<void>
  close(): Promise<void>
}
