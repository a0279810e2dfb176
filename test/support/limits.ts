import { accessSync, constants, existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Limits {
  memoryMiB: number
  cores: number
}

const root = '/sys/fs/cgroup'
const isVersion2 = existsSync(join(root, 'cgroup.controllers'))

/** Why no process can be limited here; undefined when one can. */
export function noLimits(): string | undefined {
  const folders = isVersion2 ? [root] : [join(root, 'memory'), join(root, 'cpu')]
  try {
    for (const folder of folders) accessSync(folder, constants.W_OK)
    return undefined
  } catch {
    return `no limits here: ${folders.join(' and ')} cannot be written (root on Linux can)`
  }
}

/** A control group of its own for each process that is handed over; `remove` when they have ended. */
export interface LimitedGroup {
  add(pid: number): void
  remove(): void
}

export function aLimitedGroup(name: string, { memoryMiB, cores }: Limits): LimitedGroup {
  const unique = `${name}-${process.pid}-${Date.now()}`
  const write = (folder: string, file: string, value: string | number) =>
    writeFileSync(join(folder, file), String(value))
  if (isVersion2) writeFileSync(join(root, 'cgroup.subtree_control'), '+memory +cpu')
  const controllers = isVersion2 ? [''] : ['memory', 'cpu', 'cpuacct']
  // cpu and cpuacct are two names of one hierarchy on some machines.
  const folders = controllers.map((controller) => join(root, controller, unique))
  for (const folder of folders) mkdirSync(folder, { recursive: true })
  const [memory = '', cpu = memory] = folders
  const bytes = memoryMiB * 2 ** 20
  if (isVersion2) {
    write(memory, 'memory.max', bytes)
    write(cpu, 'cpu.max', `${cores * 100_000} 100000`)
  } else {
    write(memory, 'memory.limit_in_bytes', bytes)
    write(cpu, 'cpu.cfs_quota_us', cores * 100_000)
  }
  return {
    add: (pid) => {
      for (const folder of folders) write(folder, 'cgroup.procs', pid)
    },
    remove: () => {
      for (const folder of folders) if (existsSync(folder)) rmdirSync(folder)
    },
  }
}
