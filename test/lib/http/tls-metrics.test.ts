import { expect, test } from 'vitest'
import { createTlsMetrics } from '../../../lib/http/tls-metrics.ts'

test('there is no end to show before there is a certificate; both results count from zero', async () => {
  let endsAt: number | undefined
  const { registry, reloads } = createTlsMetrics(() => endsAt)
  expect(await registry.metrics()).not.toMatch(/^dtms_tls_certificate_expiry_seconds /m)
  endsAt = 1_700_000_000
  reloads.inc({ result: 'ok' })
  const text = await registry.metrics()
  expect(text).toMatch(/^dtms_tls_certificate_expiry_seconds 1700000000$/m)
  expect(text).toMatch(/^dtms_tls_reloads_total{result="ok"} 1$/m)
  expect(text).toMatch(/^dtms_tls_reloads_total{result="failed"} 0$/m)
})
