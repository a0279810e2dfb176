import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { ask } from './http.ts'
import { freePorts } from './ports.ts'
import { type PrometheusParts, prometheusParts } from './prometheus-parts.ts'
import { type ServedProgram, startProgram } from './served-program.ts'

export interface PrometheusOptions {
  /**
   * The configuration as an object (JSON is YAML) or as text, or made from the own host:port; paths in it are seen from a
   * folder of its own.
   */
  config: object | string | ((address: string) => object | string)
  /** Rule files that are copied to `rules/` beside the configuration. */
  ruleFiles?: readonly string[]
  /** Which release; the first one there is when left out. */
  parts?: PrometheusParts
  flags?: readonly string[]
}

export interface Sample {
  metric: Record<string, string>
  value: number
}

export interface PrometheusServer extends ServedProgram {
  readonly version: string
  /** An instant query; a scalar is one sample without labels. `time` in Unix seconds. */
  query(expression: string, time?: number): Promise<Sample[]>
  /** The `data` of any answer of its HTTP API, such as get('/api/v1/rules'). */
  get(path: string): Promise<unknown>
  /** Active targets that have been scraped: `up` by address. */
  targets(): Promise<Map<string, boolean>>
}

/** A real Prometheus on a free port of the loopback; whoever starts it stops it. */
export async function startPrometheus(options: PrometheusOptions): Promise<PrometheusServer> {
  const parts = options.parts ?? prometheusParts()[0]
  if (parts === undefined) throw new Error('no Prometheus is installed here')
  const folder = mkdtempSync(join(tmpdir(), 'dtms-prometheus-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  const [port = 0] = await freePorts(1)
  const address = `127.0.0.1:${port}`
  const url = `http://${address}`
  const config = typeof options.config === 'function' ? options.config(address) : options.config
  writeFileSync(join(folder, 'prometheus.yml'), typeof config === 'string' ? config : JSON.stringify(config))
  mkdirSync(join(folder, 'rules'))
  for (const file of options.ruleFiles ?? []) copyFileSync(file, join(folder, 'rules', basename(file)))
  const flags = [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=${address}`,
    // What it sends before it has found its Alertmanager (5 s) is lost, and sent again only after this.
    '--rules.alert.resend-delay=5s',
    ...(options.flags ?? []),
  ]
  const program = await startProgram(parts.prometheus, flags, { url, readyPath: '/-/ready', cwd: folder }).catch(
    (error) => {
      remove()
      throw error
    },
  )
  const get = async (path: string): Promise<unknown> => {
    const { status, json, text } = await ask(`${url}${path}`)
    if (status !== 200) throw new Error(`${path} was answered with ${status}: ${text.slice(0, 500)}`)
    return (json as { data: unknown }).data
  }
  return {
    ...program,
    version: parts.version,
    get,
    query: async (expression, time) => {
      const query = new URLSearchParams({ query: expression, ...(time === undefined ? {} : { time: `${time}` }) })
      return toSamples((await get(`/api/v1/query?${query}`)) as Answer)
    },
    targets: async () => {
      const { activeTargets } = (await get('/api/v1/targets?state=active')) as { activeTargets: Target[] }
      const known = activeTargets.filter(({ health }) => health !== 'unknown')
      return new Map(known.map(({ labels, health }) => [labels.instance ?? '', health === 'up']))
    },
    stop: async () => {
      await program.stop()
      remove()
    },
  }
}

interface Target {
  health: 'up' | 'down' | 'unknown'
  labels: Record<string, string>
}

type Answer =
  | { resultType: 'vector'; result: { metric: Record<string, string>; value: [number, string] }[] }
  | { resultType: 'scalar'; result: [number, string] }

function toSamples(answer: Answer): Sample[] {
  if (answer.resultType === 'scalar') return [{ metric: {}, value: toNumber(answer.result[1]) }]
  return answer.result.map(({ metric, value }) => ({ metric, value: toNumber(value[1]) }))
}

function toNumber(text: string): number {
  if (text === '+Inf') return Infinity
  return text === '-Inf' ? -Infinity : Number(text)
}
