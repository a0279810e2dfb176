import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { DtmsError, describeSystemError, systemCode } from '../errors.ts'
import type { VolumeCalls } from './calls.ts'
import { partsOf } from './paths.ts'
import type { Look } from './volume.ts'

const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY

/** File systems without hard links say so in one of these ways. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']

export interface DiskOptions {
  root: string
  calls: VolumeCalls
  /** True once the caller has given this thread up: nothing that others could see may happen any more. */
  isAbandoned?: () => boolean
}

/** The volume's operations as synchronous code: the one implementation behind both kinds of volume. */
export class Disk {
  readonly #root: string
  readonly #calls: VolumeCalls
  readonly #isAbandoned: () => boolean
  /** Keeps temporary files of two processes apart, whatever their pids. */
  readonly #mark = randomBytes(4).toString('hex')
  readonly #segments = new Map<number, number>()
  #nextHandle = 1

  constructor(options: DiskOptions) {
    this.#root = options.root
    this.#calls = options.calls
    this.#isAbandoned = options.isAbandoned ?? (() => false)
  }

  list(folder: string): string[] | undefined {
    return this.#guard(folder, () => this.#namesIn(this.#resolve(folder)))
  }

  read(path: string, offset: number, maxBytes: number): Buffer | undefined {
    return this.#guard(path, () => this.#readFile(this.#resolve(path), path, offset, maxBytes)?.bytes)
  }

  look(folder: string, file: string | undefined, offset: number, maxBytes: number): Look {
    return this.#guard(folder, () => {
      const resolved = this.#resolve(folder)
      // The names come first: when one of them is later than the file, the file has been read to its end.
      const names = this.#namesIn(resolved)
      if (file === undefined || names === undefined) return { names: names ?? [], bytes: undefined, size: 0 }
      partsOf(file)
      const found = this.#readFile(`${resolved}/${file}`, `${folder}/${file}`, offset, maxBytes)
      return { names: names.filter((name) => name > file), bytes: found?.bytes, size: found?.size ?? 0 }
    })
  }

  size(path: string): number | undefined {
    return this.#guard(path, () => {
      const facts = this.#orAbsent(() => this.#calls.lstat(this.#resolve(path)))
      if (facts !== undefined && facts.kind !== 'file') throw notPlain(path)
      return facts?.size
    })
  }

  createExclusive(path: string, bytes: Uint8Array): boolean {
    return this.#guard(path, () => {
      const target = this.#resolve(path)
      this.#makeFolders(path)
      const temporary = this.#writeTemporary(target, bytes)
      let created: boolean
      try {
        this.#stopIfAbandoned()
        created = this.#linkExclusive(temporary, target, bytes)
      } finally {
        this.#tryUnlink(temporary)
      }
      this.#syncFolder(target)
      return created
    })
  }

  replace(path: string, bytes: Uint8Array, keepAs?: string): void {
    this.#guard(path, () => {
      const target = this.#resolve(path)
      const kept = keepAs === undefined ? undefined : this.#resolve(keepAs)
      this.#makeFolders(path)
      const temporary = this.#writeTemporary(target, bytes)
      try {
        this.#stopIfAbandoned()
        if (kept !== undefined) this.#orAbsent(() => this.#calls.rename(target, kept))
        this.#calls.rename(temporary, target)
      } catch (error) {
        this.#tryUnlink(temporary)
        throw error
      }
      this.#syncFolder(target)
    })
  }

  /** A number to append by; undefined when the segment exists. */
  openSegment(path: string): number | undefined {
    return this.#guard(path, () => {
      const target = this.#resolve(path)
      this.#makeFolders(path)
      this.#stopIfAbandoned()
      let fd: number
      try {
        fd = this.#calls.open(target, CREATE | constants.O_APPEND)
      } catch (error) {
        if (systemCode(error) === 'EEXIST') return undefined
        throw error
      }
      try {
        this.#syncFolder(target)
      } catch (error) {
        this.#tryClose(fd)
        this.#tryUnlink(target)
        throw error
      }
      const handle = this.#nextHandle
      this.#nextHandle += 1
      this.#segments.set(handle, fd)
      return handle
    })
  }

  append(handle: number, bytes: Uint8Array): void {
    this.#guard('segment', () => {
      const fd = this.#segments.get(handle)
      if (fd === undefined) throw new DtmsError('volume.unavailable', 'the segment is closed')
      this.#stopIfAbandoned()
      const written = this.#calls.write(fd, bytes)
      if (written !== bytes.length) {
        throw shortWrite(written, bytes.length)
      }
      this.#calls.fdatasync(fd)
    })
  }

  closeSegment(handle: number): void {
    const fd = this.#segments.get(handle)
    if (fd === undefined) return
    this.#segments.delete(handle)
    this.#guard('segment', () => this.#calls.close(fd))
  }

  remove(path: string): void {
    this.#guard(path, () => {
      const target = this.#resolve(path)
      this.#stopIfAbandoned()
      this.#orAbsent(() => this.#calls.unlink(target))
    })
  }

  capacity(): { totalBytes: number; availableBytes: number } {
    return this.#guard('.', () => this.#calls.statfs(this.#root))
  }

  closeAll(): void {
    for (const fd of this.#segments.values()) this.#tryClose(fd)
    this.#segments.clear()
  }

  /** Folders on the way are looked at each time: one that somebody has replaced by a link is not followed. */
  #resolve(path: string): string {
    const parts = partsOf(path)
    let folder = this.#root
    for (const part of parts.slice(0, -1)) {
      folder = `${folder}/${part}`
      const facts = this.#orAbsent(() => this.#calls.lstat(folder))
      if (facts === undefined) break
      if (facts.kind !== 'folder') throw notPlain(path)
    }
    return `${this.#root}/${parts.join('/')}`
  }

  #namesIn(folder: string): string[] | undefined {
    const facts = this.#orAbsent(() => this.#calls.lstat(folder))
    if (facts === undefined) return undefined
    if (facts.kind !== 'folder') throw notPlain(folder)
    const names = this.#orAbsent(() => this.#calls.readdir(folder))
    return names?.filter((name) => !name.startsWith('.')).sort()
  }

  #readFile(
    target: string,
    path: string,
    offset: number,
    maxBytes: number,
  ): { bytes: Buffer; size: number } | undefined {
    const fd = this.#orAbsent(() => this.#calls.open(target, READ))
    if (fd === undefined) return undefined
    try {
      const facts = this.#calls.fstat(fd)
      if (facts.kind !== 'file') throw notPlain(path)
      const wanted = Math.max(0, Math.min(maxBytes, facts.size - offset))
      const buffer = Buffer.allocUnsafeSlow(wanted)
      let filled = 0
      while (filled < wanted) {
        const count = this.#calls.read(fd, buffer, filled, wanted - filled, offset + filled)
        if (count === 0) break
        filled += count
      }
      return { bytes: buffer.subarray(0, filled), size: facts.size }
    } finally {
      this.#tryClose(fd)
    }
  }

  #writeTemporary(target: string, bytes: Uint8Array): string {
    const cut = target.lastIndexOf('/') + 1
    const temporary = `${target.slice(0, cut)}.${target.slice(cut)}.${this.#mark}`
    this.#tryUnlink(temporary)
    const fd = this.#calls.open(temporary, CREATE)
    let open = true
    try {
      const written = bytes.length === 0 ? 0 : this.#calls.write(fd, bytes)
      if (written !== bytes.length) {
        throw shortWrite(written, bytes.length)
      }
      this.#calls.fsync(fd)
      open = false
      this.#calls.close(fd)
    } catch (error) {
      if (open) this.#tryClose(fd)
      this.#tryUnlink(temporary)
      throw error
    }
    return temporary
  }

  /**
   * A hard link shows the file with all its bytes or not at all. A repeated request to a network server may be told
   * "exists" about its own success: then the temporary file has two names.
   */
  #linkExclusive(temporary: string, target: string, bytes: Uint8Array): boolean {
    try {
      this.#calls.link(temporary, target)
      return true
    } catch (error) {
      const code = systemCode(error)
      if (code === 'EEXIST') return this.#calls.lstat(temporary).links === 2
      if (code === undefined || !NO_LINKS.includes(code)) throw error
    }
    return this.#createPlain(target, bytes)
  }

  #createPlain(target: string, bytes: Uint8Array): boolean {
    let fd: number
    try {
      fd = this.#calls.open(target, CREATE)
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return false
      throw error
    }
    try {
      const written = this.#calls.write(fd, bytes)
      if (written !== bytes.length) throw new DtmsError('volume.unavailable', 'the file was not written whole')
      this.#calls.fsync(fd)
    } catch (error) {
      this.#tryUnlink(target)
      throw error
    } finally {
      this.#tryClose(fd)
    }
    return true
  }

  #makeFolders(path: string): void {
    let folder = this.#root
    for (const part of partsOf(path).slice(0, -1)) {
      const parent = folder
      folder = `${folder}/${part}`
      if (this.#orAbsent(() => this.#calls.lstat(folder)) !== undefined) continue
      try {
        this.#calls.mkdir(folder)
      } catch (error) {
        if (systemCode(error) !== 'EEXIST') throw error
      }
      this.#syncFolder(`${parent}/x`)
    }
  }

  /** A new name lasts only once its folder is synced. Some network file systems do it by themselves and refuse the call. */
  #syncFolder(target: string): void {
    const fd = this.#calls.open(target.slice(0, target.lastIndexOf('/')), FOLDER)
    try {
      this.#calls.fsync(fd)
    } catch (error) {
      if (!['EINVAL', 'ENOTSUP', 'EOPNOTSUPP'].includes(systemCode(error) ?? '')) throw error
    } finally {
      this.#tryClose(fd)
    }
  }

  #stopIfAbandoned(): void {
    if (this.#isAbandoned()) throw new DtmsError('volume.stalled', 'the call came back too late and was given up')
  }

  #orAbsent<T>(call: () => T): T | undefined {
    try {
      return call()
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined
      throw error
    }
  }

  #tryClose(fd: number): void {
    try {
      this.#calls.close(fd)
    } catch {
      // What was read or synced before stays valid.
    }
  }

  #tryUnlink(path: string): void {
    try {
      this.#calls.unlink(path)
    } catch {
      // Absent is what is wanted; a temporary file that stays is hidden.
    }
  }

  #guard<T>(path: string, work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw toVolumeError(error, path)
    }
  }
}

function notPlain(path: string): DtmsError {
  return new DtmsError('volume.path', `not a plain file or folder: ${path}`, {
    hint: 'symbolic links and devices are not followed inside the data directory: put real files there',
  })
}

const MORE_SPACE =
  'free space in the data directory, enlarge it (in a cluster: claim dtms-data), or keep less (DTMS_RETENTION_BYTES); writing goes on by itself'

/** A failed system call in the words of the volume. */
export function toVolumeError(error: unknown, path: string): DtmsError {
  if (error instanceof DtmsError) return error
  const code = systemCode(error)
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new DtmsError('volume.full', `no space left on the volume (${path})`, {
      hint: MORE_SPACE,
      cause: error,
    })
  }
  if (code === 'ELOOP') return notPlain(path)
  const hint =
    code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
      ? `make the data directory (DTMS_DATA_DIR) writable for ${userText()}; in a cluster: mount claim dtms-data there, writable for group 0`
      : 'check the disk or the mount of the data directory (DTMS_DATA_DIR; in a cluster: claim dtms-data); DTMS goes on trying'
  return new DtmsError('volume.unavailable', `the volume cannot be used (${path}: ${describeSystemError(error)})`, {
    hint,
    cause: error,
  })
}

/** A file that takes only a part of what it is given is on a volume that is full, or about to be. */
function shortWrite(written: number, wanted: number): DtmsError {
  return new DtmsError('volume.unavailable', `only ${written} of ${wanted} bytes were written`, { hint: MORE_SPACE })
}

function userText(): string {
  const [user, group] = [process.getuid?.(), process.getgid?.()]
  return user === undefined ? 'this user' : `user ${user}, group ${group}`
}
