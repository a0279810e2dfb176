import fs from 'node:fs'

/**
 * The system calls that a volume makes, all synchronous: four asynchronous ones that hang on a lost server would block
 * every other file call and DNS of the process. Everything that can go wrong on a disk goes wrong here, so tests put
 * their faults behind this interface.
 */
export interface VolumeCalls {
  open(path: string, flags: number): number
  read(fd: number, buffer: Uint8Array, offset: number, length: number, position: number): number
  /** Returns the count of bytes written; fewer than asked for counts as an error of the caller's batch. */
  write(fd: number, bytes: Uint8Array): number
  fdatasync(fd: number): void
  fsync(fd: number): void
  close(fd: number): void
  readdir(path: string): string[]
  lstat(path: string): FileFacts
  fstat(fd: number): FileFacts
  mkdir(path: string): void
  rename(from: string, to: string): void
  link(existing: string, path: string): void
  unlink(path: string): void
  statfs(path: string): { totalBytes: number; availableBytes: number }
}

export interface FileFacts {
  size: number
  kind: 'file' | 'folder' | 'link' | 'other'
  /** Names that lead to the file. */
  links: number
}

function factsOf(stats: fs.Stats): FileFacts {
  const kind = stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : stats.isSymbolicLink() ? 'link' : 'other'
  return { size: stats.size, kind, links: stats.nlink }
}

export const systemCalls: VolumeCalls = {
  open: (path, flags) => fs.openSync(path, flags),
  read: (fd, buffer, offset, length, position) => fs.readSync(fd, buffer, offset, length, position),
  write: (fd, bytes) => fs.writeSync(fd, bytes),
  fdatasync: (fd) => fs.fdatasyncSync(fd),
  fsync: (fd) => fs.fsyncSync(fd),
  close: (fd) => fs.closeSync(fd),
  readdir: (path) => fs.readdirSync(path),
  lstat: (path) => factsOf(fs.lstatSync(path)),
  fstat: (fd) => factsOf(fs.fstatSync(fd)),
  mkdir: (path) => fs.mkdirSync(path),
  rename: (from, to) => fs.renameSync(from, to),
  link: (existing, path) => fs.linkSync(existing, path),
  unlink: (path) => fs.unlinkSync(path),
  statfs: (path) => {
    const stats = fs.statfsSync(path)
    return { totalBytes: stats.blocks * stats.bsize, availableBytes: stats.bavail * stats.bsize }
  },
}
