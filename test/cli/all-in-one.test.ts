import { expect, onTestFinished, test } from 'vitest'
import { createAllInOne, planAllInOne } from '../../cli/all-in-one.ts'
import { silentLogger } from '../../lib/logger.ts'
import { aFolder, eventually } from '../support/builders.ts'
import { aMountedSecret, anAuthority } from '../support/certificates.ts'
import { runHere } from '../support/cli.ts'
import { ask } from '../support/http.ts'

test('all services answer at one address with one exposition, and stop twice without complaint', async () => {
  const env = { DTMS_DATA_DIR: aFolder(), DTMS_PORT: '0', DTMS_BACKFILL_HOURS: '0.5' }
  const app = createAllInOne(await planAllInOne(env), () => silentLogger)
  expect(app.waitingFor().length).toBeGreaterThan(0)
  await app.start()
  await eventually(() => app.waitingFor().length === 0)
  const text = await (await fetch(`${app.url}/metrics`)).text()
  const helps = [...text.matchAll(/^# HELP (\S+)/gm)].map(([, name]) => name)
  expect(new Set(helps).size).toBe(helps.length)
  for (const name of [
    'dtms_transfer_bytes_total',
    'dtms_anomaly_count',
    'dtms_data_fresh_ok',
    'process_start_time_seconds',
    'dtms_volume_calls_total',
    'dtms_layer_messages_total',
  ])
    expect(helps).toContain(name)
  // The stream begins when the others are ready.
  for (const layer of ['collection', 'storage', 'detection', 'processing']) {
    const counted = new RegExp(`^dtms_layer_messages_total{layer="${layer}",result="\\w+"} [1-9]`, 'm')
    await eventually(async () => counted.test(await (await fetch(`${app.url}/metrics`)).text()))
  }
  expect((await fetch(`${app.url}/health/started`)).status).toBe(200)
  await app.stop()
  await app.stop()
})

test('a log that is only shown has no exporters, and its present is its end', async () => {
  const data = aFolder()
  await runHere(['simulate', '--days', '0.1', '--out', data])
  const env = { DTMS_DATA_DIR: data, DTMS_PORT: '0', DTMS_SOURCE: 'none' }
  const plan = await planAllInOne(env)
  expect(plan.sites).toEqual([])
  const app = createAllInOne(plan, () => silentLogger)
  await app.start()
  await eventually(() => app.waitingFor().length === 0)
  const { items } = (await (await fetch(`${app.url}/v1/freshness`)).json()) as { items: { state: string }[] }
  expect(items.map(({ state }) => state)).toEqual(['fresh', 'fresh', 'fresh'])
  await app.stop()
})

test('with a certificate for the name of a Service the process still knows its own API', async () => {
  const secret = aMountedSecret(anAuthority().issue(['dtms-api.space.svc']))
  const tls = { DTMS_TLS_CERT_FILE: secret.certFile, DTMS_TLS_KEY_FILE: secret.keyFile }
  const env = { DTMS_DATA_DIR: aFolder(), DTMS_PORT: '0', DTMS_BACKFILL_HOURS: '0.1', POLL_INTERVAL_SECONDS: '0.1' }
  const app = createAllInOne(await planAllInOne({ ...env, ...tls }), () => silentLogger)
  onTestFinished(() => app.stop())
  await app.start()
  expect(app.url).toMatch(/^https:/)
  const metrics = async () => (await ask(`${app.url}/metrics`, { unchecked: true })).text
  await eventually(async () => /^dtms_api_up 1$/m.test(await metrics()))
})
