import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import type { Limits } from './cgroups.ts'
import { freePorts } from './ports.ts'

/** The parts of the manifests that are looked at here. */
interface Manifest {
  kind: string
  metadata: { name: string }
  data?: Record<string, string>
  spec?: { template?: { spec: PodSpec }; jobTemplate?: { spec: { template: { spec: PodSpec } } } }
}

interface PodSpec {
  terminationGracePeriodSeconds?: number
  initContainers?: Container[]
  containers: Container[]
  volumes?: ({ name: string } & Partial<
    Record<'configMap' | 'secret' | 'persistentVolumeClaim', Record<string, string>>
  >)[]
}

interface Container {
  name: string
  command?: string[]
  args?: string[]
  env?: { name: string; value?: string }[]
  envFrom?: { configMapRef: { name: string } }[]
  ports?: { name: string; containerPort: number }[]
  readinessProbe?: Probe
  resources: { limits: { memory: string; cpu: string } }
  volumeMounts?: { name: string; mountPath: string }[]
}

interface Probe {
  httpGet?: { path: string }
  timeoutSeconds?: number
}

/** A container of a manifest as it can be started on this machine. */
export interface LocalContainer {
  /** Of the workload; an init container's own name behind it. */
  name: string
  limits: Limits
  /** Command and arguments; the first is the program, empty when the image has to say it. */
  command: string[]
  env: Record<string, string>
  /** What is asked to know whether it is ready; a container without one is a job. */
  readiness?: { url: string; timeoutMs: number }
  graceMs: number
  init: LocalContainer[]
}

/**
 * A namespace on this machine: manifests are taken as they are, and only what cannot be the same here is replaced. Paths
 * of mounts become folders, names and ports of Services become free ports of the loopback, in commands, environment and
 * configuration files alike.
 */
export class LocalNamespace {
  readonly #folder: string
  readonly #manifests: readonly Manifest[]
  readonly #secrets: Readonly<Record<string, Record<string, string>>>
  readonly #free: number[]
  readonly #ports = new Map<string, number>()
  /** Further paths of an image and where they are here. */
  readonly #imagePaths: Readonly<Record<string, string>>

  static async open(options: {
    folder: string
    manifests: readonly string[]
    secrets: Record<string, Record<string, string>>
    imagePaths: Record<string, string>
  }): Promise<LocalNamespace> {
    return new LocalNamespace(options, await freePorts(40))
  }

  private constructor(
    options: {
      folder: string
      manifests: readonly string[]
      secrets: Record<string, Record<string, string>>
      imagePaths: Record<string, string>
    },
    free: number[],
  ) {
    this.#folder = options.folder
    this.#secrets = options.secrets
    this.#imagePaths = options.imagePaths
    this.#free = free
    this.#manifests = options.manifests.flatMap((path) =>
      readdirSync(path)
        .filter((name) => name.endsWith('.yaml'))
        .flatMap((name) =>
          parseAllDocuments(readFileSync(join(path, name), 'utf8')).map((one) => one.toJS() as Manifest),
        ),
    )
  }

  /** The one container of each Deployment and CronJob, without the named ones. */
  containers(without: readonly string[]): LocalContainer[] {
    return this.#manifests.flatMap(({ metadata: { name }, spec }) => {
      const pod = spec?.template?.spec ?? spec?.jobTemplate?.spec.template.spec
      if (pod === undefined || without.includes(name)) return []
      const [container] = pod.containers
      return container === undefined ? [] : [this.#localise(name, pod, container)]
    })
  }

  /** The address at which a workload's port is served here. */
  address(workload: string, port: number): string {
    const key = `${workload}:${port}`
    const local = this.#ports.get(key) ?? this.#free.shift()
    if (local === undefined) throw new Error('no free port is left')
    this.#ports.set(key, local)
    return `127.0.0.1:${local}`
  }

  #localise(workload: string, pod: PodSpec, container: Container): LocalContainer {
    const paths = this.#mount(workload, pod, container)
    const [port] = container.ports ?? []
    const env: Record<string, string> = {}
    for (const { configMapRef } of container.envFrom ?? []) Object.assign(env, this.#configMap(configMapRef.name))
    for (const { name, value } of container.env ?? []) if (value !== undefined) env[name] = value
    const text = (raw: string) =>
      this.#text(
        workload,
        paths,
        raw.replaceAll(/\$\((\w+)\)/g, (_, name) => env[name] ?? ''),
      )
    for (const [name, value] of Object.entries(env)) env[name] = text(value)
    // The loopback stands for the pod's own address, and the port is another.
    if ('DTMS_HOST' in env) env.DTMS_HOST = '127.0.0.1'
    const served = port && this.address(workload, port.containerPort)
    if (served !== undefined && 'DTMS_HOST' in env) env.DTMS_PORT = served.split(':')[1] ?? ''
    const { httpGet, timeoutSeconds = 1 } = container.readinessProbe ?? {}
    const url = httpGet === undefined ? `tcp://${served}` : `http://${served}${httpGet.path}`
    return {
      name: container.name === workload ? workload : `${workload} (${container.name})`,
      limits: {
        memoryBytes: bytesOf(container.resources.limits.memory),
        cpuCores: coresOf(container.resources.limits.cpu),
      },
      command: [...(container.command ?? ['']), ...(container.args ?? [])].map(text),
      env,
      ...(container.readinessProbe === undefined ? {} : { readiness: { url, timeoutMs: 1000 * timeoutSeconds } }),
      graceMs: 1000 * (pod.terminationGracePeriodSeconds ?? 30),
      init:
        container === pod.containers[0]
          ? (pod.initContainers ?? []).map((one) => this.#localise(workload, pod, one))
          : [],
    }
  }

  /** Makes a folder of every mount; claims of one name are one folder. Returns the folders by path. */
  #mount(workload: string, pod: PodSpec, container: Container): Map<string, string> {
    const paths = new Map(Object.entries(this.#imagePaths))
    for (const { name, mountPath } of container.volumeMounts ?? [])
      paths.set(mountPath, join(this.#folder, this.#folderName(workload, pod, name)))
    for (const { name, mountPath } of container.volumeMounts ?? []) {
      const folder = paths.get(mountPath) ?? ''
      mkdirSync(folder, { recursive: true })
      const volume = pod.volumes?.find((one) => one.name === name)
      const files = this.#configMap(volume?.configMap?.name) ?? this.#secrets[volume?.secret?.secretName ?? '']
      for (const [file, content] of Object.entries(files ?? {}))
        writeFileSync(join(folder, file), this.#text(workload, paths, content))
    }
    return paths
  }

  #folderName(workload: string, pod: PodSpec, volume: string): string {
    const claim = pod.volumes?.find(({ name }) => name === volume)?.persistentVolumeClaim?.claimName
    return claim === undefined ? `${workload}-${volume}` : `claim-${claim}`
  }

  #configMap(name: string | undefined): Record<string, string> | undefined {
    return this.#manifests.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name)?.data
  }

  /** In one pass, so that nothing is replaced in a replacement. */
  #text(workload: string, paths: ReadonlyMap<string, string>, raw: string): string {
    const longestFirst = [...paths.keys()].sort((a, b) => b.length - a.length)
    const names = this.#manifests
      .filter(({ spec }) => spec?.template !== undefined)
      .map(({ metadata }) => metadata.name)
    const path = `(?<![\\w.-])(${longestFirst.join('|')})(?![\\w-])`
    const host = `(?<![\\w.-])(${names.join('|')}):(\\d{4})(?!\\d)`
    const own = `(?<=[/=@])(?:localhost)?:(\\d{4})(?!\\d)`
    return raw.replaceAll(new RegExp(`${path}|${host}|${own}`, 'g'), (_, mount, name, port, ownPort) =>
      mount === undefined ? this.address(name ?? workload, Number(port ?? ownPort)) : (paths.get(mount) ?? mount),
    )
  }
}

/** As Kubernetes writes amounts of memory. */
function bytesOf(text: string): number {
  const [, number, unit] = /^(\d+)(Ki|Mi|Gi)$/.exec(text) ?? []
  if (unit === undefined) throw new Error(`not an amount of memory that is written here: ${text}`)
  return Number(number) * 2 ** { Ki: 10, Mi: 20, Gi: 30 }[unit as 'Ki' | 'Mi' | 'Gi']
}

function coresOf(text: string): number {
  return text.endsWith('m') ? Number(text.slice(0, -1)) / 1000 : Number(text)
}
