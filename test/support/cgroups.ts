import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CgroupFolders, Controller } from '../../lib/cgroup/folders.ts'
import { type CgroupUsage, readUsage } from '../../lib/cgroup/usage.ts'

export interface Limits {
  memoryBytes: number
  cpuCores: number
}

/** A control group with limits that the kernel enforces, for what is started in it. */
export interface LimitedGroup {
  /** The same program, which joins the group before it becomes itself: nothing of it is charged elsewhere. */
  wrap(command: string, args: readonly string[]): { command: string; args: string[] }
  usage(): CgroupUsage
  pids(): number[]
  /** The group must be empty. */
  remove(): void
}

/** Mount points of the hierarchies: one for each controller in version 1, the same for all in version 2. */
interface Hierarchy {
  version: 1 | 2
  points: ReadonlyMap<Controller, string>
}

const PERIOD_US = 100_000

/** Groups made by this process so far: a name may come again. */
let made = 0

/** Why nothing can be limited here; undefined when it can. */
export function noCgroups(): string | undefined {
  const hierarchy = findHierarchy()
  if (hierarchy === undefined) return 'no control groups here: neither version 1 with memory and cpu nor version 2'
  try {
    createGroup('probe', { memoryBytes: 2 ** 26, cpuCores: 1 }).remove()
    return undefined
  } catch (error) {
    return `control groups cannot be made here (root is needed, outside of a container): ${String(error)}`
  }
}

/** @throws Error of the file system where groups cannot be made */
export function createGroup(name: string, limits: Limits): LimitedGroup {
  const hierarchy = findHierarchy()
  if (hierarchy === undefined) throw new Error('no control groups')
  made += 1
  const unique = `dtms-${process.pid}-${made}-${name}`
  const folders = new Map([...hierarchy.points].map(([controller, point]) => [controller, join(point, unique)]))
  const distinct = [...new Set(folders.values())]
  for (const folder of distinct) mkdirSync(folder, { recursive: true })
  try {
    for (const [controller, file, value] of settingsOf(hierarchy.version, limits)) {
      const path = join(folders.get(controller) ?? '', file)
      // Swap is not accounted for on every machine.
      if (!file.includes('sw') || existsSync(path)) writeFileSync(path, value)
    }
  } catch (error) {
    for (const folder of distinct) rmdirSync(folder)
    throw error
  }
  const enter = distinct.map((folder) => `echo $$ > '${folder}/cgroup.procs'`).join(' && ')
  const cgroup: CgroupFolders = { version: hierarchy.version, folders }
  return {
    wrap: (command, args) => ({ command: 'sh', args: ['-c', `${enter} && exec "$@"`, 'sh', command, ...args] }),
    usage: () => readUsage(cgroup),
    pids: () =>
      readFileSync(join(folders.get('memory') ?? '', 'cgroup.procs'), 'utf8')
        .split('\n')
        .filter(Boolean)
        .map(Number),
    remove: () => {
      for (const folder of distinct) rmdirSync(folder)
    },
  }
}

function settingsOf(version: 1 | 2, { memoryBytes, cpuCores }: Limits): [Controller, string, string][] {
  const quota = `${Math.round(cpuCores * PERIOD_US)}`
  if (version === 2)
    return [
      ['memory', 'memory.max', `${memoryBytes}`],
      ['memory', 'memory.swap.max', '0'],
      ['cpu', 'cpu.max', `${quota} ${PERIOD_US}`],
    ]
  return [
    ['memory', 'memory.limit_in_bytes', `${memoryBytes}`],
    ['memory', 'memory.memsw.limit_in_bytes', `${memoryBytes}`],
    ['cpu', 'cpu.cfs_period_us', `${PERIOD_US}`],
    ['cpu', 'cpu.cfs_quota_us', quota],
  ]
}

function findHierarchy(): Hierarchy | undefined {
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
  const old = new Map<Controller, string>()
  for (const controller of ['memory', 'cpu', 'cpuacct'] as const) {
    const [, point] =
      mounts.find(([, , type, options]) => type === 'cgroup' && options?.split(',').includes(controller)) ?? []
    if (point !== undefined) old.set(controller, point)
  }
  if (old.has('memory') && old.has('cpu')) return { version: 1, points: old }
  const [, point] = mounts.find(([, , type]) => type === 'cgroup2') ?? []
  if (point === undefined || !hasControllers(point)) return undefined
  return {
    version: 2,
    points: new Map([
      ['memory', point],
      ['cpu', point],
      ['cpuacct', point],
    ]),
  }
}

/** Turns the controllers on for the groups below, where that has not been done. */
function hasControllers(point: string): boolean {
  const file = join(point, 'cgroup.subtree_control')
  try {
    const on = () => readFileSync(file, 'utf8').trim().split(' ')
    if (!['memory', 'cpu'].every((controller) => on().includes(controller))) writeFileSync(file, '+memory +cpu')
    return true
  } catch {
    return false
  }
}
