import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { createProcess } from '../../cli/run.ts'
import { services } from '../../cli/services.ts'
import { silentLogger } from '../../lib/logger.ts'
import { aFolder, eventually } from '../support/builders.ts'
import { aMountedSecret, anAuthority } from '../support/certificates.ts'
import { runHere } from '../support/cli.ts'
import { dtms } from '../support/dtms.ts'
import { ask } from '../support/http.ts'

test.each([...services.keys()])('run %s --check-config says that good settings are good', async (name) => {
  const { code, out } = await runHere(['run', name, '--check-config'], { SITE_NAME: 'SITE_A' })
  expect([code, out.join('\n')]).toEqual([0, `the settings of ${name} are good`])
})

test('every wrong setting is named at once, with exit code 2', async () => {
  const env = { SITE_NAME: 'site a', DTMS_PORT: 'x', DTMS_SEED: '-1' }
  const { code, err } = await runHere(['run', 'exporter', '--check-config'], env)
  expect(code).toBe(2)
  for (const name of Object.keys(env)) expect(err.join('\n')).toContain(name)
})

test.each(['exporter', 'anomaly', 'freshness', 'correlation', 'api'])(
  'the service %s runs alone with a port of its own, and stops',
  async (name) => {
    const entry = await services.get(name)?.open()
    const env = {
      SITE_NAME: 'SITE_A',
      DTMS_PORT: '0',
      DTMS_DATA_DIR: aFolder(),
      DTMS_BACKFILL_HOURS: '0.1',
      API_BASE_URL: 'http://127.0.0.1:9',
    }
    const process = entry && createProcess(entry, entry.load(env), silentLogger)
    await process?.start()
    const url = process?.url ?? ''
    expect((await fetch(`${url}/health/live`)).status).toBe(200)
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    await eventually(async () => (await fetch(`${url}/health/ready`)).status === 200)
    const metrics = await (await fetch(`${url}/metrics`)).text()
    expect(metrics).toContain('dtms_build_info')
    await process?.stop()
    await process?.stop()
    await expect(fetch(`${url}/healthz`)).rejects.toThrow()
  },
)

test('a service that must not listen beyond loopback without a key says so and ends with 2', async () => {
  const env = { DTMS_HOST: '0.0.0.0', DTMS_PORT: '0', DTMS_DATA_DIR: aFolder() }
  const { code, out, err } = await dtms(['run', 'api'], env)
  expect([code, out + err]).toEqual([2, expect.stringContaining('DTMS_API_KEY')])
})

/** Every file that is loaded with these, without what is loaded only when it is asked for. */
function loadedWith(files: readonly string[]): string[] {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const found = new Set<string>()
  const visit = (file: string): void => {
    if (found.has(file)) return
    found.add(file)
    const text = readFileSync(join(root, file), 'utf8')
    for (const [, clause = '', path = ''] of text.matchAll(/^import ([^;]*?)from '(\.[^']+)'/gm))
      if (!clause.startsWith('type ')) visit(join(dirname(file), path))
  }
  for (const file of files) visit(file)
  return [...found]
}

test('before a service is chosen no code of any service, and of no other subcommand, is loaded', () => {
  const folders = new Set(loadedWith(['cli/main.ts', 'cli/context.ts', 'cli/program.ts', 'cli/run.ts']).map(dirname))
  expect([...folders].filter((folder) => !folder.startsWith('lib'))).toEqual(['cli'])
  expect(loadedWith(['cli/program.ts', 'cli/run.ts'])).not.toContain('cli/up.ts')
  expect(loadedWith(['cli/up.ts'])).toContain('streaming/app.ts')
})

test.each([...services.keys()])('%s does not start without a setting that its deployment counts on', async (name) => {
  const env = { SITE_NAME: 'SITE_A', DTMS_DATA_DIR: aFolder(), DTMS_REQUIRED_SETTINGS: 'DTMS_DATA_DIR,DTMS_SPEED' }
  const { code, err } = await runHere(['run', name], env)
  expect([code, err.join('\n')]).toEqual([2, expect.stringContaining('key DTMS_SPEED of ConfigMap dtms-settings')])
  expect(err.join('\n')).not.toContain('DTMS_DATA_DIR')
})

test('half of a certificate is a wrong setting', async () => {
  const { code, err } = await runHere(['run', 'anomaly', '--check-config'], {
    DTMS_TLS_CERT_FILE: '/etc/dtms/tls/tls.crt',
  })
  expect([code, err.join('\n')]).toEqual([2, expect.stringContaining('DTMS_TLS_CERT_FILE: needs DTMS_TLS_KEY_FILE')])
})

test('API and freshness speak TLS: the probe believes the authorities of DTMS_TLS_CA_FILE', async () => {
  const authority = anAuthority()
  const caFile = join(aFolder(), 'service-ca.crt')
  writeFileSync(caFile, authority.cert)
  const secret = aMountedSecret(authority.issue(['127.0.0.1']))
  const tls = { DTMS_TLS_CERT_FILE: secret.certFile, DTMS_TLS_KEY_FILE: secret.keyFile, DTMS_PORT: '0' }
  const run = async (name: string, env: Record<string, string>): Promise<string> => {
    const entry = await services.get(name)?.open()
    const process =
      entry && createProcess(entry, entry.load({ ...tls, DTMS_DATA_DIR: aFolder(), ...env }), silentLogger)
    onTestFinished(() => process?.stop())
    await process?.start()
    return process?.url ?? ''
  }
  const api = await run('api', {})
  const freshness = await run('freshness', {
    API_BASE_URL: api,
    DTMS_TLS_CA_FILE: caFile,
    POLL_INTERVAL_SECONDS: '0.05',
  })
  for (const url of [api, freshness]) expect(url).toMatch(/^https:/)
  const metrics = async (url: string) => (await ask(`${url}/metrics`, { ca: authority.cert })).text
  await eventually(async () => /^dtms_api_up 1$/m.test(await metrics(freshness)))
  for (const url of [api, freshness]) expect(await metrics(url)).toMatch(/^dtms_tls_certificate_expiry_seconds \d/m)
})

test('a service whose certificate is not there says which file and secret, and ends with 2', async () => {
  const files = { DTMS_TLS_CERT_FILE: '/none/tls.crt', DTMS_TLS_KEY_FILE: '/none/tls.key' }
  const { code, out, err } = await dtms(['run', 'freshness'], { ...files, DTMS_PORT: '0', DTMS_DATA_DIR: aFolder() })
  expect(code).toBe(2)
  for (const words of ['/none/tls.crt cannot be read (ENOENT)', 'serving-cert-secret-name']) {
    expect(out + err).toContain(words)
  }
})
