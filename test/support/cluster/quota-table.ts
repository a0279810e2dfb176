import { readFileSync, writeFileSync } from 'node:fs'
import { BUILD_QUOTA, DEPLOY_QUOTA, type Sandbox } from './sandbox.ts'
import { type Deployment, type PodSpec, podUse, quantity } from './workloads.ts'

const PAGE = 'docs/budget.md'
const BEGIN = '<!-- quota:begin -->\n'
const END = '<!-- quota:end -->'
const MIB = 1024 ** 2

interface Strategy {
  type: string
  rollingUpdate?: { maxSurge?: number | string }
}

export interface Sums {
  cpu: number
  memory: number
  cpuLimit: number
  memoryLimit: number
  pods: number
}

/** One line of the page: what a profile uses when it runs, and what is added while all of it is updated. */
export interface ProfileUse {
  profile: string
  /** CPU requests that the namespace allows. */
  room: string
  used: Map<string, string>
  surge: Sums
  /** What one run of the job was seen to take of the other quota. */
  job: Map<string, string> | undefined
}

/** Sum of the pods that a rolling update of every Deployment adds for a while. A `Recreate` one adds none. */
export async function surgeOf(sandbox: Sandbox): Promise<Sums> {
  const sum: Sums = { cpu: 0, memory: 0, cpuLimit: 0, memoryLimit: 0, pods: 0 }
  for (const { spec } of await sandbox.list<Deployment>('deployments')) {
    const { strategy, template, replicas } = spec as unknown as {
      strategy: Strategy
      template: { spec: PodSpec }
      replicas: number
    }
    const extra = surgingPods(strategy, replicas)
    const most = (kind: 'requests' | 'limits', name: string): number => extra * podUse(template.spec, kind, name)
    sum.cpu += most('requests', 'cpu')
    sum.memory += most('requests', 'memory')
    sum.cpuLimit += most('limits', 'cpu')
    sum.memoryLimit += most('limits', 'memory')
    sum.pods += extra
  }
  return sum
}

function surgingPods({ type, rollingUpdate }: Strategy, replicas: number): number {
  if (type === 'Recreate') return 0
  const surge = rollingUpdate?.maxSurge ?? '25%'
  return typeof surge === 'number' ? surge : Math.ceil((replicas * Number.parseFloat(surge)) / 100)
}

/** The tables of the page, in Markdown. */
export function quotaTables(rows: readonly ProfileUse[]): string {
  const value = (row: ProfileUse, name: string) => quantity(row.used.get(`${DEPLOY_QUOTA}/${name}`) ?? '0')
  const both = (steady: number, more: number, write: (number: number) => string) =>
    more === 0 ? write(steady) : `${write(steady)}, while updated ${write(steady + more)}`
  const cores = (number: number) => `${Math.round(number * 1000)}m`
  const mib = (number: number) => `${Math.round(number / MIB)} Mi`
  const first = table(
    ['profile', 'room', 'CPU requests', 'memory requests', 'CPU limits', 'memory limits'],
    rows.map((row) => [
      row.profile,
      row.room,
      both(value(row, 'requests.cpu'), row.surge.cpu, cores),
      both(value(row, 'requests.memory'), row.surge.memory, mib),
      both(value(row, 'limits.cpu'), row.surge.cpuLimit, cores),
      both(value(row, 'limits.memory'), row.surge.memoryLimit, mib),
    ]),
  )
  const counted: [string, string][] = [
    ['pods', 'counts/count/pods'],
    ['Deployments', 'counts/count/deployments.apps'],
    ['ReplicaSets', 'counts/count/replicasets.apps'],
    ['Services', 'counts/count/services'],
    ['Routes', 'counts/count/routes.route.openshift.io'],
    ['CronJobs', 'counts/count/cronjobs.batch'],
    ['claims', 'storage/count/persistentvolumeclaims'],
    ['storage', 'storage/requests.storage'],
  ]
  const second = table(
    ['profile', ...counted.map(([name]) => name), 'one run of the job'],
    rows.map((row) => [
      row.profile,
      ...counted.map(([, name]) => row.used.get(name) ?? ''),
      row.job === undefined
        ? 'none'
        : `${row.job.get(`${BUILD_QUOTA}/requests.cpu`)}, ${row.job.get(`${BUILD_QUOTA}/limits.memory`)} limit`,
    ]),
  )
  return `${first}\n${second}`
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |\n`
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('')
}

/** What the page says now between its marks. */
export function writtenTables(): string {
  const [begin, end, text] = marks()
  return text.slice(begin, end)
}

export function writeTables(tables: string): void {
  const [begin, end, text] = marks()
  writeFileSync(PAGE, text.slice(0, begin) + tables + text.slice(end))
}

function marks(): [number, number, string] {
  const text = readFileSync(PAGE, 'utf8')
  const begin = text.indexOf(BEGIN) + BEGIN.length
  const end = text.indexOf(END)
  if (begin < BEGIN.length || end < begin) throw new Error(`${PAGE} has lost the marks of its quota tables`)
  return [begin, end, text]
}
