import type { Clock } from '../lib/clock.ts'
import { DtmsError } from '../lib/errors.ts'
import type { LayerReport } from '../lib/layers.ts'
import { describeError, Failure, UndoStack } from '../lib/lifecycle.ts'
import type { LogWriter } from '../lib/log/log.ts'
import { openLogWriter } from '../lib/log/writer.ts'
import type { Logger } from '../lib/logger.ts'
import { startLoop } from '../lib/loop.ts'
import type { MetricsRegistry } from '../lib/metrics.ts'
import type { HealthCheck, Service } from '../lib/service.ts'
import { quarantineCodec } from '../lib/streams/codecs.ts'
import type { Entry } from '../lib/streams/envelope.ts'
import type { QuarantineLine } from '../lib/streams/quarantine.ts'
import type { Volume } from '../lib/volume/volume.ts'
import type { Bus, PartitionRange, Publisher } from './bus.ts'
import type { ProducerConfig } from './config.ts'
import { ProducerMetrics } from './producer/metrics.ts'
import { Publishing, WRITER } from './producer/publishing.ts'
import { adviceAbout, transfersPlan } from './producer/topic-care.ts'

export interface ProducerOptions {
  config: ProducerConfig
  clock: Clock
  logger: Logger
  volume: Volume
  /** Made and closed by whoever runs the producer. */
  bus: Bus
  /** How often the topic is looked at, milliseconds. */
  watchMs?: number
}

const WATCH_MS = 5000
/** Pause after a failure: doubles from the first to the last of these, milliseconds. */
const FIRST_PAUSE_MS = 250
const LAST_PAUSE_MS = 5000

/** `dtms run producer`: tails the logs of all sites and publishes every record once it is durable. Opens nothing yet. */
export function createProducer(options: ProducerOptions): Service {
  return new Producer(options)
}

class Producer implements Service {
  readonly name = 'producer'
  readonly #options: ProducerOptions
  readonly #metrics = new ProducerMetrics()
  readonly #undo: UndoStack
  readonly #failure = new Failure()
  readonly #stopped: Promise<never>
  #stopNow: (error: Error) => void = () => {}
  #wake: () => void = () => {}
  #starting: Promise<void> | undefined
  #quarantine: LogWriter<Entry<QuarantineLine>> | undefined
  #publisher: Publisher | undefined
  #publishing: Publishing | undefined
  #partitions = 0
  #fromBeginning = false
  #topicIsThere = false
  #failures = 0
  #saidAway = false

  constructor(options: ProducerOptions) {
    this.#options = options
    this.#undo = new UndoStack(options.logger)
    this.#stopped = new Promise<never>((_resolve, reject) => {
      this.#stopNow = reject
    })
    this.#stopped.catch(() => {})
    this.#metrics.watch(() => ({
      connected: options.bus.connected,
      lagBytes: this.#publishing?.lagBytes() ?? 0,
      outstanding: this.#publishing?.outstanding ?? 0,
      outstandingBytes: this.#publishing?.outstandingBytes ?? 0,
    }))
  }

  get registry(): MetricsRegistry {
    return this.#metrics.registry
  }

  get failed(): Promise<never> {
    return this.#failure.promise
  }

  /** Resolves when this is the one producer; volume and bus may come later. @throws DtmsError `log.writer_busy` */
  start(): Promise<void> {
    this.#starting ??= this.#start()
    return this.#starting
  }

  async stop(): Promise<void> {
    this.#stopNow(new DtmsError('bus.closed', 'the producer stops'))
    await this.#starting?.catch(() => {})
    await this.#undo.run()
  }

  layers(): readonly LayerReport[] {
    return this.#metrics.layers()
  }

  checks(): Record<string, HealthCheck> {
    const publishing = this.#publishing
    const { bus, config } = this.#options
    return {
      bus: bus.connected ? { ok: true } : { ok: false, detail: 'the bus cannot be reached' },
      topic: this.#topicIsThere ? { ok: true } : { ok: false, detail: `${config.transfersTopic} is not there yet` },
      log:
        publishing?.healthy === true
          ? { ok: true }
          : { ok: false, detail: publishing === undefined ? 'not read yet' : 'the log cannot be read or written' },
      ...(publishing?.inTrouble === true ? { rights: { ok: false, detail: 'the bus refuses every record' } } : {}),
    }
  }

  async #start(): Promise<void> {
    this.#undo.push('lease', () => this.#quarantine?.close())
    try {
      await this.#claim()
    } catch (error) {
      // A volume that is away will come back; another producer is there to stay.
      if (!isVolumeTrouble(error)) throw error
      this.#onError(error)
    }
    const loop = startLoop(
      () => this.#turn(),
      (error) => this.#onError(error),
    )
    this.#wake = () => loop.wake()
    this.#undo.push('publishing', async () => {
      await loop.stop()
      await this.#publishing?.close()
      await this.#publisher?.close()
    })
  }

  /** The folder's lease is what lets only one producer run: two would interleave the records of a link. */
  async #claim(): Promise<void> {
    const { volume, clock, logger } = this.#options
    this.#quarantine = await openLogWriter<Entry<QuarantineLine>>({
      ...{ volume, clock, logger, stream: 'quarantine', writer: WRITER, codec: quarantineCodec },
      onFenced: (error) => this.#failure.fail(error),
    })
  }

  /** Brings about what is missing, then looks after the topic. Returns the wait until the next look. */
  async #turn(): Promise<number> {
    const { bus, config, logger } = this.#options
    if (this.#quarantine === undefined) await this.#claim()
    if (this.#publishing === undefined) {
      await this.#open()
    } else {
      const acknowledged = this.#publishing.acknowledged()
      const ranges = await this.#orStopped(bus.ranges(config.transfersTopic))
      if (ranges === undefined || this.#publishing.isRecreated(acknowledged, ranges)) {
        await this.#beginAgain(ranges === undefined ? 'it was deleted' : 'it was made anew')
      } else if (ranges.length !== this.#partitions) {
        logger.info('the topic has grown: links that are new use all of it', {
          topic: config.transfersTopic,
          partitions: ranges.length,
        })
        this.#publishing.resize(ranges.length)
        await this.#ensureTopic()
        this.#partitions = ranges.length
      }
    }
    if (this.#failures > 0 || this.#saidAway) logger.info('the bus is there', { topic: config.transfersTopic })
    this.#failures = 0
    this.#saidAway = false
    return this.#options.watchMs ?? WATCH_MS
  }

  async #open(): Promise<void> {
    const { bus, config, clock, volume, logger } = this.#options
    const quarantine = this.#quarantine
    if (quarantine === undefined) return
    const ranges = await this.#ensureTopic()
    this.#publisher ??= await this.#orStopped(bus.publisher())
    const publishing = await Publishing.open({
      ...{ config, clock, volume, logger, ranges, quarantine, bus, metrics: this.#metrics },
      ...{ publisher: this.#publisher, fromBeginning: this.#fromBeginning, onDoubt: () => this.#wake() },
    })
    if (publishing === 'recreated') {
      this.#sayBeginning('it holds less than what it had acknowledged')
      await this.#open()
      return
    }
    this.#publishing = publishing
    this.#partitions = ranges.length
    this.#fromBeginning = false
  }

  /** Nothing that is still under way may come into a new topic before what was published earlier. */
  async #beginAgain(why: string): Promise<void> {
    this.#topicIsThere = false
    const { publishing, publisher } = { publishing: this.#publishing, publisher: this.#publisher }
    this.#publishing = undefined
    this.#publisher = undefined
    await publishing?.abandon()
    await publisher?.close()
    this.#sayBeginning(why)
    await this.#open()
  }

  #sayBeginning(why: string): void {
    this.#fromBeginning = true
    this.#metrics.countRepublished()
    this.#options.logger.warn('the topic is another one: the log is published again from its beginning', {
      topic: this.#options.config.transfersTopic,
      reason: why,
      hint: 'nothing has to be done: readers drop what they have seen by site and seq',
    })
  }

  async #ensureTopic(): Promise<PartitionRange[]> {
    const { bus, config, logger } = this.#options
    const plan = transfersPlan(config)
    const differences = await this.#orStopped(bus.ensureTopics([plan]))
    this.#metrics.setDifferences(plan.topic, differences)
    for (const difference of differences) {
      const { topic, what, wanted, found } = difference
      logger.warn('the topic that is there differs from the settings; it is used as it is', {
        ...{ topic, what, wanted, found, hint: adviceAbout(difference) },
      })
    }
    const ranges = await this.#orStopped(bus.ranges(plan.topic))
    if (ranges === undefined || ranges.length === 0) {
      throw new DtmsError('bus.unavailable', `the topic ${plan.topic} is not there yet`)
    }
    this.#topicIsThere = true
    return ranges
  }

  #onError(error: unknown): number {
    const { logger } = this.#options
    if (error instanceof DtmsError && error.code === 'bus.closed') return 0
    const fatal = error instanceof DtmsError && ['log.writer_busy', 'checkpoint.invalid'].includes(error.code)
    if (fatal) this.#failure.fail(error)
    this.#metrics.countError(isVolumeTrouble(error) ? 'volume' : isRefusal(error) ? 'refused' : 'bus')
    if (this.#failures === 0) {
      logger.warn('records cannot be published at present; waiting, nothing is lost', {
        outstanding: this.#publishing?.outstanding ?? 0,
        error: describeError(error),
      })
    }
    this.#failures += 1
    return Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(this.#failures - 1, 10))
  }

  #orStopped<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#stopped])
  }
}

function isVolumeTrouble(error: unknown): boolean {
  return error instanceof DtmsError && error.code.startsWith('volume.') && error.retryable
}

function isRefusal(error: unknown): boolean {
  return error instanceof DtmsError && error.code === 'bus.refused'
}
