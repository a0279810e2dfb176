import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { aFolder } from './builders.ts'
import { type Manifest, parseManifests, projectRoot, workloads } from './manifests.ts'

/** Data of one ConfigMap of openshift/. */
export function configMapData(path: string): Record<string, string> {
  const { data } = parse(readFileSync(join(projectRoot, 'openshift', path), 'utf8')) as { data: Record<string, string> }
  return data
}

export type Configured = 'prometheus' | 'alertmanager'

/** What the pod finds when its init container is through: its own shell script runs, over folders of this machine. */
export function startedConfig(
  app: Configured,
  source: Readonly<Record<string, string>>,
  namespace: string,
): Record<string, string> {
  const folder = aFolder()
  const write = (name: string, files: Readonly<Record<string, string>>): void => {
    mkdirSync(join(folder, name))
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, name, file), text)
  }
  write('source', source)
  write('tls-config', configMapData('components/tls/tls-config.yaml'))
  write('config', {})
  const [program = '', ...flags] = initContainer(app).command ?? []
  const script = (initContainer(app).args ?? []).join(' ')
  const moved = script.replaceAll(/(?<=[ "])\/(source|tls-config|config)\//g, `${folder}/$1/`)
  execFileSync(program, [...flags, moved], {
    env: { PATH: process.env.PATH ?? '', NAMESPACE: namespace },
    stdio: 'pipe',
  })
  const config = join(folder, 'config')
  return Object.fromEntries(readdirSync(config).map((file) => [file, readFileSync(join(config, file), 'utf8')]))
}

function initContainer(app: Configured): { command?: string[]; args?: string[] } {
  const path = join(projectRoot, 'openshift/components/tls', `${app}.yaml`)
  const found = workloads(parseManifests(readFileSync(path, 'utf8'), path))[0]?.pod.initContainers?.[0]
  if (found === undefined) throw new Error(`${path} has no init container`)
  return found
}

/** The Secret that the cluster makes for a Service; undefined when it is not asked to. */
export function servingSecret({ kind, metadata }: Manifest): string | undefined {
  return kind === 'Service' ? metadata.annotations?.['service.beta.openshift.io/serving-cert-secret-name'] : undefined
}
