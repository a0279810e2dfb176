import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CgroupFolders, type Controller, NO_LIMIT } from './folders.ts'

/** Limits and use of this process's control groups; what the kernel does not tell, or does not limit, is undefined. */
export interface CgroupUsage {
  memoryLimitBytes?: number
  /** The working set: what is charged without the cached file pages that would be dropped first. */
  memoryUsedBytes?: number
  /** The most that was ever charged, cached file pages included. */
  memoryPeakBytes?: number
  /** A half is half a core at all times. */
  cpuLimitCores?: number
  cpuUsedSeconds?: number
  /** Scheduling periods in which something ran; those in which it was stopped for the rest; for how long. */
  cpuPeriods?: number
  cpuThrottledPeriods?: number
  cpuThrottledSeconds?: number
  /** Processes that the kernel has ended for want of memory. */
  oomKills?: number
}

/**
 * Reads it now. The files are the kernel's own: a few microseconds each, and they never wait for a disk. One that is
 * missing (older kernels have no `memory.peak`) only leaves its figure out.
 */
export function readUsage({ version, folders }: CgroupFolders): CgroupUsage {
  const read = (controller: Controller, name: string): string | undefined => {
    const folder = folders.get(controller)
    if (folder === undefined) return undefined
    try {
      return readFileSync(join(folder, name), 'utf8')
    } catch {
      return undefined
    }
  }
  const found = version === 1 ? readVersion1(read) : readVersion2(read)
  // Without a limit nothing is ever throttled: a zero would look like a good sign.
  const { cpuPeriods: _p, cpuThrottledPeriods: _t, cpuThrottledSeconds: _s, ...unlimited } = found
  const kept = found.cpuLimitCores === undefined ? unlimited : found
  return Object.fromEntries(Object.entries(kept).filter(([, value]) => Number.isFinite(value)))
}

type Read = (controller: Controller, name: string) => string | undefined
type Found = { [K in keyof CgroupUsage]: number | undefined }

function readVersion1(read: Read): Found {
  const limit = numberIn(read('memory', 'memory.limit_in_bytes'))
  const quota = numberIn(read('cpu', 'cpu.cfs_quota_us'))
  const period = numberIn(read('cpu', 'cpu.cfs_period_us'))
  const cpu = fieldsOf(read('cpu', 'cpu.stat'))
  return {
    memoryLimitBytes: limit !== undefined && limit < NO_LIMIT ? limit : undefined,
    memoryUsedBytes: workingSet(
      numberIn(read('memory', 'memory.usage_in_bytes')),
      fieldsOf(read('memory', 'memory.stat')).get('total_inactive_file'),
    ),
    memoryPeakBytes: numberIn(read('memory', 'memory.max_usage_in_bytes')),
    cpuLimitCores: quota !== undefined && quota > 0 && period !== undefined ? quota / period : undefined,
    cpuUsedSeconds: divided(numberIn(read('cpuacct', 'cpuacct.usage')), 1e9),
    cpuPeriods: cpu.get('nr_periods'),
    cpuThrottledPeriods: cpu.get('nr_throttled'),
    cpuThrottledSeconds: divided(cpu.get('throttled_time'), 1e9),
    oomKills: fieldsOf(read('memory', 'memory.oom_control')).get('oom_kill'),
  }
}

function readVersion2(read: Read): Found {
  const [quota, period] = (read('cpu', 'cpu.max') ?? '').trim().split(' ')
  const cpu = fieldsOf(read('cpuacct', 'cpu.stat'))
  return {
    memoryLimitBytes: numberIn(read('memory', 'memory.max')),
    memoryUsedBytes: workingSet(
      numberIn(read('memory', 'memory.current')),
      fieldsOf(read('memory', 'memory.stat')).get('inactive_file'),
    ),
    memoryPeakBytes: numberIn(read('memory', 'memory.peak')),
    cpuLimitCores: divided(numberIn(quota), Number(period)),
    cpuUsedSeconds: divided(cpu.get('usage_usec'), 1e6),
    cpuPeriods: cpu.get('nr_periods'),
    cpuThrottledPeriods: cpu.get('nr_throttled'),
    cpuThrottledSeconds: divided(cpu.get('throttled_usec'), 1e6),
    oomKills: fieldsOf(read('memory', 'memory.events')).get('oom_kill'),
  }
}

function workingSet(charged: number | undefined, inactiveFile: number | undefined): number | undefined {
  return charged === undefined ? undefined : Math.max(0, charged - (inactiveFile ?? 0))
}

function divided(value: number | undefined, by: number): number | undefined {
  return value === undefined ? undefined : value / by
}

/** Undefined for `max`, which is how version 2 says that there is no limit. */
function numberIn(text: string | undefined): number | undefined {
  const value = Number(text?.trim() || 'none')
  return Number.isFinite(value) ? value : undefined
}

/** Lines of a name and a number. */
function fieldsOf(text: string | undefined): Map<string, number> {
  const pairs = (text ?? '').split('\n').map((line) => line.split(' '))
  return new Map(pairs.map(([name = '', value = '']) => [name, Number(value)]))
}
