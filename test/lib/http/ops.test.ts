import { expect, onTestFinished, test } from 'vitest'
import { serveOps } from '../../../lib/http/ops.ts'
import { ServingCertificate } from '../../../lib/http/serving-certificate.ts'
import { silentLogger } from '../../../lib/logger.ts'
import { Metrics } from '../../../lib/metrics.ts'
import type { HealthCheck, Service } from '../../../lib/service.ts'
import { aMountedSecret, anAuthority } from '../../support/certificates.ts'
import { ask } from '../../support/http.ts'

function aService(checks: () => Record<string, HealthCheck>): Service {
  const metrics = new Metrics()
  metrics.counter({ name: 'dtms_test_things_total', help: 'Things' }).inc(3)
  return { name: 'thing', registry: metrics.registry, checks, start: async () => {}, stop: async () => {} }
}

async function opsOf(
  checks: () => Record<string, HealthCheck>,
  changes: Partial<Service> = {},
  started: () => boolean = () => true,
): Promise<string> {
  const process = new Metrics()
  process.gauge({ name: 'dtms_test_process', help: 'Process' }).set(1)
  const service = { ...aService(checks), ...changes }
  const where = { host: '127.0.0.1', port: 0, logger: silentLogger }
  const server = serveOps({ service, registries: [process.registry], started, ...where })
  await server.start()
  onTestFinished(() => server.stop())
  return server.url
}

test('metrics of the service and of the process come in one exposition', async () => {
  const answer = await ask(`${await opsOf(() => ({}))}/metrics`)
  expect(answer.status).toBe(200)
  expect(answer.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/)
  expect(answer.text).toContain('dtms_test_things_total 3')
  expect(answer.text).toContain('dtms_test_process 1')
})

test('liveness is good even when no check is', async () => {
  const url = await opsOf(() => ({ volume: { ok: false } }))
  for (const path of ['/health/live', '/healthz']) {
    const answer = await ask(url + path)
    expect([answer.status, answer.json]).toEqual([200, { status: 'ok' }])
  }
})

test('a service may say with /healthz whether it is ready; liveness stays what it is', async () => {
  const url = await opsOf(() => ({ bus: { ok: false } }), { healthzIsReadiness: true })
  const status = async (path: string) => (await ask(url + path)).status
  expect([await status('/healthz'), await status('/health/ready'), await status('/health/live')]).toEqual([
    503, 503, 200,
  ])
})

test('whether it has started is another question than whether it lives or is ready', async () => {
  let started = false
  const url = await opsOf(
    () => ({ bus: { ok: false } }),
    {},
    () => started,
  )
  const answer = async (path: string) => {
    const { status, json } = await ask(url + path)
    return [status, json]
  }
  expect(await answer('/health/started')).toEqual([503, { status: 'starting' }])
  expect(await answer('/health/live')).toEqual([200, { status: 'ok' }])
  started = true
  expect(await answer('/health/started')).toEqual([200, { status: 'started' }])
  expect((await answer('/health/ready'))[0]).toBe(503)
})

test('readiness names every check and is 503 when one fails', async () => {
  const url = await opsOf(() => ({ log: { ok: true }, volume: { ok: false, detail: 'stalled' } }))
  const answer = await ask(`${url}/health/ready`)
  expect(answer.status).toBe(503)
  expect(answer.json).toEqual({
    status: 'not_ready',
    checks: { 'thing.log': { ok: true }, 'thing.volume': { ok: false, detail: 'stalled' } },
  })
})

test('readiness is 200 when every check is good', async () => {
  const answer = await ask(`${await opsOf(() => ({ log: { ok: true } }))}/health/ready`)
  expect([answer.status, answer.json]).toEqual([200, { status: 'ready', checks: { 'thing.log': { ok: true } } }])
})

test('a check that throws counts as not good', async () => {
  const url = await opsOf(() => {
    throw new Error('broken')
  })
  const answer = await ask(`${url}/health/ready`)
  expect(answer.json).toEqual({
    status: 'not_ready',
    checks: { thing: { ok: false, detail: 'the check itself failed' } },
  })
})

test('another path is a 404 in JSON', async () => {
  const answer = await ask(`${await opsOf(() => ({}))}/v1/faults`)
  expect(answer.status).toBe(404)
  expect(answer.json).toMatchObject({ detail: 'Not Found' })
})

test('with a certificate all of it is https; metrics say when it ends, and readiness names one that has ended and stays', async () => {
  const authority = anAuthority()
  const certificate = new ServingCertificate({
    ...aMountedSecret(authority.issue(['127.0.0.1'], -1)),
    logger: silentLogger,
  })
  const where = { host: '127.0.0.1', port: 0, logger: silentLogger, certificate }
  const server = serveOps({ service: aService(() => ({})), registries: [], started: () => true, ...where })
  await server.start()
  onTestFinished(() => server.stop())
  // As the kubelet asks: without looking at the certificate.
  const get = async (path: string) => ask(`${server.url}${path}`, { unchecked: true })
  expect(server.url).toMatch(/^https:/)
  const { status, json } = await get('/health/ready')
  expect([status, json]).toEqual([
    200,
    { status: 'ready', checks: { 'tls.certificate': { ok: true, detail: expect.stringContaining('ended') } } },
  ])
  const { text } = await get('/metrics')
  const endsAt = Number(/^dtms_tls_certificate_expiry_seconds (\S+)$/m.exec(text)?.[1])
  expect(endsAt).toBeLessThan(Date.now() / 1000)
  expect(endsAt).toBeGreaterThan(Date.now() / 1000 - 2 * 86_400)
  expect(text).toContain('dtms_tls_reloads_total{result="failed"} 0')
})
