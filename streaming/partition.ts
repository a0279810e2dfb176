import type { Clock } from '../lib/clock.ts'
import { DtmsError } from '../lib/errors.ts'
import { describeError } from '../lib/lifecycle.ts'
import { type CheckpointFile, openCheckpoint } from '../lib/log/checkpoint.ts'
import type { LeaseTiming } from '../lib/log/lease.ts'
import type { RetentionRule } from '../lib/log/retention.ts'
import type { Logger } from '../lib/logger.ts'
import { decodeState, encodeState } from '../lib/state-bytes.ts'
import type { Volume } from '../lib/volume/volume.ts'
import type { Assignment, BusMessage } from './bus.ts'
import { emptyOutcome, type Flow, type Outcome, type Routed } from './flow.ts'
import { type Appended, PartitionLogs, type SavedLogs } from './partition-logs.ts'
import { type QuarantineEntry, toLostEntry } from './quarantine-entry.ts'
import { isMarked, type MessageMark, markOf, type Place, resume } from './resume.ts'

export interface PartitionOptions {
  volume: Volume
  clock: Clock
  logger: Logger
  assignment: Assignment
  isTransfers: boolean
  /** The bus keeps its records: what was handled once can be read again under the same offsets. */
  isDurable: boolean
  retention: RetentionRule
  /** How often place and state are saved, seconds. */
  checkpointSeconds: number
  /** Saved sooner when this many records wait for it; absent: by time alone. */
  checkpointRecords?: number
  leaseTiming?: LeaseTiming
  /** What the saved state becomes again; undefined: a fresh one. */
  createFlow: (saved: unknown) => Flow
  /** Lines are durable; `appended` says how many of them were new. */
  onOutcome: (outcome: Outcome, appended: Appended) => void
  /** Resolves when the records are where rules send them; a rejection breaks the partition, and they are handled again. */
  onRouted: (routed: readonly Routed[]) => Promise<void>
  onProcessed: (seconds: number) => void
  /** Everything before `offset` has been handled and saved. */
  onSaved: (offset: number, seconds: number) => Promise<void>
  onLost: (records: number) => void
  /** The topic is another one of the same name: it is read from its beginning. */
  onRecreated: () => void
  /** This partition can do no more and must be opened anew. */
  onBroken: (error: unknown) => void
}

interface SavedPartition {
  /** Absent when offsets mean nothing: the topic is read from its beginning. */
  place?: Place
  logs: SavedLogs
  flow: unknown
}

/** Version of what a checkpoint holds. */
const STATE_VERSION = 1

/** Messages handled without letting anybody else have a turn: 500 take a few milliseconds. */
const SLICE = 500
/** Slices that may be handled while a write is under way; the rest waits for its end. */
const MOST_HELD = 8

/** After a save that took t, the next comes after 10 t at the earliest. */
const SAVING_SHARE = 0.1

/**
 * One partition, from its checkpoint until it is closed or breaks: handles its messages, appends what came out, and saves
 * place and state together, so that after a crash the messages since the last save are handled again with the state of
 * that moment. They give the same lines under the same ids, and those that are in the own logs already are not appended
 * twice: each record counts once, however often it is read.
 */
export class Partition {
  /** Offset to read from. */
  readonly from: number
  readonly #options: PartitionOptions
  readonly #logger: Logger
  readonly #checkpoint: CheckpointFile<SavedPartition>
  readonly #logs: PartitionLogs
  readonly #flow: Flow
  readonly #origin: string
  #place: Place
  /** The message before the saved place, to be compared with what is there now. */
  #verify: MessageMark | undefined
  #last: BusMessage | undefined
  #unsaved = 0
  readonly #toKeep: QuarantineEntry[] = []
  #keeping: Promise<void> | undefined
  #savedAt = performance.now()
  #saveMs = 0
  /** Every record that a former life can have handled is before this offset; undefined when offsets do not tell. */
  #settledAt: number | undefined
  #broken: { error: unknown } | undefined
  #work: Promise<void> = Promise.resolve()
  /** The write that has begun last, and the one behind it that will take what has come until it begins. */
  #written: Promise<void> = Promise.resolve()
  #next: Promise<void> | undefined
  /** Slices that wait for the next write. */
  #held = 0

  /**
   * Waits for the folders, then loads what was saved.
   * @throws DtmsError `checkpoint.invalid` for a state of a newer release or of another partition; what the volume throws
   */
  static async open(options: PartitionOptions, signal: AbortSignal): Promise<Partition> {
    const { volume, clock, logger, assignment, isTransfers, retention, leaseTiming } = options
    const { topic, partition } = assignment
    let fenced: DtmsError | undefined
    let opened: Partition | undefined
    // The folders first: whoever held them has saved for the last time when it lets go.
    const logs = await PartitionLogs.open(
      {
        ...{ volume, clock, logger, at: { topic, partition }, isTransfers, retention },
        ...(leaseTiming === undefined ? {} : { leaseTiming }),
        onFenced: (error) => {
          fenced = error
          opened?.fail(error)
        },
      },
      signal,
    )
    try {
      const checkpoint = openCheckpoint<SavedPartition>({
        ...{ volume, logger, service: 'stream', reader: `${topic}-p${partition}`, version: STATE_VERSION },
        encode: encodeState,
        decode: (bytes) => decodeState<SavedPartition>(bytes),
      })
      const saved = (await checkpoint.load())?.state
      await logs.recall(saved?.logs ?? {})
      opened = new Partition(options, { checkpoint, logs, saved })
      if (fenced !== undefined) throw fenced
      return opened
    } catch (error) {
      await logs.close()
      throw error
    }
  }

  private constructor(
    options: PartitionOptions,
    parts: {
      checkpoint: CheckpointFile<SavedPartition>
      logs: PartitionLogs
      saved: SavedPartition | undefined
    },
  ) {
    const { assignment } = options
    this.#options = options
    this.#logger = options.logger
    this.#checkpoint = parts.checkpoint
    this.#logs = parts.logs
    this.#flow = options.createFlow(parts.saved?.flow)
    this.#origin = `${assignment.topic}-p${assignment.partition}`
    const resumption = resume(parts.saved?.place, assignment)
    this.from = resumption.from
    this.#place = { incarnation: assignment.incarnation, offset: resumption.from }
    if (resumption.kind === 'verify') {
      this.#verify = resumption.mark
      this.#place = { ...this.#place, offset: resumption.mark.offset + 1, mark: resumption.mark }
    }
    if (options.isDurable && resumption.kind !== 'recreated') this.#settledAt = assignment.next
    if (resumption.kind === 'recreated') options.onRecreated()
    if (resumption.kind === 'lost') this.lost(resumption.range)
  }

  /**
   * Resolves when the messages have been handled; `durable` resolves when what came of them is durable. So the volume
   * works while the next messages are handled. Never two calls at once.
   */
  handle(messages: readonly BusMessage[]): Promise<{ durable: Promise<void> }> {
    return this.#exclusively(async () => {
      if (this.#broken !== undefined) throw this.#broken.error
      try {
        await this.#handle(messages)
        await this.#settle()
      } catch (error) {
        if (error instanceof RecreatedTopic) await this.#forgetPlace()
        // The state has moved on and cannot go back: only a new start from the checkpoint is right.
        this.fail(error)
        throw error
      }
      const durable = this.#allWritten
      await this.#saveWhenDue()
      return { durable }
    })
  }

  /** Saves what came in before a quiet time. */
  saveWhenDue(): Promise<void> {
    return this.#exclusively(() => this.#saveWhenDue())
  }

  /** Offsets that are gone: written down, counted, and passed over. */
  lost(range: { from: number; to: number }): void {
    const { topic, partition } = this.#options.assignment
    const records = Math.max(0, range.to - range.from)
    this.#logger.error('records were deleted before they were read', {
      ...{ topic, partition, from_offset: range.from, to_offset: range.to - 1, records },
      hint: 'windows of that time lack them; let the topic keep records longer than the consumer may stand still',
    })
    this.#options.onLost(records)
    this.#exclusively(async () => {
      this.#place = { incarnation: this.#place.incarnation, offset: range.to }
      this.#verify = undefined
      this.#last = undefined
      this.#unsaved += 1
      const outcome = emptyOutcome()
      outcome.quarantined.push(toLostEntry(range, { at: this.#flow.newestAt, origin: this.#origin }))
      await this.#allWritten
      this.#options.onOutcome(outcome, await this.#logs.append(outcome))
    }).catch((error: unknown) => this.fail(error))
  }

  /**
   * Keeps something in the own quarantine that is not a matter of the state: a webhook call that was given up. What comes
   * while others wait for their turn goes with them: a dead receiver must not cost the messages a turn for each anomaly.
   */
  keep(entry: QuarantineEntry): Promise<void> {
    this.#toKeep.push(entry)
    this.#keeping ??= this.#exclusively(async () => {
      this.#keeping = undefined
      const outcome = emptyOutcome()
      outcome.quarantined.push(...this.#toKeep.splice(0))
      if (this.#broken !== undefined) throw this.#broken.error
      await this.#allWritten
      await this.#logs.append(outcome)
      this.#unsaved += 1
    })
    return this.#keeping
  }

  /** It can do no more: what it has in memory is given up, what it has saved is right. */
  fail(error: unknown): void {
    if (this.#broken !== undefined) return
    this.#broken = { error }
    this.#options.onBroken(error)
  }

  /** Saves and lets the folders go. A broken one only lets go. */
  async close(): Promise<void> {
    await this.#exclusively(() => this.#saveOrSay())
    this.#broken ??= { error: new DtmsError('bus.closed', `${this.#origin} is closed`) }
    await this.#allWritten.catch(() => {})
    await this.#logs.close()
  }

  async #handle(messages: readonly BusMessage[]): Promise<void> {
    for (let start = 0; start < messages.length; start += SLICE) {
      const end = Math.min(messages.length, start + SLICE)
      let before = performance.now()
      for (let i = start; i < end; i += 1) before = this.#take(messages[i] as BusMessage, before)
      this.#writeSoon()
      this.#held += 1
      if (this.#held > MOST_HELD) await this.#written
      if (end < messages.length) await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /** As soon as the write before has ended, and then all that has come by then: one sync for many messages. */
  #writeSoon(): void {
    if (this.#next !== undefined) return
    const next = this.#written.then(() => {
      this.#next = undefined
      this.#written = next
      this.#held = 0
      return this.#write()
    })
    next.catch((error: unknown) => this.fail(error))
    this.#next = next
  }

  /** What came of the messages so far is durable; rejected once that failed. */
  get #allWritten(): Promise<void> {
    return this.#next ?? this.#written
  }

  async #write(): Promise<void> {
    const outcome = this.#flow.collect()
    const appended = await this.#logs.append(outcome)
    if (outcome.routed.length > 0) await this.#options.onRouted(outcome.routed)
    this.#options.onOutcome(outcome, appended)
  }

  /** Returns the instant at which it was done: the beginning of the next. */
  #take(message: BusMessage, before: number): number {
    if (this.#verify !== undefined) this.#compare(message, this.#verify)
    if (message.offset < this.#place.offset) return before
    const decision = this.#flow.take(message)
    this.#place.offset = message.offset + 1
    this.#last = message
    this.#unsaved += 1
    const now = performance.now()
    if (decision !== undefined) decision.processingMs = now - before
    this.#options.onProcessed((now - before) / 1000)
    return now
  }

  async #settle(): Promise<void> {
    if (this.#settledAt === undefined || this.#place.offset < this.#settledAt) return
    this.#settledAt = undefined
    await this.#allWritten
    this.#logs.forget()
  }

  #compare(message: BusMessage, mark: MessageMark): void {
    if (message.offset < mark.offset) return
    this.#verify = undefined
    // A later one comes first when the marked one was compacted away: nothing can be said then.
    if (message.offset > mark.offset || isMarked(message, mark)) return
    throw new RecreatedTopic(this.#origin)
  }

  /** The next start reads from the beginning; what was counted stays counted. */
  async #forgetPlace(): Promise<void> {
    this.#options.onRecreated()
    await this.#allWritten
    const logs = await this.#logs.saved()
    await this.#checkpoint.save({ positions: new Map(), state: { logs, flow: this.#flow.save() } })
  }

  async #saveWhenDue(): Promise<void> {
    const { checkpointSeconds, checkpointRecords = Number.POSITIVE_INFINITY } = this.#options
    const waited = performance.now() - this.#savedAt
    const isDue = waited >= 1000 * checkpointSeconds || this.#unsaved >= checkpointRecords
    if (isDue && waited >= this.#saveMs / SAVING_SHARE) await this.#saveOrSay()
  }

  /** A volume that cannot be written now will be later: until then nothing is committed and nothing is lost. */
  async #saveOrSay(): Promise<void> {
    if (this.#unsaved === 0 || this.#broken !== undefined) return
    try {
      await this.#save()
    } catch (error) {
      this.#logger.warn('the checkpoint could not be saved', { origin: this.#origin, error: describeError(error) })
    }
  }

  async #save(): Promise<void> {
    const startedAt = performance.now()
    await this.#allWritten
    if (this.#last !== undefined) this.#place.mark = markOf(this.#last)
    const logs = await this.#logs.saved()
    const { offset } = this.#place
    await this.#checkpoint.save({
      // The own places are part of the state: as registered positions they would hold back other writers' retention.
      positions: new Map(),
      state: { place: this.#place, logs, flow: this.#flow.save() },
    })
    this.#unsaved = 0
    this.#last = undefined
    this.#savedAt = performance.now()
    this.#saveMs = this.#savedAt - startedAt
    await this.#options.onSaved(offset, this.#saveMs / 1000)
  }

  /** Batches and saves take turns: a checkpoint is always between two batches. */
  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#work.then(work)
    this.#work = turn.then(
      () => {},
      () => {},
    )
    return turn
  }
}

/** The offsets that were saved belong to a topic that is gone. */
class RecreatedTopic extends Error {}
