import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { type AlertmanagerServer, startAlertmanager } from './alertmanager.ts'
import { eventually } from './builders.ts'
import { ask, TEST_KEY } from './http.ts'
import { type Broker, startBroker } from './kafka-broker.ts'
import { aLimitedGroup, type LimitedGroup, noLimits } from './limits.ts'
import { freePorts } from './ports.ts'
import { type PrometheusServer, startPrometheus } from './prometheus.ts'
import { ruleFiles } from './rules.ts'
import { main, type ServiceProcess, startService } from './service-process.ts'

/** Every service in a process of its own, a real broker, and a real Prometheus and Alertmanager that watch them. */
export interface WatchedStack {
  readonly prometheus: PrometheusServer
  readonly apiUrl: string
  readonly services: ReadonlyMap<string, ServiceProcess>
  /** Asks the API for a fault; the answer's status. */
  fault(wish: object): Promise<number>
  /** One run of the batch job; its exit code. */
  correlate(): number | null
  stop(): Promise<void>
}

const sites = ['SITE_A', 'SITE_B', 'SITE_C']
const LIMITS = { memoryMiB: 512, cores: 2 }

/** Configuration files of the deployment, with the addresses of this machine in them. */
const config = (path: string) => readFileSync(new URL(`../../openshift/${path}`, import.meta.url), 'utf8')

export async function startWatchedStack(speed: number): Promise<WatchedStack> {
  const undo: (() => unknown)[] = []
  const stop = async (): Promise<void> => {
    for (const step of undo.reverse()) await step()
  }
  try {
    return { ...(await start(speed, undo)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function start(speed: number, undo: (() => unknown)[]): Promise<Omit<WatchedStack, 'stop'>> {
  const root = mkdtempSync(join(tmpdir(), 'dtms-watched-'))
  undo.push(() => rmSync(root, { recursive: true, force: true }))
  const broker: Broker = await startBroker()
  undo.push(broker.stop)
  const [apiPort = 0] = await freePorts(1)
  const apiUrl = `http://127.0.0.1:${apiPort}`
  const env = {
    DTMS_DATA_DIR: root,
    DTMS_SPEED: String(speed),
    DTMS_BACKFILL_HOURS: '6',
    DTMS_KAFKA_BROKERS: broker.brokers.join(','),
    DTMS_API_KEY: TEST_KEY,
    DTMS_LOG_POLL_MS: '100',
    DTMS_STREAM_CHECKPOINT_SECONDS: '2',
    API_BASE_URL: apiUrl,
    POLL_INTERVAL_SECONDS: '2',
    KAFKA_TOPIC: 'none',
  }
  const services = new Map<string, ServiceProcess>()
  const run = (name: string, service: string, more: Record<string, string> = {}): void => {
    const running = startService(service, { ...env, ...more })
    const group: LimitedGroup | undefined = noLimits() === undefined ? aLimitedGroup(`dtms-${name}`, LIMITS) : undefined
    group?.add(running.pid)
    services.set(name, running)
    undo.push(async () => {
      await running.kill9()
      group?.remove()
    })
  }
  for (const site of sites) run(`exporter-${site.toLowerCase().replace('_', '-')}`, 'exporter', { SITE_NAME: site })
  run('anomaly', 'anomaly')
  run('dtms-freshness', 'freshness')
  run('dtms-api', 'api', { DTMS_PORT: String(apiPort) })
  run('dtms-producer', 'producer')
  run('dtms-stream', 'stream')
  const address = new Map<string, string>()
  for (const [name, running] of services) {
    await eventually(() => {
      if (running.crashes.length > 0) throw new Error(running.crashes.join('\n'))
      return running.url() !== undefined
    }, 60_000)
    address.set(name, new URL(running.url() ?? '').host)
  }
  const alertmanager = await startAlertmanager({
    config: config('alertmanager/alertmanager.yml')
      .replaceAll('http://dtms-api:8003', apiUrl)
      .replaceAll('/etc/alertmanager/secrets/', ''),
    files: { 'api-key': TEST_KEY, 'dtms.tmpl': config('alertmanager/dtms.tmpl') },
  })
  undo.push(alertmanager.stop)
  const prometheus = await startPrometheus({
    config: scrapeConfig(address, alertmanager),
    ruleFiles: ruleFiles().map(({ path }) => path),
  })
  undo.push(prometheus.stop)
  const headers = { authorization: `Bearer ${TEST_KEY}` }
  return {
    prometheus,
    apiUrl,
    services,
    fault: async (body) => (await ask(`${apiUrl}/v1/faults`, { method: 'POST', headers, body })).status,
    correlate: () =>
      spawnSync(process.execPath, [main, 'run', 'correlation', '--once'], {
        env: { PATH: process.env.PATH ?? '', ...env },
        stdio: 'ignore',
      }).status,
  }
}

interface ScrapeConfig {
  global: Record<string, string>
  rule_files: string[]
  alerting: { alertmanagers: { static_configs: { targets: string[] }[] }[] }
  scrape_configs: { job_name: string; static_configs: { targets: string[]; labels: { service: string } }[] }[]
}

/** The deployment's own, faster: five looks in the time of one. What does not run here is left out. */
function scrapeConfig(address: ReadonlyMap<string, string>, alertmanager: AlertmanagerServer): ScrapeConfig {
  const original = parse(config('prometheus/prometheus.yml')) as ScrapeConfig
  const here = new Map([...address, ['alertmanager', alertmanager.address]])
  return {
    ...original,
    global: { scrape_interval: '2s', evaluation_interval: '2s', scrape_timeout: '2s' },
    rule_files: ['rules/*.yml'],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager.address] }] }] },
    scrape_configs: original.scrape_configs
      .map((job) => ({
        ...job,
        static_configs: job.static_configs.flatMap((target) => {
          const host = here.get(target.labels.service)
          return host === undefined ? [] : [{ ...target, targets: [host] }]
        }),
      }))
      .filter(({ static_configs }) => static_configs.length > 0),
  }
}
