import { describe, expect, onTestFinished, test } from 'vitest'
import { createApi } from '../../api/app.ts'
import { apiConfig } from '../../api/config.ts'
import { loadConfig } from '../../lib/config.ts'
import { silentLogger } from '../../lib/logger.ts'
import { Metrics } from '../../lib/metrics.ts'
import type { Service } from '../../lib/service.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import type { Volume } from '../../lib/volume/volume.ts'
import { aHistory, aSharedClock, startApi, writeTransfers } from '../support/api.ts'
import { aFolder, eventually } from '../support/builders.ts'
import { ask } from '../support/http.ts'

function anApp(volume: Volume, env: Record<string, string> = {}) {
  const config = loadConfig(apiConfig, { DTMS_PORT: '0', DTMS_LOG_POLL_MS: '5', ...env })
  const api = createApi({ config, volume, clock: aSharedClock(), logger: silentLogger })
  onTestFinished(() => api.stop())
  return api
}

describe('the API as a service', () => {
  test('opens nothing when it is made', () => {
    const refuses = new Proxy(createInlineVolume({ root: aFolder() }), {
      get: (target, name) => {
        if (name !== 'healthy') throw new Error('the volume was touched')
        return target.healthy
      },
    })
    const api = anApp(refuses)
    expect(api.checks()).toMatchObject({ log: { ok: false }, changes: { ok: false } })
  })

  test('refuses to listen beyond loopback without a key, before anything is opened', async () => {
    const volume = createInlineVolume({ root: aFolder() })
    await expect(anApp(volume, { DTMS_HOST: '0.0.0.0' }).start()).rejects.toMatchObject({ code: 'http.unkeyed' })
    expect(await volume.list('control')).toBeUndefined()
  })

  test('without a key reads and refuses every change', async () => {
    const api = anApp(createInlineVolume({ root: aFolder() }))
    await api.start()
    expect((await ask(`${api.url}/sites`)).status).toBe(200)
    const authorization = 'Bearer undefined'
    expect((await ask(`${api.url}/v1/faults/f-1`, { method: 'DELETE', headers: { authorization } })).status).toBe(401)
  })

  test('says which port is taken and has touched nothing', async () => {
    const { api: first } = await startApi()
    const volume = createInlineVolume({ root: aFolder() })
    const second = anApp(volume, { DTMS_PORT: new URL(first.url).port })
    await expect(second.start()).rejects.toMatchObject({ code: 'http.port_taken' })
    expect(await volume.list('control')).toBeUndefined()
  })

  test('leaves the volume to the one that writes already', async () => {
    const { volume } = await startApi()
    const second = anApp(volume)
    await expect(second.start()).rejects.toMatchObject({ code: 'log.writer_busy' })
    await second.stop()
  })

  test('stops twice, in the middle of its start, and without having been started', async () => {
    const volume = createInlineVolume({ root: aFolder() })
    const idle = anApp(volume)
    await idle.stop()
    const { api } = await startApi({ volume })
    await Promise.all([api.stop(), api.stop()])
    const again = await startApi({ volume, wait: false })
    await again.api.stop()
    await expect(ask(`${again.url}/health/live`)).rejects.toThrow()
  })

  test('merges metrics and readiness of services that were wired after it', async () => {
    const services: Service[] = []
    const wide = new Metrics()
    wide.gauge({ name: 'dtms_test_process', help: 'Process' }).set(1)
    let started = false
    const { get } = await startApi({ services, registries: [wide.registry], othersStarted: () => started })
    expect((await get('/health/started')).status).toBe(503)
    started = true
    expect((await get('/health/started')).status).toBe(200)
    const metrics = new Metrics()
    metrics.gauge({ name: 'dtms_test_late', help: 'Late' }).set(7)
    let ok = false
    const life = { start: async () => {}, stop: async () => {} }
    services.push({ name: 'late', registry: metrics.registry, checks: () => ({ past: { ok } }), ...life })
    expect((await get('/health/ready')).status).toBe(503)
    ok = true
    expect((await get('/health/ready')).json).toMatchObject({ status: 'ready', checks: { 'late.past': { ok: true } } })
    const { text } = await get('/metrics')
    expect(text).toContain('dtms_test_late 7')
    expect(text).toContain('dtms_test_process 1')
  })

  test('observes requests by route, never by path', async () => {
    const { get } = await startApi()
    await get('/v1/faults/f-4711')
    await get('/nowhere/4711')
    await eventually(async () => (await get('/metrics')).text.includes('route="GET /v1/faults/{id}",status="4xx"'))
    const { text } = await get('/metrics')
    expect(text).toContain('route="unmatched",status="4xx"')
    expect(text).not.toContain('4711')
  })

  test('stays alive and says so while the volume does not answer, and comes back', async () => {
    const inner = createInlineVolume({ root: aFolder() })
    await writeTransfers(inner, aHistory(3))
    let broken = false
    const volume = new Proxy(inner, {
      get: (target, name) => {
        const value = Reflect.get(target, name, target)
        if (typeof value !== 'function') return value
        return async (...input: unknown[]) => {
          if (broken) throw new Error('the volume is away')
          return Reflect.apply(value, target, input)
        }
      },
    })
    const { get } = await startApi({ volume })
    broken = true
    await eventually(async () => (await get('/health/ready')).status === 503)
    expect((await get('/health/live')).status).toBe(200)
    expect((await get('/v1/transfers?limit=1')).status).toBe(200)
    expect((await get('/v1/freshness')).json).toMatchObject({ items: [{ state: 'unknown', ageSeconds: null }, {}, {}] })
    broken = false
    await eventually(async () => (await get('/health/ready')).status === 200)
    expect((await get('/v1/freshness')).json).toMatchObject({ items: [{ state: 'fresh' }, {}, {}] })
  })
})
