import { crc32 } from 'node:zlib'
import type { Clock } from '../lib/clock.ts'
import type { DtmsError } from '../lib/errors.ts'
import type { LeaseTiming } from '../lib/log/lease.ts'
import type { Codec } from '../lib/log/log.ts'
import type { RetentionRule } from '../lib/log/retention.ts'
import type { Logger } from '../lib/logger.ts'
import { anomaliesCodec, eventAnomaliesCodec, quarantineCodec, windowsCodec } from '../lib/streams/codecs.ts'
import type { Volume } from '../lib/volume/volume.ts'
import type { TopicPartition } from './bus.ts'
import type { Outcome } from './flow.ts'
import { OwnLog, type SavedLog } from './own-log.ts'
import { quarantineId } from './quarantine-entry.ts'

/** What a partition writes, by the fields of an `Outcome`. */
type LogName = 'windows' | 'anomalies' | 'eventAnomalies' | 'quarantined'

/** Where each own log was when the state was saved. */
export type SavedLogs = { [name in LogName]?: SavedLog }

export interface PartitionLogsOptions {
  volume: Volume
  clock: Clock
  logger: Logger
  at: TopicPartition
  /** The topic of transfers keeps the short names of folders: `windows/p0`. */
  isTransfers: boolean
  retention: RetentionRule
  leaseTiming?: LeaseTiming
  onFenced: (error: DtmsError) => void
}

/** How many entries were new, by log. */
export type Appended = Record<LogName, number>

interface AnyLog {
  recall(saved: SavedLog | undefined): Promise<void>
  saved(): Promise<SavedLog>
  forget(): void
  close(): Promise<void>
}

/** The folders on the volume that one partition owns; one that few partitions ever need is opened when it is needed. */
export class PartitionLogs {
  readonly #options: PartitionLogsOptions
  readonly #closing = new AbortController()
  readonly #open = new Map<LogName, AnyLog>()
  readonly #appends = new Map<LogName, (outcome: Outcome) => Promise<number>>()
  #saved: SavedLogs = {}

  /** Waits until whoever held the folders has let go. `recall` comes next. */
  static async open(options: PartitionLogsOptions, signal: AbortSignal): Promise<PartitionLogs> {
    const logs = new PartitionLogs(options)
    try {
      if (options.isTransfers) {
        await logs.#openWindows(signal)
        await logs.#openAnomalies(signal)
      } else await logs.#openEventAnomalies(signal)
      return logs
    } catch (error) {
      await logs.close()
      throw error
    }
  }

  private constructor(options: PartitionLogsOptions) {
    this.#options = options
  }

  /** Learns what was appended behind the places that were saved with the state. */
  async recall(saved: SavedLogs): Promise<void> {
    this.#saved = saved
    for (const [name, log] of this.#open) await log.recall(saved[name])
  }

  /** Resolves when everything is durable. */
  async append(outcome: Outcome): Promise<Appended> {
    if (outcome.quarantined.length > 0) await this.#openQuarantine()
    const one = async (name: LogName): Promise<number> =>
      outcome[name].length === 0 ? 0 : ((await this.#appends.get(name)?.(outcome)) ?? 0)
    const [windows, anomalies, eventAnomalies, quarantined] = await Promise.all([
      one('windows'),
      one('anomalies'),
      one('eventAnomalies'),
      one('quarantined'),
    ])
    return { windows, anomalies, eventAnomalies, quarantined }
  }

  /** To be saved with the state. */
  async saved(): Promise<SavedLogs> {
    const saved: SavedLogs = { ...this.#saved }
    for (const [name, log] of this.#open) saved[name] = await log.saved()
    return saved
  }

  /** Whatever a former life appended after its last save has come again by now. */
  forget(): void {
    for (const log of this.#open.values()) log.forget()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.all([...this.#open.values()].map((log) => log.close()))
  }

  async #openWindows(signal: AbortSignal): Promise<void> {
    const writer = `p${this.#options.at.partition}`
    const log = await this.#own('windows', { stream: 'windows', writer, codec: windowsCodec, idOf, signal })
    this.#appends.set('windows', ({ windows }) => log.append(windows))
  }

  async #openAnomalies(signal: AbortSignal): Promise<void> {
    const writer = `zscore-p${this.#options.at.partition}`
    const log = await this.#own('anomalies', { stream: 'anomalies', writer, codec: anomaliesCodec, idOf, signal })
    this.#appends.set('anomalies', ({ anomalies }) => log.append(anomalies))
  }

  async #openEventAnomalies(signal: AbortSignal): Promise<void> {
    const writer = folderOf(this.#options.at)
    const codec = eventAnomaliesCodec
    const log = await this.#own('eventAnomalies', { stream: 'event-anomalies', writer, codec, idOf, signal })
    this.#appends.set('eventAnomalies', ({ eventAnomalies }) => log.append(eventAnomalies))
  }

  async #openQuarantine(): Promise<void> {
    if (this.#open.has('quarantined')) return
    const { at, isTransfers } = this.#options
    const writer = isTransfers ? `stream-p${at.partition}` : `stream-${folderOf(at)}`
    const { signal } = this.#closing
    const log = await this.#own('quarantined', {
      ...{ stream: 'quarantine', writer, codec: quarantineCodec, idOf: quarantineId, signal },
    })
    await log.recall(this.#saved.quarantined)
    this.#appends.set('quarantined', ({ quarantined }) => log.append(quarantined))
  }

  async #own<Written, Read extends Written>(
    name: LogName,
    what: {
      stream: string
      writer: string
      codec: Codec<Written, Read>
      idOf: (entry: Written) => string
      signal: AbortSignal
    },
  ): Promise<OwnLog<Written, Read>> {
    const { signal, ...rest } = what
    const { volume, clock, logger, retention, leaseTiming, onFenced } = this.#options
    const timing = leaseTiming === undefined ? {} : { leaseTiming }
    const log = await OwnLog.open<Written, Read>(
      { ...rest, volume, clock, logger, retention, ...timing, onFenced },
      signal,
    )
    this.#open.set(name, log)
    return log
  }
}

function idOf({ id }: { id: string }): string {
  return id
}

/** Longest part of a topic's name that stays as it is: folder names have at most 64 characters. */
const MOST_OF_TOPIC = 44

/** `ops.events` partition 0 -> `ops-events-p0`. */
export function folderOf({ topic, partition }: TopicPartition): string {
  const plain = topic.replaceAll(/[^A-Za-z0-9_-]/g, '-').replace(/^[-_]/, 't')
  const name = plain.length <= MOST_OF_TOPIC ? plain : `${plain.slice(0, MOST_OF_TOPIC - 9)}-${shortHash(topic)}`
  return `${name}-p${partition}`
}

function shortHash(text: string): string {
  return crc32(text).toString(16).padStart(8, '0')
}
