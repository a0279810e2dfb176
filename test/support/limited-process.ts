import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import type { CgroupUsage } from '../../lib/cgroup/usage.ts'
import { createGroup, type LimitedGroup } from './cgroups.ts'
import type { LocalContainer } from './pods.ts'

/** What was seen of a process between two resets. */
export interface Period {
  /** Highest working set of the samples: charged memory without inactive cached pages. */
  workingSetBytes: number
  /** Highest resident set as the kernel kept it, shared pages of the program's own file included; it misses nothing. */
  residentBytes: number
  /** Highest charge as the kernel kept it since the group was made, cached pages included. */
  chargedBytes: number
  cpuSeconds: number
  seconds: number
  /** Share of the scheduling periods in which it was stopped at its limit. */
  throttledShare: number
  oomKills: number
  probes: { asked: number; notReady: string[]; slowestMs: number }
}

export interface Ending {
  /** Exit code, or the signal that ended it. */
  how: string
  ms: number
}

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** One container of a manifest as a process inside the limits that the manifest gives it. */
export class LimitedProcess {
  readonly container: LocalContainer
  readonly #group: LimitedGroup
  readonly #child: ChildProcess
  readonly ended: Promise<Ending>
  #output = ''
  #isOver = false
  #wasReady = false
  #from: CgroupUsage
  #since = performance.now()
  #period = emptyPeriod()

  constructor(container: LocalContainer, command: readonly string[], cwd: string) {
    this.container = container
    const groupName = container.name.replaceAll(/[^a-z0-9-]+/g, '-')
    this.#group = createGroup(groupName, container.limits)
    this.#from = this.#group.usage()
    const [program = '', ...args] = command
    const wrapped = this.#group.wrap(program, args)
    const { PATH = '', HOME = '/' } = process.env
    this.#child = spawn(wrapped.command, wrapped.args, {
      ...{ cwd, env: { PATH, HOME, ...container.env } },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    running.add(this.#child)
    const take = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString('utf8')).slice(-65_536)
    }
    this.#child.stdout?.on('data', take)
    this.#child.stderr?.on('data', take)
    const began = performance.now()
    this.ended = new Promise((resolve) => {
      const end = (how: string): void => {
        running.delete(this.#child)
        this.#isOver = true
        resolve({ how, ms: performance.now() - began })
      }
      this.#child.once('error', (error) => end(error.message))
      this.#child.once('exit', (code, signal) => end(`${signal ?? code}`))
    })
  }

  get output(): string {
    return this.#output
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** It has been ready once. */
  get wasReady(): boolean {
    return this.#wasReady
  }

  /** Reads what it uses now; often enough, and peaks that the kernel keeps are met as well. */
  sample(): void {
    const period = this.#period
    const usage = this.#group.usage()
    period.workingSetBytes = Math.max(period.workingSetBytes, usage.memoryUsedBytes ?? 0)
    period.chargedBytes = Math.max(period.chargedBytes, usage.memoryPeakBytes ?? 0)
    const resident = this.#group.pids().reduce((sum, pid) => sum + peakResidentBytes(pid), 0)
    period.residentBytes = Math.max(period.residentBytes, resident)
    period.seconds = (performance.now() - this.#since) / 1000
    period.cpuSeconds = (usage.cpuUsedSeconds ?? 0) - (this.#from.cpuUsedSeconds ?? 0)
    period.oomKills = (usage.oomKills ?? 0) - (this.#from.oomKills ?? 0)
    const periods = (usage.cpuPeriods ?? 0) - (this.#from.cpuPeriods ?? 0)
    const throttled = (usage.cpuThrottledPeriods ?? 0) - (this.#from.cpuThrottledPeriods ?? 0)
    period.throttledShare = periods === 0 ? 0 : throttled / periods
  }

  /** Asks as the kubelet would, with the timeout of the manifest. Before it has been ready once nothing is held against it. */
  async probe(): Promise<void> {
    const { readiness } = this.container
    if (readiness === undefined || this.#isOver) return
    const asked = performance.now()
    const problem = await ready(readiness.url, readiness.timeoutMs)
    const ms = performance.now() - asked
    this.#wasReady ||= problem === undefined
    if (!this.#wasReady) return
    const { probes } = this.#period
    probes.asked += 1
    probes.slowestMs = Math.max(probes.slowestMs, ms)
    if (problem !== undefined) probes.notReady.push(`${new Date().toISOString()} ${problem}`)
  }

  /** What was seen since the last call. */
  takePeriod(): Period {
    this.sample()
    const taken = this.#period
    for (const pid of this.#group.pids()) resetPeak(pid)
    this.#period = emptyPeriod()
    this.#from = this.#group.usage()
    this.#since = performance.now()
    return taken
  }

  /** SIGTERM, as the kubelet does, and SIGKILL after the time that the manifest gives. */
  async stop(): Promise<Ending> {
    const from = performance.now()
    this.#child.kill('SIGTERM')
    const force = setTimeout(() => this.#child.kill('SIGKILL'), this.container.graceMs)
    const { how } = await this.ended
    clearTimeout(force)
    return { how, ms: performance.now() - from }
  }

  /** Ends what is left and removes the group. */
  async remove(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.ended
    for (let tries = 0; this.#group.pids().length > 0 && tries < 100; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 50))
    this.#group.remove()
  }
}

function emptyPeriod(): Period {
  return {
    ...{
      workingSetBytes: 0,
      residentBytes: 0,
      chargedBytes: 0,
      cpuSeconds: 0,
      seconds: 0,
      throttledShare: 0,
      oomKills: 0,
    },
    probes: { asked: 0, notReady: [], slowestMs: 0 },
  }
}

function peakResidentBytes(pid: number): number {
  try {
    return 1024 * Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}

/** proc(5): 5 sets the peak to what is resident now. */
function resetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5')
  } catch {
    // It has ended meanwhile.
  }
}

/** Why it is not ready; undefined when it is. */
async function ready(url: string, timeoutMs: number): Promise<string | undefined> {
  if (url.startsWith('tcp://')) return connects(new URL(url), timeoutMs)
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) })
    const text = await answer.text()
    return answer.status === 200 ? undefined : `${answer.status} ${text.slice(0, 500)}`
  } catch (error) {
    return String(error)
  }
}

function connects({ hostname, port }: URL, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port), timeout: timeoutMs })
    const end = (problem: string | undefined) => () => {
      socket.destroy()
      resolve(problem)
    }
    socket.once('connect', end(undefined))
    socket.once('timeout', end('no connection in time'))
    socket.once('error', end('no connection'))
  })
}
