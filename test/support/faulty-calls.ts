import { fstatSync, ftruncateSync, truncateSync } from 'node:fs'
import type { Random } from '../../lib/random.ts'
import { systemCalls, type VolumeCalls } from '../../lib/volume/calls.ts'

export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code })
}

export type Fault = 'short-write' | 'eio' | 'enospc' | 'sync' | 'close'

/** Calls that change something; the others only look. */
export const changingCalls = [
  'open',
  'write',
  'fdatasync',
  'fsync',
  'close',
  'mkdir',
  'rename',
  'link',
  'unlink',
] as const

export interface FaultyCalls extends VolumeCalls {
  /** Calls made so far. */
  count: number
  /** After this nothing works any more, as after kill -9. */
  kill(): void
}

/**
 * The system's calls, but `decide` is asked before each and may name a fault. A failed sync may take the bytes since the
 * last good one with it, as page caches do; a good one costs nothing, because no machine fails in these tests.
 */
export function faultyCalls(
  decide: (call: keyof VolumeCalls, n: number) => Fault | undefined,
  random: Random,
): FaultyCalls {
  const synced = new Map<number, number>()
  let dead = false
  const faulty: FaultyCalls = {
    ...systemCalls,
    count: 0,
    kill() {
      dead = true
    },
  }

  function before(call: keyof VolumeCalls): Fault | undefined {
    if (dead) throw systemError('EIO')
    faulty.count += 1
    const fault = decide(call, faulty.count)
    if (fault === 'eio') throw systemError('EIO')
    if (fault === 'enospc') throw systemError('ENOSPC')
    return fault
  }

  faulty.write = (fd, bytes) => {
    if (!dead && !synced.has(fd)) synced.set(fd, fstatSync(fd).size)
    if (before('write') !== 'short-write') return systemCalls.write(fd, bytes)
    return systemCalls.write(fd, bytes.subarray(0, random.int(bytes.length)))
  }
  const sync = (call: 'fdatasync' | 'fsync') => (fd: number) => {
    const fault = before(call)
    if (fault === 'sync') {
      const good = synced.get(fd)
      if (good !== undefined && random.chance(0.5)) ftruncateSync(fd, good)
      throw systemError('EIO')
    }
    if (call === 'fdatasync') synced.set(fd, fstatSync(fd).size)
  }
  faulty.fdatasync = sync('fdatasync')
  faulty.fsync = sync('fsync')
  faulty.close = (fd) => {
    synced.delete(fd)
    systemCalls.close(fd)
    if (before('close') === 'close') throw systemError('EIO')
  }
  faulty.open = (path, flags) => {
    before('open')
    return systemCalls.open(path, flags)
  }
  faulty.read = (fd, buffer, offset, length, position) => {
    before('read')
    return systemCalls.read(fd, buffer, offset, length, position)
  }
  faulty.readdir = (path) => {
    before('readdir')
    return systemCalls.readdir(path)
  }
  faulty.mkdir = (path) => {
    before('mkdir')
    systemCalls.mkdir(path)
  }
  faulty.rename = (from, to) => {
    before('rename')
    systemCalls.rename(from, to)
  }
  faulty.link = (existing, path) => {
    before('link')
    systemCalls.link(existing, path)
  }
  faulty.unlink = (path) => {
    before('unlink')
    systemCalls.unlink(path)
  }
  return faulty
}

/** Cuts a file, as a lost page cache or a hand does. */
export function cutFile(path: string, bytes: number): void {
  truncateSync(path, bytes)
}
