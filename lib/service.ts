import type { LayerReport } from './layers.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { MetricsRegistry } from './metrics.ts'

/** One line of `/health/ready`: what was looked at, whether it is good, and a reason when it is not. */
export interface HealthCheck {
  ok: boolean
  detail?: string
}

/**
 * A part of DTMS that can run alone in a pod or beside the others in one process. It opens no port: `serveOps`
 * (lib/http) puts /metrics and the health routes of one service on its own port, the all-in-one merges them.
 */
export interface Service extends Lifecycle {
  readonly name: string
  readonly registry: MetricsRegistry
  /** `/healthz` on the service's own port says whether it is ready, as its predecessor's did; absent: whether it lives. */
  readonly healthzIsReadiness?: boolean
  /** What it says of its layers, asked at every scrape; absent: nothing. */
  layers?(): readonly LayerReport[]
  /** Asked at every `/health/ready`; cheap, never touches the volume. */
  checks(): Record<string, HealthCheck>
}
