import { z } from 'zod'
import type { Lifecycle } from '../lifecycle.ts'
import type { Logger } from '../logger.ts'
import { EXPOSITION_CONTENT_TYPE, exposition, type MetricsRegistry } from '../metrics.ts'
import type { HealthCheck, Service } from '../service.ts'
import { createKeyCheck } from './auth.ts'
import { defineRoute, mountRoutes, type Route } from './route.ts'
import { createHttpServer, type HttpServer } from './server.ts'
import type { ServingCertificate } from './serving-certificate.ts'

export interface OpsSources {
  /** Their checks decide about readiness, their registries are merged into /metrics. */
  services: readonly Service[]
  /** Registries that belong to no service: process metrics. */
  registries?: readonly MetricsRegistry[]
  /** What the port is served with; undefined: plain HTTP. */
  certificate?: ServingCertificate | undefined
  /** Everything that begins with this process has begun; it may not be ready yet. */
  started: boolean
}

const checkSchema = z.object({ ok: z.boolean(), detail: z.string().optional() }).meta({ id: 'HealthCheck' })
const liveSchema = z.object({ status: z.literal('ok') }).meta({ id: 'Live' })
const startedSchema = z.object({ status: z.enum(['started', 'starting']) }).meta({ id: 'Started' })
const readySchema = z
  .object({ status: z.enum(['ready', 'not_ready']), checks: z.record(z.string(), checkSchema) })
  .meta({ id: 'Ready' })

/**
 * /metrics and the health routes; `healthz` says what `/healthz` is the same as. Sources are asked for at every request:
 * an all-in-one wires its services one after the other. Liveness looks at nothing: it is 200 as long as the event loop
 * turns. `started` is for probes that wait with liveness until a service has taken over its folders: never again 503.
 */
export function opsRoutes(sources: () => OpsSources, healthz: 'live' | 'ready' = 'live'): Route[] {
  const tags = ['operations']
  const live = (path: string, operationId: string, summary: string): Route =>
    defineRoute({
      method: 'get',
      path,
      operationId,
      summary,
      tags,
      responses: { 200: { description: 'The process runs', schema: liveSchema, example: { status: 'ok' } } },
      handle: () => ({ body: { status: 'ok' }, headers: { 'Cache-Control': 'no-store' } }),
    })
  const ready = (path: string, operationId: string, summary: string): Route =>
    defineRoute({
      method: 'get',
      path,
      operationId,
      summary,
      tags,
      responses: {
        200: { description: 'Every check is good', schema: readySchema },
        503: { description: 'At least one check is not good', schema: readySchema },
      },
      handle: () => {
        const { services, certificate } = sources()
        const { ready, checks } = readiness(services)
        const tls = certificate === undefined ? {} : { 'tls.certificate': certificate.check() }
        return {
          status: ready ? 200 : 503,
          body: { status: ready ? 'ready' : 'not_ready', checks: { ...checks, ...tls } },
          headers: { 'Cache-Control': 'no-store' },
        }
      },
    })
  return [
    live('/health/live', 'getLiveness', 'Whether the process runs'),
    healthz === 'live'
      ? live('/healthz', 'getHealthz', 'The same as /health/live')
      : ready('/healthz', 'getHealthz', 'The same as /health/ready'),
    defineRoute({
      method: 'get',
      path: '/health/started',
      operationId: 'getStarted',
      summary: 'Whether the process has finished starting',
      tags,
      responses: {
        200: { description: 'It has', schema: startedSchema, example: { status: 'started' } },
        503: { description: 'Not yet: a lease is waited for, or a saved state is read', schema: startedSchema },
      },
      handle: () => {
        const { started } = sources()
        return {
          status: started ? 200 : 503,
          body: { status: started ? 'started' : 'starting' },
          headers: { 'Cache-Control': 'no-store' },
        }
      },
    }),
    ready('/health/ready', 'getReadiness', 'Whether every part is ready, and which is not'),
    defineRoute({
      method: 'get',
      path: '/metrics',
      operationId: 'getMetrics',
      summary: 'Metrics in the Prometheus text format',
      tags,
      responses: {
        200: { description: 'Every metric of this process', contentType: 'text/plain', schema: z.string() },
      },
      handle: async ({ response }) => {
        const { services, registries = [], certificate } = sources()
        const own = certificate === undefined ? [] : [certificate.registry]
        const text = await exposition([
          ...new Set([...services.map(({ registry }) => registry), ...registries, ...own]),
        ])
        response.set({ 'Content-Type': EXPOSITION_CONTENT_TYPE, 'Cache-Control': 'no-store' }).end(text)
        return undefined
      },
    }),
  ]
}

/** Checks of all services, named `<service>.<check>`; a check that throws is not good. */
export function readiness(services: readonly Service[]): { ready: boolean; checks: Record<string, HealthCheck> } {
  const checks = new Map<string, HealthCheck>()
  for (const service of services) {
    try {
      for (const [name, check] of Object.entries(service.checks())) checks.set(`${service.name}.${name}`, check)
    } catch {
      checks.set(service.name, { ok: false, detail: 'the check itself failed' })
    }
  }
  const ready = [...checks.values()].every((check) => check.ok)
  return { ready, checks: Object.fromEntries(checks) }
}

export interface OpsServerOptions {
  service: Service
  /** Beside the service's own: usually the process metrics. */
  registries: readonly MetricsRegistry[]
  started: () => boolean
  host: string
  port: number
  logger: Logger
  certificate?: ServingCertificate | undefined
}

/** A service's own port when it runs alone: /metrics, /health/live, /healthz, /health/started, /health/ready and nothing that changes state. */
export function serveOps(options: OpsServerOptions): HttpServer & Lifecycle {
  const { service, registries, started, host, port, logger, certificate } = options
  const healthz = service.healthzIsReadiness === true ? 'ready' : 'live'
  const routes = opsRoutes(() => ({ services: [service], registries, certificate, started: started() }), healthz)
  const isKey = createKeyCheck(undefined)
  return createHttpServer({
    ...{ host, port, logger, certificate },
    mount: (router) => mountRoutes(router, routes, { isKey, logger }),
  })
}
