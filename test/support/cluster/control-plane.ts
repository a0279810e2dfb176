import { execFileSync } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '../builders.ts'
import { type ClusterParts, clusterParts } from '../cluster-parts.ts'
import { freePorts } from '../ports.ts'
import { type Daemon, startDaemon } from './daemon.ts'
import { KubeApi, type KubeObject } from './kube-api.ts'
import { runKubectl, type Spoken } from './kubectl.ts'
import { checkMounts } from './mounts.ts'
import { addNodes, PATIENCE, stages } from './nodes.ts'
import { addRules } from './rights.ts'
import { provisionVolumes, type VolumeProvisioner } from './volumes.ts'

/** A Kubernetes that really decides: API server, controllers and scheduler; only the nodes are simulated. */
export interface Cluster {
  readonly parts: ClusterParts
  /** May do everything. */
  readonly admin: KubeApi
  readonly volumes: VolumeProvisioner
  /** Throws what went wrong in the parts that the tests themselves play. */
  check(): void
  /** kubectl as the one who may do everything. */
  kubectl(args: readonly string[], input?: string): Promise<Spoken>
  /** Writes a kubeconfig for a user of the token file, with a namespace to start in; answers its path. */
  kubeconfig(user: 'admin' | 'dev', namespace: string): string
  /** The end of what one of its processes has printed. */
  log(name: string): string
  /** MiB resident, per process. */
  memory(): Map<string, number>
  stop(): Promise<void>
}

export async function startCluster(): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'dtms-cluster-'))
  const daemons: Daemon[] = []
  const stop = async (): Promise<void> => {
    for (const daemon of daemons.toReversed()) await daemon.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    return await launch(folder, daemons, stop)
  } catch (error) {
    // A half started cluster would outlive the tests.
    await stop()
    throw error
  }
}

async function launch(folder: string, daemons: Daemon[], stop: () => Promise<void>): Promise<Cluster> {
  const parts = clusterParts()
  if (parts === undefined) throw new Error('the parts of the control plane are not there')
  const start = (name: string, command: string, args: string[]): void => {
    daemons.push(startDaemon(name, command, args, join(folder, `${name}.log`)))
  }
  const [etcd = 0, peer = 0, api = 0, manager = 0, scheduler = 0] = await freePorts(5)
  const url = `https://127.0.0.1:${api}`
  const ca = join(folder, 'pki', 'apiserver.crt')
  const tokens = { admin: randomBytes(16).toString('hex'), dev: randomBytes(16).toString('hex') }
  writeKeys(folder, tokens)

  start('etcd', parts.etcd, etcdFlags(folder, etcd, peer))
  start('apiserver', parts.controlPlane, apiServerFlags(folder, api, etcd))
  const fails = () => daemons.filter((daemon) => !daemon.runs())
  const check = () => {
    for (const { name, lines } of fails()) throw new Error(`${name} has ended:\n${lines(20)}`)
  }
  await eventually(() => {
    check()
    return existsSync(ca) && readFileSync(ca, 'utf8').includes('END CERTIFICATE')
  }, 60_000)
  const admin = new KubeApi(url, tokens.admin, ca)
  await eventually(() => {
    check()
    return admin.ready()
  }, 60_000)

  const kubeconfig = (user: 'admin' | 'dev', namespace: string): string => {
    const file = join(folder, `${user}-${namespace}.kubeconfig`)
    writeFileSync(file, kubeconfigText(url, ca, user, tokens[user], namespace), { mode: 0o600 })
    return file
  }
  const own = kubeconfig('admin', 'default')
  const kubectl = (args: readonly string[], input?: string): Promise<Spoken> =>
    runKubectl(parts.kubectl, own, args, input)
  // Before the controllers start: the one of the quotas looks for new kinds only every half a minute.
  await addKinds(admin, kubectl, parts.crds)
  start('controller-manager', parts.controlPlane, ['controller-manager', ...managerFlags(folder, own, manager)])
  start('scheduler', parts.controlPlane, ['scheduler', ...clientFlags(own, scheduler)])
  writeFileSync(join(folder, 'stages.yaml'), stages())
  const kwok = ['--kubeconfig', own, '--manage-all-nodes=true', '--config', join(folder, 'stages.yaml')]
  start('kwok', parts.kwok, [...kwok, '--node-lease-duration-seconds=0'])

  await addRules(admin)
  await addNodes(admin)
  const volumes = await provisionVolumes(admin)
  const mounts = checkMounts(admin)
  await eventually(async () => {
    check()
    // The roles are put together by a controller; without it `edit` has no rights at all.
    const edit = await admin.get<{ metadata: { name: string }; rules?: unknown[] }>(EDIT)
    return (edit.rules ?? []).length > 10
  }, PATIENCE)

  return {
    parts,
    admin,
    volumes,
    check: () => {
      volumes.check()
      mounts.check()
    },
    kubectl,
    kubeconfig,
    log: (name) => daemons.find((daemon) => daemon.name === name)?.lines(30) ?? '',
    memory: () => new Map(daemons.map((daemon) => [daemon.name, residentMiB(daemon.pid)])),
    stop: async () => {
      volumes.stop()
      mounts.stop()
      admin.close()
      await stop()
    },
  }
}

const EDIT = '/apis/rbac.authorization.k8s.io/v1/clusterroles/edit'

function etcdFlags(folder: string, port: number, peer: number): string[] {
  const client = `http://127.0.0.1:${port}`
  const peers = `http://127.0.0.1:${peer}`
  return [
    '--unsafe-no-fsync',
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peers}`,
    `--initial-advertise-peer-urls=${peers}`,
    `--initial-cluster=default=${peers}`,
    '--log-level=warn',
  ]
}

function apiServerFlags(folder: string, port: number, etcd: number): string[] {
  return [
    'apiserver',
    `--etcd-servers=http://127.0.0.1:${etcd}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    `--cert-dir=${join(folder, 'pki')}`,
    '--authorization-mode=RBAC',
    `--token-auth-file=${join(folder, 'tokens.csv')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${join(folder, 'sa.pub')}`,
    `--service-account-signing-key-file=${join(folder, 'sa.key')}`,
    '--service-cluster-ip-range=10.96.0.0/24',
    '--endpoint-reconciler-type=none',
    // This etcd cannot tell how far a watch is, and clients that ask for a list by a watch would ask for ever.
    '--feature-gates=WatchList=false',
  ]
}

function managerFlags(folder: string, kubeconfig: string, port: number): string[] {
  return [
    ...clientFlags(kubeconfig, port),
    `--service-account-private-key-file=${join(folder, 'sa.key')}`,
    `--root-ca-file=${join(folder, 'pki', 'apiserver.crt')}`,
    // The simulated nodes send no beats, and have no addresses to give away.
    '--controllers=*,-node-lifecycle-controller,-node-ipam-controller,-node-route-controller,-cloud-node-lifecycle-controller',
    '--resource-quota-sync-period=10s',
  ]
}

function clientFlags(kubeconfig: string, port: number): string[] {
  const same = ['--kubeconfig', '--authentication-kubeconfig', '--authorization-kubeconfig']
  return [
    ...same.map((flag) => `${flag}=${kubeconfig}`),
    '--leader-elect=false',
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
  ]
}

function writeKeys(folder: string, tokens: Record<string, string>): void {
  mkdirSync(join(folder, 'pki'))
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  writeFileSync(join(folder, 'sa.pub'), publicKey.export({ type: 'spki', format: 'pem' }))
  writeFileSync(join(folder, 'sa.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  const lines = [`${tokens.admin},admin,1,system:masters`, `${tokens.dev},dev,2`]
  writeFileSync(join(folder, 'tokens.csv'), `${lines.join('\n')}\n`, { mode: 0o600 })
}

function kubeconfigText(url: string, ca: string, user: string, token: string, namespace: string): string {
  return `apiVersion: v1
kind: Config
clusters:
  - name: test
    cluster: {server: "${url}", certificate-authority: "${ca}"}
users:
  - name: ${user}
    user: {token: ${token}}
contexts:
  - name: test
    context: {cluster: test, user: ${user}, namespace: ${namespace}}
current-context: test
`
}

interface Definition extends KubeObject {
  status?: { conditions?: { type: string; status: string }[] }
}

/** Kinds of OpenShift and of the operators, and what stands for the two that OpenShift serves without definitions. */
async function addKinds(admin: KubeApi, kubectl: Cluster['kubectl'], crds: string): Promise<void> {
  const own = new URL('../../cluster/fixtures/aggregated-kinds.yaml', import.meta.url).pathname
  const said = await kubectl(['apply', '--server-side', '-f', crds, '-f', own])
  if (said.code !== 0) throw new Error(`the definitions were refused: ${said.stderr}`)
  await eventually(async () => {
    const kinds = await admin.list<Definition>('/apis/apiextensions.k8s.io/v1/customresourcedefinitions')
    return kinds.every(({ status }) =>
      status?.conditions?.some((condition) => condition.type === 'Established' && condition.status === 'True'),
    )
  }, PATIENCE)
}

function residentMiB(pid: number): number {
  const kiB = execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })
  return Math.round(Number(kiB) / 1024)
}
