import type { Tally } from '../metrics.ts'
import type { SegmentHandle, Volume } from './volume.ts'

export type CallKind = 'read' | 'write'

/** What has been counted of one kind of calls. */
export interface CallCounts {
  ok: number
  failed: number
  /** From asking until the answer, seconds, failures too: what a caller had to wait. */
  readonly seconds: Tally
}

/**
 * The same volume with every call counted and timed: two looks at the clock and a few nanoseconds beside a call that
 * crosses to another thread. Asking for the capacity is left out, because the metrics themselves do that.
 */
export function measureVolume(volume: Volume, counts: Readonly<Record<CallKind, CallCounts>>): Volume {
  const { read, write } = counts
  return {
    list: (folder) => counted(read, performance.now(), volume.list(folder)),
    read: (path, offset, maxBytes) => counted(read, performance.now(), volume.read(path, offset, maxBytes)),
    look: (folder, file, offset, maxBytes) =>
      counted(read, performance.now(), volume.look(folder, file, offset, maxBytes)),
    size: (path) => counted(read, performance.now(), volume.size(path)),
    createExclusive: (path, bytes) => counted(write, performance.now(), volume.createExclusive(path, bytes)),
    replace: (path, bytes, keepAs) => counted(write, performance.now(), volume.replace(path, bytes, keepAs)),
    openSegment: async (path) => {
      const handle = await counted(write, performance.now(), volume.openSegment(path))
      return handle === undefined ? undefined : measuredHandle(handle, write)
    },
    remove: (path) => counted(write, performance.now(), volume.remove(path)),
    capacity: () => volume.capacity(),
    get healthy() {
      return volume.healthy
    },
    close: () => volume.close(),
  }
}

function measuredHandle(handle: SegmentHandle, write: CallCounts): SegmentHandle {
  return {
    append: (bytes) => counted(write, performance.now(), handle.append(bytes)),
    close: () => counted(write, performance.now(), handle.close()),
  }
}

async function counted<T>(counts: CallCounts, start: number, call: Promise<T>): Promise<T> {
  try {
    const answer = await call
    counts.ok += 1
    return answer
  } catch (error) {
    counts.failed += 1
    throw error
  } finally {
    counts.seconds.add((performance.now() - start) / 1000)
  }
}
