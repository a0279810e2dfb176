import { Metrics } from '../metrics.ts'

/** Of a process that serves HTTPS; `endsAt` is asked at each scrape, Unix seconds. */
export function createTlsMetrics(endsAt: () => number | undefined) {
  const metrics = new Metrics()
  metrics.gauge(
    {
      name: 'dtms_tls_certificate_expiry_seconds',
      help: 'When the certificate in use ends, Unix seconds; absent without DTMS_TLS_CERT_FILE',
    },
    (gauge) => {
      const seconds = endsAt()
      gauge.remove()
      if (seconds !== undefined) gauge.set(seconds)
    },
  )
  const reloads = metrics.counter({
    name: 'dtms_tls_reloads_total',
    help: 'Certificates found changed while running: taken into use (ok), or looked at and not usable, the old one stays (failed)',
    labels: ['result'],
  })
  for (const result of ['ok', 'failed']) reloads.inc({ result }, 0)
  return { registry: metrics.registry, reloads }
}
