import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What is read of a process's control groups: each may lie in a hierarchy of its own (version 1) or all in one (2). */
export type Controller = 'memory' | 'cpu' | 'cpuacct'

export interface CgroupFolders {
  version: 1 | 2
  /** The folder of each controller, where there is one that belongs to this process and not to the whole machine. */
  folders: ReadonlyMap<Controller, string>
}

/** Where the kernel tells it; other places in tests. */
export interface CgroupPlaces {
  /** The group of the process in each hierarchy. */
  membership: string
  /** What is mounted where. */
  mounts: string
}

export const kernelPlaces: CgroupPlaces = { membership: '/proc/self/cgroup', mounts: '/proc/self/mountinfo' }

/** A file that a group with limits has and the root of a hierarchy has not (version 2), or that says there is none (1). */
const telling: Record<Controller, Record<1 | 2, string>> = {
  memory: { 1: 'memory.limit_in_bytes', 2: 'memory.current' },
  cpu: { 1: 'cpu.cfs_quota_us', 2: 'cpu.max' },
  cpuacct: { 1: 'cpuacct.usage', 2: 'cpu.stat' },
}

const controllers: readonly Controller[] = ['memory', 'cpu', 'cpuacct']

interface Mount {
  type: string
  /** Which part of the hierarchy is mounted. */
  root: string
  point: string
  options: readonly string[]
}

/**
 * The control groups of this process; undefined where the kernel tells of none (another system, no /proc).
 *
 * A container may see its group under the full name, under `/`, or mounted as the root: the named folder is tried, with
 * and without the part that is mounted, and then the root itself.
 */
export function findCgroups(places: CgroupPlaces = kernelPlaces): CgroupFolders | undefined {
  const membership = readLines(places.membership)?.map(parseMembership)
  const mounts = readLines(places.mounts)?.map(parseMount)
  if (membership === undefined || mounts === undefined) return undefined
  const old = findIn(1, membership, mounts)
  const folders = old.size > 0 ? old : findIn(2, membership, mounts)
  return folders.size === 0 ? undefined : { version: old.size > 0 ? 1 : 2, folders }
}

function findIn(version: 1 | 2, membership: readonly Membership[], mounts: readonly Mount[]): Map<Controller, string> {
  const found = new Map<Controller, string>()
  for (const controller of controllers) {
    const mount = mounts.find(({ type, options }) =>
      version === 2 ? type === 'cgroup2' : type === 'cgroup' && options.includes(controller),
    )
    const group = membership.find(({ names }) => (version === 2 ? names.length === 0 : names.includes(controller)))
    if (mount === undefined || group === undefined) continue
    const folder = foldersOf(mount, group.path).find((one) => existsSync(join(one, telling[controller][version])))
    if (folder === undefined) continue
    // The root of a version 1 hierarchy has every file, and counts the whole machine in them.
    if (version === 1 && folder === mount.point && mount.root === '/' && !hasLimits(folder)) continue
    found.set(controller, folder)
  }
  return found
}

function foldersOf({ root, point }: Mount, path: string): string[] {
  const below = root !== '/' && (path === root || path.startsWith(`${root}/`)) ? path.slice(root.length) : path
  return [...new Set([below, path, '/'].filter((one) => !one.split('/').includes('..')).map((one) => join(point, one)))]
    .map((one) => one.replace(/(.)\/$/, '$1'))
    .filter((one, i, all) => all.indexOf(one) === i)
}

/** Whether a folder that looks like a root is that of a container after all: somebody has limited it. */
function hasLimits(folder: string): boolean {
  const read = (name: string) => Number(readLines(join(folder, name))?.[0] ?? Number.NaN)
  return read('memory.limit_in_bytes') < NO_LIMIT || read('cpu.cfs_quota_us') > 0
}

/** Bytes from which on a memory limit of version 1 means none: the kernel writes the largest page-aligned number. */
export const NO_LIMIT = 2 ** 60

interface Membership {
  /** Controllers; none for version 2. */
  names: readonly string[]
  path: string
}

/** `4:memory:/kubepods/pod1` or `0::/kubepods/pod1` */
function parseMembership(line: string): Membership {
  const [, names = '', ...path] = line.split(':')
  return { names: names === '' ? [] : names.split(','), path: path.join(':') }
}

/** proc(5): `36 35 98:0 /root /point rw,noatime shared:1 - type source super,options`; spaces are written as \040. */
function parseMount(line: string): Mount {
  const [before = '', after = ''] = line.split(' - ')
  const [, , , root = '/', point = '/'] = before.split(' ')
  const [type = '', , options = ''] = after.split(' ')
  const plain = (text: string) => text.replaceAll('\\040', ' ')
  return { type, root: plain(root), point: plain(point), options: options.split(',') }
}

function readLines(file: string): string[] | undefined {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
  } catch {
    return undefined
  }
}
