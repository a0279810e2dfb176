import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** Who holds a writer's folder. */
export interface Holder {
  host: string
  pid: number
  /** Start of the process in ticks since the machine started: a pid that was given to another process differs in it. */
  start: number
  /** Pids mean nothing outside their namespace; two containers can share a host name. Absent where there is none. */
  pidNamespace?: string
}

/** What a newcomer can find out about processes; tests put their own in its place. */
export interface ProcessTable {
  self(): Holder
  /** False only when the holder's process is certainly gone; undefined when it cannot be seen from here. */
  isAlive(holder: Holder): boolean | undefined
}

export const systemProcesses: ProcessTable = {
  self() {
    const pidNamespace = ownPidNamespace()
    return {
      host: hostname(),
      pid: process.pid,
      start: startOf(process.pid) ?? 0,
      ...(pidNamespace === undefined ? {} : { pidNamespace }),
    }
  },
  isAlive(holder) {
    if (holder.host !== hostname()) return undefined
    if (holder.pidNamespace !== undefined && holder.pidNamespace !== ownPidNamespace()) return undefined
    try {
      process.kill(holder.pid, 0)
    } catch (error) {
      return error instanceof Error && 'code' in error && error.code === 'EPERM'
    }
    const start = startOf(holder.pid)
    return start === undefined || start === holder.start
  },
}

/**
 * Fields 3 (state) and 22 (start) of /proc/<pid>/stat; the name in field 2 may hold blanks and brackets, so counting
 * begins behind it. A zombie has ended and only waits for its parent: its start counts as never.
 */
function startOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return -1
    const start = Number(fields[19])
    return Number.isFinite(start) ? start : undefined
  } catch {
    return undefined
  }
}

function ownPidNamespace(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return undefined
  }
}
