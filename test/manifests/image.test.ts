import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { imageBase, layNode, noImageParts } from '../support/image-parts.ts'
import { type Container, plainManifests, projectRoot, workloads } from '../support/manifests.ts'

/** As OpenShift picks it: a high number of the namespace, in group 0. */
const USER = '1000690000:0'

// Everything in chroot mode and with plain folders: neither a daemon nor user namespaces are needed.
const env = { ...process.env, STORAGE_DRIVER: 'vfs', BUILDAH_ISOLATION: 'chroot' }

const containers = workloads(plainManifests()).flatMap(({ name, pod }) =>
  pod.containers
    .filter(({ image }) => image.startsWith('dtms:'))
    .map((container): [string, Container] => [name, container]),
)

describe.skipIf(noImageParts() !== undefined)('the image', () => {
  let work = ''
  let container = ''
  const buildah = (...args: string[]): string =>
    execFileSync('buildah', ['--root', join(work, 'root'), '--runroot', join(work, 'run'), ...args], {
      ...{ env, encoding: 'utf8', cwd: projectRoot, maxBuffer: 64 * 1024 * 1024 },
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim()
  const run = (args: readonly string[], options: readonly string[] = []) =>
    spawnSync(
      'buildah',
      [
        '--root',
        join(work, 'root'),
        '--runroot',
        join(work, 'run'),
        'run',
        '--user',
        USER,
        ...options,
        container,
        '--',
        ...args,
      ],
      { env, encoding: 'utf8', timeout: 120_000, killSignal: 'SIGTERM' },
    )

  beforeAll(() => {
    work = mkdtempSync(join(tmpdir(), 'dtms-image-'))
    const node = join(work, 'node')
    layNode(node)
    const base = buildah('from', 'scratch')
    buildah('add', base, imageBase() ?? '', '/')
    buildah('copy', base, node, '/')
    if (process.env.NODE_EXTRA_CA_CERTS !== undefined) {
      buildah('config', '--env', 'NODE_EXTRA_CA_CERTS=/etc/extra-ca.pem', base)
    }
    buildah('commit', '--rm', base, 'localhost/base')
    buildah('bud', '--build-arg', 'BASE=localhost/base', '-t', 'localhost/dtms', '.')
    container = buildah('from', 'localhost/dtms')
  })
  afterAll(() => rmSync(work, { recursive: true, force: true }))

  test('it is built from the Containerfile, runs as no root, and starts node itself', () => {
    const { OCIv1 } = JSON.parse(buildah('inspect', '--type', 'image', 'localhost/dtms')) as {
      OCIv1: { config: { User: string; Cmd: string[]; Entrypoint?: string[] } }
    }
    expect(OCIv1.config).toMatchObject({ User: '1001', Cmd: ['node', 'dist/cli/main.js', 'up'] })
    expect(OCIv1.config.Entrypoint ?? []).toEqual([])
  })

  test('it holds what runs and nothing that only builds or tests', () => {
    const { stdout } = run(['sh', '-c', 'ls -d node_modules/* node_modules/@*/* dist/*; ls'])
    const names = stdout.split('\n')
    expect(names).toEqual(expect.arrayContaining(['node_modules/prom-client', 'dist/cli', 'dist/assets', 'openshift']))
    for (const name of [
      'node_modules/typescript',
      'node_modules/vitest',
      'node_modules/@biomejs/biome',
      'dist/test',
      'test',
    ]) {
      expect(names).not.toContain(name)
    }
  })

  test('an arbitrary user can write to the mount and to temporary folders, nowhere else', () => {
    const { stdout } = run([
      'sh',
      '-c',
      'find / -xdev -writable -not -type l -not -path "/proc/*" -not -path "/sys/*" -not -path "/dev/*" 2>/dev/null',
    ])
    expect(stdout.trim().split('\n').sort()).toEqual(['/app/data', '/run/lock', '/tmp', '/var/tmp'])
  })

  test.each(containers)(
    '%s starts from it as an arbitrary user: its settings are good',
    (_, { command = [], env: own = [] }) => {
      const settings = own.flatMap(({ name, value }) => ['--env', `${name}=${value ?? ''}`])
      const data = plainManifests(['config']).find(({ metadata }) => metadata.name === 'dtms-settings')?.data
      const shared = Object.entries(data as Record<string, string>).flatMap(([name, value]) => [
        '--env',
        `${name}=${value}`,
      ])
      const key = ['--env', 'DTMS_API_KEY_FILE=', '--env', 'DTMS_API_KEY=a-key-of-the-test']
      const once = command.filter((arg) => arg !== '--once')
      const { status, stdout, stderr } = run([...once, '--check-config'], [...settings, ...shared, ...key])
      expect(stderr + stdout).toContain('are good')
      expect(status).toBe(0)
    },
  )

  test('every service runs from it as an arbitrary user, on one volume, and ends well when it is told to', () => {
    const data = join(work, 'shared')
    mkdirSync(data)
    // As a volume comes: of a group that the user is in.
    chmodSync(data, 0o2770)
    // The network is this machine's: any free port, and no broker.
    const settings = ['DTMS_PORT=0', 'DTMS_HOST=127.0.0.1', 'DTMS_KAFKA_BROKERS=127.0.0.1:9']
    const lasting = containers.filter(([, { command = [] }]) => !command.includes('--once'))
    const lines = lasting.map(([name, { command = [], env: own = [] }]) => {
      const site = own.find((variable) => variable.name === 'SITE_NAME')?.value
      const limited = ['timeout', '--preserve-status', '--signal=TERM', '30', ...command].join(' ')
      return `(${site === undefined ? '' : `SITE_NAME=${site} `}${limited} > /tmp/${name}.log 2>&1; echo $? > /tmp/${name}.status) &`
    })
    // All in one run: what buildah tidies up after one would end the others.
    const environment = settings.flatMap((setting) => ['--env', setting])
    const mount = ['--volume', `${data}:/app/data`]
    run(['sh', '-c', `${lines.join('\n')}\nwait`], [...environment, ...mount])
    for (const [name] of lasting) {
      const log = run(['cat', `/tmp/${name}.log`]).stdout
      expect(log, name).toMatch(/"message":"started"|the API answers/)
      expect(log, name).not.toMatch(/EACCES|EROFS|EPERM/)
      expect(run(['cat', `/tmp/${name}.status`]).stdout.trim(), log.slice(-500)).toBe('0')
    }
    const verified = run(['node', 'dist/cli/main.js', 'log', 'verify', '--json'], mount)
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, sites: [{}, {}, {}] })
    const once = containers.find(([, { command = [] }]) => command.includes('--once'))?.[1].command ?? []
    const correlated = run([...once, '--json'], mount)
    expect(correlated.status, correlated.stderr).toBe(0)
  })

  test('a folder that cannot be written to is named, with what to do', () => {
    const data = join(work, 'forbidden')
    mkdirSync(data, { mode: 0o755 })
    const command = ['node', 'dist/cli/main.js', 'run', 'exporter']
    const { status, stdout, stderr } = run(command, ['--volume', `${data}:/app/data`, '--env', 'SITE_NAME=SITE_A'])
    expect(stdout + stderr).toMatch(/\/app\/data/)
    expect(stdout + stderr).toMatch(/hint|group|write/i)
    expect(status).not.toBe(0)
  })
})
