import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { ask } from './http.ts'
import { kafkaParts } from './kafka-parts.ts'
import { type Ending, LimitedProcess, type Period } from './limited-process.ts'
import { type LocalContainer, LocalNamespace } from './pods.ts'
import { alertmanager, prometheusParts } from './prometheus-parts.ts'

/** What no package here can start. */
export const NOT_MEASURED = ['grafana', 'pushgateway']

const KEY = 'key-of-the-limits-suite'
const SAMPLE_MS = 100
const PROBE_MS = 2000
const VIEW_MS = 5000
/** What startup probes grant, and some: two cores start everything at once. */
const READY_MS = 600_000

export interface MeasuredPhase {
  name: string
  /** By workload. */
  periods: Map<string, { container: LocalContainer; period: Period }>
}

export interface MeasuredStack {
  phases: MeasuredPhase[]
  /** How long it took from the start of all until all were ready, seconds. */
  readySeconds: number
  /** The limits that each service of DTMS says it has: what its own metrics read from the kernel. */
  told: Map<string, { container: LocalContainer; memoryBytes: number; cpuCores: number }>
  /** World seconds per second at the end. */
  speed: number
  /** How each ended; the job for each of its runs. */
  endings: Map<string, Ending>
  /** The last that each has printed. */
  outputs: Map<string, string>
}

/**
 * Starts what the manifests name all at once, each inside its own limits: until all are ready, then at the default rate,
 * then at ten times of it, then stops all at once. The batch job runs in the middle of both periods, and somebody looks
 * at the page.
 */
export async function measureStack(minutes: number, say: (line: string) => void): Promise<MeasuredStack> {
  const folder = mkdtempSync(join(tmpdir(), 'dtms-limits-'))
  const kafka = kafkaParts()
  const namespace = await LocalNamespace.open({
    folder,
    manifests: ['openshift/deployments', 'openshift/cronjobs', 'openshift/config'],
    secrets: { 'dtms-api-key': { 'api-key': KEY } },
    imagePaths: { '/opt/kafka/libs': dirname(kafka?.classPath ?? '/nowhere/*') },
  })
  const containers = namespace.containers(NOT_MEASURED)
  const started: LimitedProcess[] = []
  const phases: MeasuredPhase[] = []
  const endings = new Map<string, Ending>()
  const outputs = new Map<string, string>()
  const start = (container: LocalContainer): LimitedProcess => {
    const one = new LimitedProcess(container, commandOf(container), process.cwd())
    started.push(one)
    return one
  }
  /** To its end, with its peaks. */
  const runOnce = async (container: LocalContainer, name: string, into: MeasuredPhase): Promise<void> => {
    const one = start(container)
    const ending = await one.ended
    endings.set(name, ending)
    outputs.set(name, one.output)
    into.periods.set(name, { container, period: one.takePeriod() })
  }
  const timers = [
    setInterval(() => {
      for (const one of started) if (!one.isOver) one.sample()
    }, SAMPLE_MS),
    setInterval(() => {
      for (const one of started) void one.probe()
    }, PROBE_MS),
  ]
  const api = `http://${namespace.address('dtms-api', 8003)}`
  try {
    const from = performance.now()
    const starting: MeasuredPhase = { name: 'start', periods: new Map() }
    phases.push(starting)
    const [services, jobs] = [containers.filter((one) => one.readiness), containers.filter((one) => !one.readiness)]
    const processes = await Promise.all(
      services.map(async (container) => {
        for (const init of container.init) await runOnce(init, init.name, starting)
        return start(container)
      }),
    )
    await untilReady(processes)
    const readySeconds = (performance.now() - from) / 1000
    say(`all ready after ${readySeconds.toFixed(0)} s`)
    const take = (phase: MeasuredPhase) => {
      for (const one of processes)
        phase.periods.set(one.container.name, { container: one.container, period: one.takePeriod() })
    }
    take(starting)
    const viewing = viewPage(api)
    for (const speed of [1, 10]) {
      const phase: MeasuredPhase = { name: `${speed}x`, periods: new Map() }
      phases.push(phase)
      if (speed !== 1) await setSpeed(api, speed)
      await pause(minutes * 30_000)
      for (const job of jobs) await runOnce(job, job.name, phase)
      await pause(minutes * 30_000)
      take(phase)
      say(`${phase.name}: over`)
    }
    const told: MeasuredStack['told'] = new Map()
    for (const { container } of processes)
      if (container.command[0] === 'node') told.set(container.name, { container, ...(await limitsToldBy(container)) })
    const { speed } = (await ask(`${api}/v1/scenario`)).json as { speed: number }
    viewing.abort()
    clearInterval(timers.pop())
    await Promise.all(
      processes.map(async (one) => {
        const { name } = one.container
        const ending = one.isOver ? await one.ended : await one.stop()
        endings.set(name, ending)
        outputs.set(name, one.output)
      }),
    )
    return { phases, readySeconds, told, speed, endings, outputs }
  } finally {
    for (const timer of timers) clearInterval(timer)
    await Promise.all(started.map((one) => one.remove()))
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The manifest's command; where the image says it, what stands for the image here. */
function commandOf({ name, command: [program = '', ...args] }: LocalContainer): string[] {
  if (program === 'node')
    return [process.execPath, ...args.map((one) => (one.endsWith('main.js') ? resolve(one) : one))]
  if (program !== '') return [program, ...args]
  if (name === 'alertmanager') return [alertmanager() ?? '', ...args]
  if (name !== 'prometheus') throw new Error(`${name} has no command, and nothing stands for its image here`)
  const newest = prometheusParts().at(-1)
  // The release that Debian has does not know these.
  const isOld = newest?.version.startsWith('2.') === true
  return [newest?.prometheus ?? '', ...(isOld ? args.filter((arg) => !arg.includes('auto-reload')) : args)]
}

async function untilReady(processes: readonly LimitedProcess[]): Promise<void> {
  const end = performance.now() + READY_MS
  for (;;) {
    const missing = processes.filter(({ wasReady }) => !wasReady)
    if (missing.length === 0) return
    const dead = missing.find(({ isOver }) => isOver)
    if (dead !== undefined || performance.now() > end) {
      const one = dead ?? missing[0]
      const what = dead === undefined ? 'is not ready' : `has ended (${(await dead.ended).how})`
      throw new Error(`${one?.container.name} ${what}:\n${one?.output.slice(-4000)}`)
    }
    await pause(250)
  }
}

/** What the page asks for when somebody looks at it, and the live events that it listens to. */
function viewPage(api: string): AbortController {
  const over = new AbortController()
  const { signal } = over
  const drain = async (): Promise<void> => {
    const { body } = await fetch(`${api}/v1/events`, { signal })
    for await (const _ of body ?? []) if (signal.aborted) return
  }
  drain().catch(() => {})
  const paths = ['/', '/v1/sites', '/v1/links', '/v1/transfers?limit=200', '/v1/anomalies?limit=50', '/v1/freshness']
  const timer = setInterval(() => {
    for (const path of paths)
      fetch(`${api}${path}`, { signal })
        .then((answer) => answer.text())
        .catch(() => {})
  }, VIEW_MS)
  signal.addEventListener('abort', () => clearInterval(timer))
  return over
}

async function limitsToldBy({ readiness }: LocalContainer): Promise<{ memoryBytes: number; cpuCores: number }> {
  const { text } = await ask(new URL('/metrics', readiness?.url).href)
  const value = (name: string) => Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1])
  return { memoryBytes: value('dtms_limit_memory_bytes'), cpuCores: value('dtms_limit_cpu_cores') }
}

async function setSpeed(api: string, speed: number): Promise<void> {
  const headers = { authorization: `Bearer ${KEY}` }
  const { status, text } = await ask(`${api}/v1/scenario/speed`, { method: 'PUT', headers, body: { speed } })
  if (status !== 202) throw new Error(`the speed was not changed: ${status} ${text}`)
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
