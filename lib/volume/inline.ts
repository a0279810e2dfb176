import { realpathSync } from 'node:fs'
import { DtmsError } from '../errors.ts'
import { systemCalls, type VolumeCalls } from './calls.ts'
import { Disk, toVolumeError } from './disk.ts'
import { makeRoot } from './make-root.ts'
import type { SegmentHandle, Volume } from './volume.ts'

export interface InlineVolumeOptions {
  /** Made when it does not exist. */
  root: string
  calls?: VolumeCalls
}

/** The volume in this very thread: for commands and tests, where a call that hangs may hang. */
export function createInlineVolume(options: InlineVolumeOptions): Volume {
  const disk = new Disk({ root: realRoot(options.root), calls: options.calls ?? systemCalls })
  let closed = false
  const open = (): Disk => {
    if (closed) throw closedError()
    return disk
  }
  return {
    get healthy() {
      return !closed
    },
    list: async (folder) => open().list(folder),
    read: async (path, offset, maxBytes) => open().read(path, offset, maxBytes),
    look: async (folder, file, offset, maxBytes) => open().look(folder, file, offset, maxBytes),
    size: async (path) => open().size(path),
    createExclusive: async (path, bytes) => open().createExclusive(path, bytes),
    replace: async (path, bytes, keepAs) => open().replace(path, bytes, keepAs),
    openSegment: async (path): Promise<SegmentHandle | undefined> => {
      const handle = open().openSegment(path)
      if (handle === undefined) return undefined
      return {
        append: async (bytes) => open().append(handle, bytes),
        close: async () => disk.closeSegment(handle),
      }
    },
    remove: async (path) => open().remove(path),
    capacity: async () => open().capacity(),
    close: async () => {
      closed = true
      disk.closeAll()
    },
  }
}

export function closedError(): DtmsError {
  return new DtmsError('volume.unavailable', 'the volume is closed', { retryable: false })
}

/**
 * The root with its own symbolic links resolved (what lies below may not contain any), made when it is absent.
 * @throws DtmsError `volume.unavailable`
 */
export function realRoot(root: string): string {
  try {
    makeRoot(root)
    return realpathSync(root)
  } catch (error) {
    throw toVolumeError(error, root)
  }
}
