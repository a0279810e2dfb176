import { expect, test } from 'vitest'
import { aFolder } from '../support/builders.ts'
import { runHere } from '../support/cli.ts'
import { startUp, untilReady } from '../support/dtms.ts'

test('--check-config checks every service and makes nothing', async () => {
  const data = `${aFolder()}/data`
  expect(await runHere(['up', '--check-config', '--data', data])).toMatchObject({
    code: 0,
    out: ['the settings are good'],
  })
  const bad = await runHere(['up', '--check-config', '--port', 'x', '--speed', '0'], {
    FRESHNESS_THRESHOLD_SECONDS: 'y',
  })
  expect(bad.code).toBe(2)
  for (const name of ['DTMS_PORT', 'DTMS_SPEED', 'FRESHNESS_THRESHOLD_SECONDS']) expect(bad.err[0]).toContain(name)
})

test('the banner says where everything is and how to break something; a configured key is not printed', async () => {
  const key = 'a-key-of-the-operator-123'
  const app = await startUp(['--data', aFolder(), '--backfill-hours', '0.2'], { DTMS_API_KEY: key })
  await untilReady(app.url)
  const text = app.output()
  for (const part of ['page', 'metrics', 'data', 'key', '/v1/faults', 'Ctrl-C']) expect(text).toContain(part)
  expect(text).not.toContain(key)
  expect(await app.end('SIGTERM')).toBe(0)
})
