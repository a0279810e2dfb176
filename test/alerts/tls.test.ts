import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { serveOps } from '../../lib/http/ops.ts'
import { ServingCertificate } from '../../lib/http/serving-certificate.ts'
import { silentLogger } from '../../lib/logger.ts'
import { Metrics } from '../../lib/metrics.ts'
import { startAlertmanager } from '../support/alertmanager.ts'
import { aFolder, eventually } from '../support/builders.ts'
import { type Authority, aMountedSecret, anAuthority, type MountedSecret, toFiles } from '../support/certificates.ts'
import { aConnectProxy } from '../support/connect-proxy.ts'
import { aSecureReceiver } from '../support/http-servers.ts'
import { startPrometheus } from '../support/prometheus.ts'
import { noAlertmanager, prometheusParts } from '../support/prometheus-parts.ts'
import { configMapData, startedConfig } from '../support/tls-component.ts'

interface Job {
  job_name: string
  scheme?: string
  tls_config?: { ca_file: string }
  static_configs: { targets: string[]; labels: { service: string } }[]
}

/** The port of a service, with a certificate as the cluster makes it for the Service in front. */
async function aServed(name: string, authority: Authority): Promise<{ port: number; secret: MountedSecret }> {
  const secret = aMountedSecret(authority.issue([`${name}.space.svc`]))
  const certificate = new ServingCertificate({ ...secret, logger: silentLogger, pollMs: 20 })
  const { registry } = new Metrics()
  const service = { name, registry, checks: () => ({}), start: async () => {}, stop: async () => {} }
  const where = { host: '127.0.0.1', port: 0, logger: silentLogger, certificate }
  const server = serveOps({ service, registries: [], started: () => true, ...where })
  await server.start()
  onTestFinished(() => server.stop())
  return { port: server.port, secret }
}

test.each(prometheusParts())(
  'Prometheus $version scrapes every service over TLS with the configuration of the component, over a change of the authority too',
  async (parts) => {
    const source = configMapData('config/prometheus-config.yaml')
    const config = parse(startedConfig('prometheus', source, 'space')['prometheus.yml'] ?? '') as {
      scrape_configs: Job[]
    }
    const jobs = config.scrape_configs.filter(({ scheme }) => scheme === 'https')
    const targets = jobs.flatMap((job) => job.static_configs.flatMap((group) => group.targets))
    expect(targets).toHaveLength(8)

    const [first, next] = [anAuthority('first'), anAuthority('next')]
    const bundle = join(aFolder(), 'service-ca.crt')
    writeFileSync(bundle, first.cert)
    const served = new Map<string, Awaited<ReturnType<typeof aServed>>>()
    for (const target of targets) served.set(target, await aServed(target.replace(/:.*/, ''), first))
    const inCluster = (target: string): string => target.replace(':', '.space.svc:')
    const proxy = await aConnectProxy(new Map([...served].map(([target, { port }]) => [inCluster(target), port])))
    const scrape_configs = jobs.map((job) => ({ ...job, tls_config: { ca_file: bundle }, proxy_url: proxy.url }))
    const global = { scrape_interval: '1s', scrape_timeout: '1s' }
    const prometheus = await startPrometheus({ parts, config: { global, scrape_configs } })
    onTestFinished(prometheus.stop)

    const up = async () => (await prometheus.query('up == 1')).map(({ metric }) => metric.instance ?? '').sort()
    await eventually(async () => (await up()).length === targets.length)
    expect(await up()).toEqual([...targets].sort())
    expect(new Set(proxy.asked)).toEqual(new Set(targets.map(inCluster)))

    // The cluster adds its next authority to the bundle before it makes certificates with it.
    writeFileSync(bundle, `${first.cert}${next.cert}`)
    for (const [target, { secret }] of served) {
      secret.replace(toFiles(next.issue([`${target.replace(/:.*/, '')}.space.svc`], 100)))
    }
    const renewed = 'dtms_tls_reloads_total{result="ok"} == 1'
    await eventually(async () => (await prometheus.query(renewed)).length === targets.length)
    writeFileSync(bundle, next.cert)
    const later = Date.now() / 1000
    await eventually(async () => ((await prometheus.query('min(timestamp(up == 1))'))[0]?.value ?? 0) > later)
    expect(await up()).toEqual([...targets].sort())
    expect(await prometheus.query('dtms_tls_certificate_expiry_seconds - time() < 99 * 86400')).toEqual([])
  },
)

test.skipIf(noAlertmanager() !== undefined)(
  'Alertmanager calls the API over TLS, by the name in its certificate',
  async () => {
    const authority = anAuthority()
    const api = await aSecureReceiver(authority.issue(['dtms-api.space.svc']))
    const proxy = await aConnectProxy(new Map([['dtms-api.space.svc:8003', Number(new URL(api.url).port)]]))
    const folder = aFolder()
    writeFileSync(join(folder, 'service-ca.crt'), authority.cert)
    writeFileSync(join(folder, 'api-key'), 'key')
    const source = configMapData('config/alertmanager-config.yaml')
    const started = startedConfig('alertmanager', source, 'space')
    const config = (started['alertmanager.yml'] ?? '')
      .replace(
        '/etc/alertmanager/service-ca/service-ca.crt }',
        `${join(folder, 'service-ca.crt')} }\n          proxy_url: ${proxy.url}`,
      )
      .replace('/etc/alertmanager/secrets/api-key', join(folder, 'api-key'))
      .replaceAll(/group_wait: \S+/g, 'group_wait: 1s')
    const alertmanager = await startAlertmanager({ config, files: { 'dtms.tmpl': started['dtms.tmpl'] ?? '' } })
    onTestFinished(alertmanager.stop)
    await alertmanager.post([{ labels: { alertname: 'Trouble', severity: 'critical', layer: 'api' } }])
    await eventually(() => api.paths.includes('/v1/alerts'))
  },
)
