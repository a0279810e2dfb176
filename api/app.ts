import { assertKeyed, createKeyCheck } from '../lib/http/auth.ts'
import { opsRoutes } from '../lib/http/ops.ts'
import { mountRoutes, type Route } from '../lib/http/route.ts'
import { createHttpServer, type HttpServer } from '../lib/http/server.ts'
import { servingCertificate } from '../lib/http/serving-certificate.ts'
import { describeError, Failure, UndoStack } from '../lib/lifecycle.ts'
import { openLogWriter } from '../lib/log/writer.ts'
import type { Logger } from '../lib/logger.ts'
import { startLoop } from '../lib/loop.ts'
import type { MetricsRegistry } from '../lib/metrics.ts'
import type { Trust } from '../lib/outgoing/trust.ts'
import { transferCodec } from '../lib/record/codec.ts'
import type { HealthCheck, Service } from '../lib/service.ts'
import { alertsCodec, anomaliesCodec, controlCodec, eventsCodec } from '../lib/streams/codecs.ts'
import type { CorrelationItem } from '../lib/streams/correlations.ts'
import type { Volume } from '../lib/volume/volume.ts'
import type { SharedClock } from '../lib/world/shared-clock.ts'
import { AlertInbox } from './alert-inbox.ts'
import { Changes } from './changes.ts'
import type { ApiConfig } from './config.ts'
import type { ApiContext } from './context.ts'
import { EventHub } from './events/hub.ts'
import { EventRing } from './events/ring.ts'
import { createApiMetrics } from './metrics.ts'
import { StreamReader } from './reader.ts'
import { ReplyCache } from './reply-cache.ts'
import { alertRoutes } from './routes/alerts.ts'
import { compatRoutes } from './routes/compat.ts'
import { correlationRoutes } from './routes/correlations.ts'
import { csvRoutes } from './routes/csv.ts'
import { assetRoutes, documentRoutes } from './routes/documents.ts'
import { eventRoutes } from './routes/events.ts'
import { faultRoutes } from './routes/faults.ts'
import { maintenanceRoutes } from './routes/maintenance.ts'
import { recordRoutes } from './routes/records.ts'
import { siteRoutes } from './routes/sites.ts'
import { windowRoutes } from './routes/windows.ts'
import { worldRoutes } from './routes/world.ts'
import { ApiState } from './state.ts'
import { createLogPages, readWholeLog } from './store/log-pages.ts'

const RING_EVENTS = 10_000

const EXPIRY_CHECK_MS = 30_000

/** A result of the batch job is not exposed for longer than this, world seconds. */
const CORRELATION_SECONDS = 1800

export interface ApiOptions {
  config: ApiConfig
  clock: SharedClock
  logger: Logger
  volume: Volume
  /**
   * The other services of an all-in-one process: their readiness and metrics are told at this one address. The list may
   * still grow after this call.
   */
  services?: readonly Service[]
  /** What is measured of the process and not of a service. */
  registries?: readonly MetricsRegistry[]
  /** Whether the others have finished starting; asked only when the API has. Absent: there are none. */
  othersStarted?: () => boolean
}

export interface Api extends Service {
  /** Where it listens; known after `start`. */
  readonly url: string
  /** How a part of the same process knows this server when it speaks TLS; undefined: it does not. */
  trust(): Trust | undefined
  /** What OpenAPI describes, for checks of the documentation. */
  readonly routes: readonly Route[]
}

/** REST, live events, documentation and the overview page. Opens nothing before `start`. */
export function createApi(options: ApiOptions): Api {
  const { config, clock, logger, volume } = options
  const certificate = servingCertificate(config, logger)
  const ring = new EventRing(Date.now(), RING_EVENTS)
  const hub = new EventHub(ring, { onDropped: () => metrics.eventClientsDropped.inc() })
  const state = new ApiState({
    memoryRecords: config.memoryRecords,
    liveFrom: () => clock.world?.backfillUntil ?? 0,
    publish: (type, data) => {
      metrics.eventsPublished.inc({ kind: type })
      hub.publish(type, data)
    },
  })
  const metrics = createApiMetrics({
    eventClients: () => hub.clients,
    memoryRecords: () => state.transfers.size,
    memoryAnomalies: () => state.anomalies.size,
    lagBytes: () => reader.lagBytes,
    alertsFiring: () => state.alerts.firing(),
    correlation: () => correlationNow(state, clock),
    activeFaults: () => state.faults.list(clock.now(), false).filter((fault) => fault.state === 'active'),
  })
  const reader = new StreamReader({ volume, clock, logger, state, metrics, pollMs: config.pollMs })
  const changes = new Changes(clock, state)
  const inbox = new AlertInbox({
    ...{ clock, logger, book: state.alerts, expirySeconds: config.alertExpirySeconds },
    apply: (line) => state.applyAlert(line, clock.now()),
    isReadBack: () => reader.caughtUp,
  })
  const transferPages = { volume, stream: 'transfers', codec: transferCodec }
  const anomalyPages = { volume, stream: 'anomalies', codec: anomaliesCodec }
  const context: ApiContext = {
    config,
    clock,
    logger,
    state,
    hub,
    changes,
    inbox,
    alertCounts: (counts) => {
      for (const [result, count] of Object.entries(counts)) metrics.alertsReceived.inc({ result }, count)
    },
    cache: new ReplyCache(ring.headId.replace(/-.*/, ''), () => state.version),
    readable: () => reader.readable,
    olderTransfers: createLogPages(transferPages),
    olderAnomalies: createLogPages(anomalyPages),
    allTransfers: (range) => readWholeLog(transferPages, range),
    allAnomalies: (range) => readWholeLog(anomalyPages, range),
  }
  const service: Service = {
    name: 'api',
    registry: metrics.registry,
    start,
    stop,
    checks: (): Record<string, HealthCheck> => ({
      log: reader.check(),
      volume: volume.healthy ? { ok: true } : { ok: false, detail: 'a call to the volume does not come back' },
      changes: changes.open ? { ok: true } : { ok: false, detail: 'the log is not open for writing yet' },
    }),
  }
  const described = [
    ...compatRoutes(context),
    ...csvRoutes(context),
    ...siteRoutes(context),
    ...recordRoutes(context),
    ...correlationRoutes(context),
    ...windowRoutes(context),
    ...worldRoutes(context),
    ...faultRoutes(context),
    ...maintenanceRoutes(context),
    ...alertRoutes(context),
    ...eventRoutes(context),
    ...opsRoutes(() => ({
      services: [service, ...(options.services ?? [])],
      registries: options.registries ?? [],
      certificate,
      started: started && (options.othersStarted?.() ?? true),
    })),
  ]
  const routes = [...described, ...documentRoutes(described)]
  const isKey = createKeyCheck(config.apiKey)
  const http: HttpServer = createHttpServer({
    host: config.host,
    port: config.port,
    logger,
    certificate,
    trustedProxies: config.trustedProxies,
    ...(config.rateLimit === 0
      ? {}
      : { rateLimit: { perMinute: config.rateLimit, exempt: ['/health', '/metrics', '/assets'] } }),
    mount: (router) =>
      mountRoutes(router, [...routes, ...assetRoutes()], {
        isKey,
        logger,
        onStateChange: (operation, status) => {
          metrics.stateChanges.inc({ result: status < 300 ? 'done' : status < 500 ? 'refused' : 'failed' })
          if (operation === 'receiveAlerts' && status >= 300) metrics.alertsReceived.inc({ result: 'refused' })
        },
      }),
    onRequest: ({ route, status, seconds }) => {
      // A listener stays for hours: that is no time to answer.
      if (route !== 'GET /v1/events')
        metrics.requests.observe({ route, status: `${Math.floor(status / 100)}xx` }, seconds)
    },
    beforeClose: () => hub.close(),
  })

  let started = false
  const failure = new Failure()
  const undo = new UndoStack(logger)
  async function start(): Promise<void> {
    assertKeyed(config.host, config.apiKey)
    // The port first: one that is taken must be known before a lease is, and liveness must not wait for the volume.
    await http.start()
    undo.push('http', () => http.stop())
    reader.start()
    undo.push('reader', () => reader.stop())
    // Control and events without retention: these lines are few, and the world is a function of all of them.
    const writing = { volume, writer: 'api', clock, logger, onFenced: (error: unknown) => failure.fail(error) }
    const control = await openLogWriter({ ...writing, stream: 'control', codec: controlCodec })
    undo.push('control log', () => control.close())
    const events = await openLogWriter({ ...writing, stream: 'events', codec: eventsCodec })
    undo.push('events log', () => events.close())
    const retention = { hours: config.retentionHours, bytes: config.retentionBytes }
    const alerts = await openLogWriter({ ...writing, stream: 'alerts', codec: alertsCodec, retention })
    undo.push('alerts log', () => alerts.close())
    changes.use({ control, events })
    undo.push('state changes', () => changes.use(undefined))
    inbox.use(alerts)
    undo.push('alerts', () => inbox.use(undefined))
    const expiry = startLoop(expireAlerts, (error) => {
      logger.warn('alerts that are not repeated cannot be ended', { error: describeError(error) })
      return EXPIRY_CHECK_MS
    })
    undo.push('expiry of alerts', () => expiry.stop())
    started = true
    logger.info('the API answers', { url: http.url, keyed: config.apiKey !== undefined })
  }
  async function expireAlerts(): Promise<number> {
    const count = await inbox.expire()
    if (count > 0) logger.warn('alerts were not repeated any more and count as resolved', { count })
    return EXPIRY_CHECK_MS
  }
  async function stop(): Promise<void> {
    await undo.run()
    hub.close()
  }

  return {
    ...service,
    routes,
    failed: failure.promise,
    trust: () => certificate?.trust(),
    get url() {
      return http.url
    },
  }
}

function correlationNow(
  state: ApiState,
  clock: SharedClock,
): { items: readonly CorrelationItem[]; ageSeconds: number } | undefined {
  const { newest } = state.correlations
  if (newest === undefined) return undefined
  const ageSeconds = Math.max(0, clock.now() - newest.at)
  return ageSeconds > CORRELATION_SECONDS ? undefined : { items: newest.items, ageSeconds }
}
