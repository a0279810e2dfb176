import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ask } from './http.ts'
import { freePorts } from './ports.ts'
import { alertmanager } from './prometheus-parts.ts'
import { type ServedProgram, startProgram } from './served-program.ts'

export interface AlertmanagerOptions {
  /** The configuration as an object (JSON is YAML) or as text; paths in it are seen from a folder of its own. */
  config: object | string
  /** Files beside the configuration by relative path, such as templates. */
  files?: Record<string, string>
  flags?: readonly string[]
}

/** An alert as its API takes it: times are RFC 3339. */
export interface PostedAlert {
  labels: Record<string, string>
  annotations?: Record<string, string>
  startsAt?: string
  endsAt?: string
}

export interface HeldAlert {
  labels: Record<string, string>
  state: 'active' | 'suppressed' | 'unprocessed'
  /** Fingerprints of the alerts that silence this one. */
  inhibitedBy: string[]
}

export interface AlertmanagerServer extends ServedProgram {
  /** host:port, as Prometheus wants it in static_configs. */
  readonly address: string
  post(alerts: readonly PostedAlert[]): Promise<void>
  alerts(): Promise<HeldAlert[]>
}

/** A real Alertmanager on a free port of the loopback, without a cluster; whoever starts it stops it. */
export async function startAlertmanager(options: AlertmanagerOptions): Promise<AlertmanagerServer> {
  const command = alertmanager()
  if (command === undefined) throw new Error('no Alertmanager is installed here')
  const folder = mkdtempSync(join(tmpdir(), 'dtms-alertmanager-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  const { config, files = {} } = options
  const write = (name: string, text: string): void => {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  write('alertmanager.yml', typeof config === 'string' ? config : JSON.stringify(config))
  for (const [name, text] of Object.entries(files)) write(name, text)
  const [port = 0] = await freePorts(1)
  const address = `127.0.0.1:${port}`
  const url = `http://${address}`
  const flags = [
    `--config.file=${join(folder, 'alertmanager.yml')}`,
    `--storage.path=${join(folder, 'data')}`,
    `--web.listen-address=${address}`,
    '--cluster.listen-address=',
    ...(options.flags ?? []),
  ]
  const program = await startProgram(command, flags, { url, readyPath: '/-/ready', cwd: folder }).catch((error) => {
    remove()
    throw error
  })
  return {
    ...program,
    address,
    post: async (alerts) => {
      const { status, text } = await ask(`${url}/api/v2/alerts`, { method: 'POST', body: alerts })
      if (status !== 200) throw new Error(`alerts were answered with ${status}: ${text}`)
    },
    alerts: async () => {
      const { json } = await ask(`${url}/api/v2/alerts`)
      return (json as { labels: Record<string, string>; status: Omit<HeldAlert, 'labels'> }[]).map(
        ({ labels, status: { state, inhibitedBy } }) => ({ labels, state, inhibitedBy }),
      )
    },
    stop: async () => {
      await program.stop()
      remove()
    },
  }
}
