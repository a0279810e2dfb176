import type { Clock } from '../lib/clock.ts'
import type { LayerReport } from '../lib/layers.ts'
import { describeError, UndoStack } from '../lib/lifecycle.ts'
import type { LeaseTiming } from '../lib/log/lease.ts'
import type { Logger } from '../lib/logger.ts'
import type { MetricsRegistry } from '../lib/metrics.ts'
import type { HealthCheck, Service } from '../lib/service.ts'
import type { Volume } from '../lib/volume/volume.ts'
import type { Assignment, Bus, BusMessage, TopicPartition } from './bus.ts'
import type { StreamConfig } from './config.ts'
import { decisionLine } from './decision-log.ts'
import { EventFlow } from './event-flow.ts'
import { type Decision, type Flow, FlowCounts, type Outcome } from './flow.ts'
import { LatencyReport } from './latency-report.ts'
import { Membership } from './membership.ts'
import { Partition } from './partition.ts'
import type { Appended } from './partition-logs.ts'
import { adviceAbout, transfersPlan } from './producer/topic-care.ts'
import { Router } from './router.ts'
import { noRoutes, type RouteTable, topicsOf } from './routing.ts'
import { StreamMetrics } from './stream-metrics.ts'
import { TransferFlow } from './transfer-flow.ts'
import { createWebhook, type DeadLetter, deadLetterEntry, type Webhook } from './webhook.ts'

export interface StreamOptions {
  config: StreamConfig
  clock: Clock
  logger: Logger
  volume: Volume
  /** Shared with others of this process: it is theirs to close. */
  bus: Bus
  /** Which records go somewhere else as well; absent: none. */
  routes?: RouteTable
  /** Takes whole decision lines, some at a time; absent: there are none. */
  printDecisions?: (lines: string) => void
  /** Of the regular line of latencies; a process that is not only this service keeps it at debug. */
  latencyLevel?: 'info' | 'debug'
  leaseTiming?: LeaseTiming
}

/** How often it is looked whether something is due, at least. */
const TICK_MS = 1000
const LAG_EVERY_MS = 5000
/** A topic of events that was not there is looked for again. */
const EVENTS_EVERY_MS = 60_000

/** With the memory bus publishers wait until their records are saved. */
const MEMORY_CHECKPOINT_RECORDS = 2000

/** A last closed window that is this many windows old is none any more. */
const STALE_WINDOWS = 10

/** Reads the topics: transfers into windows and verdicts, events into verdicts. Opens nothing yet. */
export function createStream(options: StreamOptions): Service {
  return new Stream(options)
}

class Stream implements Service {
  readonly name = 'stream'
  readonly healthzIsReadiness = true
  readonly #options: StreamOptions
  readonly #metrics: StreamMetrics
  readonly #membership: Membership
  readonly #undo: UndoStack
  readonly #latency: LatencyReport
  readonly #webhook: Webhook | undefined
  readonly #router: Router
  readonly #routes: RouteTable
  readonly #partitions = new Map<string, Partition>()
  readonly #counts = new Map<string, FlowCounts>()
  /** Why a partition is not restored yet, by topic and number. */
  readonly #problems = new Map<string, string>()
  #lag: { topic: string; partition: number; records: number }[] = []
  #lagAt = Number.NEGATIVE_INFINITY
  #readsEvents = false
  #eventsLookedAt = Number.NEGATIVE_INFINITY
  #started = false

  constructor(options: StreamOptions) {
    const { config, logger, bus, clock } = options
    this.#options = options
    this.#undo = new UndoStack(logger)
    this.#metrics = new StreamMetrics({
      windowStaleSeconds: STALE_WINDOWS * config.windowSeconds + config.watermarkSeconds + config.latenessSeconds,
      clusterguard: config.clusterguardMetrics,
    })
    this.#metrics.watch(() => ({
      counts: this.#counts,
      lag: this.#lag,
      partitions: this.#membership.subscription?.assigned.length ?? 0,
      webhook: this.#webhook && { ...this.#webhook.stats, pending: this.#webhook.pending },
      now: clock.now(),
    }))
    this.#webhook =
      config.webhookUrl === undefined
        ? undefined
        : createWebhook({
            ...{ url: config.webhookUrl, secret: config.webhookSecret, queue: config.webhookQueue },
            ...{ attempts: config.webhookAttempts, random: Math.random, policy: { origin: 'settings' } },
            onDead: (letter) => this.#bury(letter),
          })
    this.#routes = options.routes ?? noRoutes
    this.#router = new Router({
      ...{ bus, logger },
      onSent: (_topic, records) => this.#metrics.countRouted('topic', 'sent', records),
      onRefused: (_topic, records) => this.#metrics.countRouted('topic', 'refused', records),
    })
    this.#latency = new LatencyReport({ latencies: this.#metrics, logger, level: options.latencyLevel ?? 'info' })
    this.#membership = new Membership({
      ...{ bus, logger },
      topics: () => this.#prepareTopics(),
      handlers: {
        group: config.group,
        onAssigned: (assignment, signal) => this.#restore(assignment, signal),
        onRecords: (at, records) => this.#handle(at, records),
        onRevoked: (at) => this.#release(at),
        onLost: (at, range) => this.#partitions.get(keyOf(at))?.lost(range),
      },
      onRejoin: () => this.#metrics.countRestart(),
    })
  }

  get registry(): MetricsRegistry {
    return this.#metrics.registry
  }

  /** Returns while the bus is still being looked for. */
  async start(): Promise<void> {
    if (this.#started) return
    this.#started = true
    this.#undo.push('rules', () => this.#router.close())
    this.#undo.push('group', () => this.#membership.stop())
    // Before the group is left: what is given up then still finds a log to be kept in.
    this.#undo.push('webhook', () => this.#webhook?.close())
    this.#membership.start()
    const tickMs = Math.min(TICK_MS, 1000 * this.#options.config.checkpointSeconds)
    const timer = setInterval(() => void this.#tick(), tickMs)
    timer.unref()
    this.#undo.push('timer', () => clearInterval(timer))
  }

  async stop(): Promise<void> {
    await this.#undo.run()
    this.#latency.report()
  }

  layers(): readonly LayerReport[] {
    return this.#metrics.layers()
  }

  checks(): Record<string, HealthCheck> {
    const { bus, volume } = this.#options
    const { subscription, problem } = this.#membership
    return {
      bus: bus.connected && problem === undefined ? { ok: true } : { ok: false, detail: problem ?? 'not connected' },
      volume: volume.healthy ? { ok: true } : { ok: false, detail: 'the volume does not answer' },
      partitions: this.#partitionsCheck(subscription?.ready ?? false, subscription?.assigned.length ?? 0),
    }
  }

  #partitionsCheck(isReady: boolean, assigned: number): HealthCheck {
    const [troubled] = this.#problems
    if (troubled !== undefined) return { ok: false, detail: `${troubled[0]}: ${troubled[1]}` }
    if (!isReady) return { ok: false, detail: 'no partition is assigned and restored yet' }
    if (assigned === 0) return { ok: false, detail: 'the group has more members than partitions' }
    return { ok: true }
  }

  async #prepareTopics(): Promise<readonly string[]> {
    const { bus, config, logger } = this.#options
    const differences = await bus.ensureTopics([transfersPlan(config)])
    for (const difference of differences)
      logger.warn('a topic is not as the settings say', { ...difference, hint: adviceAbout(difference) })
    const plan = transfersPlan(config)
    await this.#router.prepare(topicsOf(this.#routes).map((topic) => ({ ...plan, topic })))
    return (await this.#hasEvents()) ? [config.transfersTopic, config.eventsTopic] : [config.transfersTopic]
  }

  /** The topic of events is somebody else's: it is read when it is there. */
  async #hasEvents(): Promise<boolean> {
    const { bus, config } = this.#options
    const { eventsTopic, transfersTopic } = config
    if (eventsTopic === 'none' || eventsTopic === transfersTopic) return false
    this.#readsEvents = (await bus.ranges(eventsTopic)) !== undefined
    return this.#readsEvents
  }

  async #restore(assignment: Assignment, signal: AbortSignal): Promise<number> {
    const key = keyOf(assignment)
    try {
      const partition = await this.#open(assignment, signal)
      if (signal.aborted) {
        await partition.close()
        signal.throwIfAborted()
      }
      this.#partitions.set(key, partition)
      this.#problems.delete(key)
      return partition.from
    } catch (error) {
      if (!signal.aborted) this.#tellProblem(key, error)
      throw error
    }
  }

  #open(assignment: Assignment, signal: AbortSignal): Promise<Partition> {
    const { config, volume, clock, logger, bus, leaseTiming } = this.#options
    const { topic, partition } = assignment
    const at = { topic, partition }
    return Partition.open(
      {
        ...{ volume, clock, logger, assignment, isTransfers: topic === config.transfersTopic },
        isDurable: bus.kind === 'kafka',
        ...{ retention: { hours: config.retentionHours, bytes: config.retentionBytes } },
        checkpointSeconds: config.checkpointSeconds,
        ...(bus.kind === 'memory' ? { checkpointRecords: MEMORY_CHECKPOINT_RECORDS } : {}),
        ...(leaseTiming === undefined ? {} : { leaseTiming }),
        createFlow: (saved) => this.#createFlow(at, saved),
        onOutcome: (outcome, appended) => this.#observe(at, outcome, appended),
        onRouted: (routed) => this.#router.send(routed),
        onProcessed: (seconds) => this.#metrics.observeProcessing(seconds),
        onSaved: (offset, seconds) => this.#commit(at, offset, seconds),
        onLost: (records) => this.#metrics.countLost(topic, records),
        onRecreated: () => {
          // In memory every process has a topic of its own.
          if (bus.kind === 'memory') return
          logger.error('the topic is another one of the same name; it is read from its beginning', { ...at })
          this.#metrics.countRecreated(topic)
        },
        onBroken: (error) => {
          this.#tellProblem(keyOf(at), error)
          this.#membership.rejoin()
        },
      },
      signal,
    )
  }

  #createFlow(at: TopicPartition, saved: unknown): Flow {
    const { config } = this.#options
    const counts = this.#counts.get(at.topic) ?? new FlowCounts()
    this.#counts.set(at.topic, counts)
    const zscore = {
      ...{ window: config.zscoreWindow, threshold: config.zscoreThreshold },
      ...{ refractory: config.zscoreRefractory, robust: config.zscoreRobust },
    }
    const keepsAllDecisions = config.decisionLog === 'all'
    if (at.topic !== config.transfersTopic) {
      const paths = { value: config.eventValuePath, id: config.eventIdPath, time: config.eventTimePath }
      return EventFlow.restore({ at, zscore, paths, counts, keepsAllDecisions }, saved)
    }
    const { windowSeconds, watermarkSeconds, latenessSeconds } = config
    const rules = { windowSeconds, watermarkSeconds, latenessSeconds }
    return TransferFlow.restore({ at, rules, zscore, counts, routes: this.#routes, keepsAllDecisions }, saved)
  }

  async #handle(at: TopicPartition, records: readonly BusMessage[]): Promise<void> {
    const partition = this.#partitions.get(keyOf(at))
    if (partition === undefined) throw new Error(`${keyOf(at)} is not restored`)
    const deliveredAt = performance.now()
    const { durable } = await partition.handle(records)
    // When it fails the partition says so, and is opened anew.
    durable.then(
      () => this.#measure(deliveredAt, records),
      () => {},
    )
  }

  #measure(deliveredAt: number, records: readonly BusMessage[]): void {
    this.#metrics.observeInternal((performance.now() - deliveredAt) / 1000, records.length)
    const now = Date.now()
    for (const { timestampMs } of records) this.#metrics.observeEndToEnd(Math.max(0, now - timestampMs) / 1000)
    this.#latency.reportWhenDue()
  }

  async #release(at: TopicPartition): Promise<void> {
    const key = keyOf(at)
    this.#problems.delete(key)
    const partition = this.#partitions.get(key)
    await partition?.close()
    this.#partitions.delete(key)
  }

  #observe(at: TopicPartition, outcome: Outcome, appended: Appended): void {
    const { config, printDecisions } = this.#options
    this.#metrics.observeOutcome(outcome, appended)
    const sent = (sink: string): Decision[] =>
      outcome.routed.flatMap(({ target, decision }) => ('sink' in target && target.sink === sink ? [decision] : []))
    const toTell = new Set([...outcome.decisions.filter(({ anomaly }) => anomaly), ...sent('webhook')])
    if (this.#webhook !== undefined) this.#callOut(this.#webhook, at, toTell)
    for (const sink of ['webhook', 'log'] as const) this.#metrics.countRouted(sink, 'sent', sent(sink).length)
    if (printDecisions === undefined) return
    const byLevel = { all: outcome.decisions, none: [], anomalies: outcome.decisions.filter(({ anomaly }) => anomaly) }
    const wanted = [...new Set([...byLevel[config.decisionLog], ...sent('log')])]
    const now = Date.now()
    if (wanted.length > 0) printDecisions(wanted.map((decision) => decisionLine(decision, at.partition, now)).join(''))
  }

  /** What is handled again after a crash is offered again: receivers know repeats by the key of idempotency. */
  #callOut(webhook: Webhook, at: TopicPartition, decisions: Iterable<Decision>): void {
    for (const decision of decisions) {
      const { eventId, offset, key, score, zScore, channel } = decision
      webhook.offer({ ...at, eventId, offset, key, score, zScore, channel, timestamp: decision.at })
    }
  }

  /** Kept in the quarantine of its partition; when that has moved on, in that of any other. */
  #bury(letter: DeadLetter): void {
    const own = this.#partitions.get(keyOf(letter.call)) ?? [...this.#partitions.values()][0]
    const entry = deadLetterEntry(letter)
    const tell = (error: unknown): void =>
      this.#options.logger.error('a webhook call was given up and could not be kept', {
        ...{ event_id: letter.call.eventId, body: entry.text },
        error: describeError(error),
      })
    if (own === undefined) tell(new Error('no partition is open'))
    else own.keep(entry).catch(tell)
  }

  /** The state is saved already: what the bus keeps is for tools that show lag, and for waiting publishers. */
  async #commit(at: TopicPartition, offset: number, seconds: number): Promise<void> {
    this.#metrics.observeCheckpoint(seconds)
    try {
      await this.#membership.subscription?.commit(at, offset)
    } catch (error) {
      this.#options.logger.debug('the offset could not be committed', { ...at, error: describeError(error) })
    }
  }

  async #tick(): Promise<void> {
    for (const partition of this.#partitions.values()) await partition.saveWhenDue()
    this.#latency.reportWhenDue()
    const { subscription } = this.#membership
    if (subscription === undefined || performance.now() - this.#lagAt < LAG_EVERY_MS) return
    this.#lagAt = performance.now()
    try {
      this.#lag = await subscription.lag()
      await this.#lookForEvents()
    } catch (error) {
      this.#options.logger.debug('the lag is not known', { error: describeError(error) })
    }
  }

  async #lookForEvents(): Promise<void> {
    if (this.#readsEvents || performance.now() - this.#eventsLookedAt < EVENTS_EVERY_MS) return
    this.#eventsLookedAt = performance.now()
    if (await this.#hasEvents()) this.#membership.rejoin()
  }

  #tellProblem(key: string, error: unknown): void {
    const text = error instanceof Error ? error.message : String(error)
    if (this.#problems.get(key) === text) return
    this.#problems.set(key, text)
    this.#options.logger.error('a partition cannot be read; it is opened again', {
      partition: key,
      error: describeError(error),
    })
  }
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}-p${partition}`
}
