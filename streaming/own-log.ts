import type { Clock } from '../lib/clock.ts'
import { DtmsError } from '../lib/errors.ts'
import { describeError } from '../lib/lifecycle.ts'
import type { LeaseTiming } from '../lib/log/lease.ts'
import type { Codec, LogWriter, Position, Tailer } from '../lib/log/log.ts'
import type { RetentionRule } from '../lib/log/retention.ts'
import { createTailer } from '../lib/log/tailer.ts'
import { openLogWriter } from '../lib/log/writer.ts'
import type { Logger } from '../lib/logger.ts'
import type { Volume } from '../lib/volume/volume.ts'

export interface OwnLogOptions<Written, Read extends Written> {
  volume: Volume
  clock: Clock
  logger: Logger
  stream: string
  writer: string
  codec: Codec<Written, Read>
  /** What makes an entry the same one when it is computed again. */
  idOf: (entry: Written) => string
  retention: RetentionRule
  leaseTiming?: LeaseTiming
  /** Another process has taken the folder over. */
  onFenced: (error: DtmsError) => void
}

/** Pause before a folder that somebody else holds is asked for again, milliseconds. */
const BUSY_PAUSE_MS = 250

/** What is saved of an own log, with the state that it was computed from. */
export interface SavedLog {
  /** Behind the last line; absent while the log is empty. */
  place?: Position
  /** Ids of lines before it that a former life appended and this one has not come to again. */
  ahead: string[]
}

/**
 * A log that is computed from something that can be read again: what was appended after the saved place comes a second
 * time after a crash, is known by its id, and is not written twice.
 */
export class OwnLog<Written, Read extends Written> {
  readonly #options: OwnLogOptions<Written, Read>
  readonly #writer: LogWriter<Written>
  readonly #known = new Set<string>()
  /** Follows what is appended, for its place alone. */
  #tailer: Tailer<undefined>
  #unread = false

  /**
   * Waits until whoever holds the folder has let go, as long as `signal` does not abort. `recall` comes next.
   * @throws what the volume throws; the signal's reason
   */
  static async open<Written, Read extends Written>(
    options: OwnLogOptions<Written, Read>,
    signal: AbortSignal,
  ): Promise<OwnLog<Written, Read>> {
    return new OwnLog<Written, Read>(options, await claim(options, signal))
  }

  private constructor(options: OwnLogOptions<Written, Read>, writer: LogWriter<Written>) {
    this.#options = options
    this.#writer = writer
    this.#tailer = this.#tailerFrom(placeCodec, undefined)
  }

  /** Learns what a former life appended after its state was saved; all of the log when nothing was saved. */
  async recall(saved: SavedLog | undefined): Promise<void> {
    const tailer = this.#tailerFrom(this.#options.codec, saved?.place)
    for (const id of saved?.ahead ?? []) this.#known.add(id)
    for (let caughtUp = false; !caughtUp; ) {
      const batch = await tailer.poll()
      for (const { value } of batch.entries) this.#known.add(this.#options.idOf(value))
      caughtUp = batch.caughtUp
    }
    this.#tailer = this.#tailerFrom(placeCodec, tailer.positions().get(this.#options.writer))
  }

  /** Resolves with how many were new once all are durable. */
  async append(entries: readonly Written[]): Promise<number> {
    const { idOf } = this.#options
    // A line that has come again will not come a third time.
    const fresh = this.#known.size === 0 ? entries : entries.filter((entry) => !this.#known.delete(idOf(entry)))
    if (fresh.length === 0) return 0
    this.#unread = true
    await this.#writer.appendAll(fresh)
    return fresh.length
  }

  /** Nothing of former lives will come again: what they appended and this one did not is of no interest any more. */
  forget(): void {
    this.#known.clear()
  }

  /**
   * The place behind everything appended. A life that ends before it has come to all that the one before it had appended
   * must tell the next, or that one would append the rest twice.
   */
  async saved(): Promise<SavedLog> {
    while (this.#unread) this.#unread = !(await this.#tailer.poll()).caughtUp
    const place = this.#tailer.positions().get(this.#options.writer)
    return { ...(place === undefined ? {} : { place }), ahead: [...this.#known] }
  }

  async close(): Promise<void> {
    await this.#writer.close()
  }

  #tailerFrom<Value>(codec: Codec<never, Value>, place: Position | undefined): Tailer<Value> {
    const { volume, logger, stream, writer } = this.#options
    const positions = place === undefined ? undefined : new Map([[writer, place]])
    return createTailer({
      ...{ volume, logger, stream, codec, writers: [writer] },
      ...(positions === undefined ? {} : { positions }),
    })
  }
}

const SEQ = /^\{"v":\d+,"seq":(\d+)[,}]/

/** Of the own lines, which were checked when they were written, only the seq is of interest. */
const placeCodec: Codec<never, undefined> = {
  serialise: () => {
    throw new DtmsError('internal.bug', 'only for reading')
  },
  parse(line) {
    const seq = SEQ.exec(line.toString('latin1', 0, 64))?.[1]
    if (seq === undefined) return { ok: false, reason: 'syntax' }
    return { ok: true, seq: Number(seq), value: undefined, at: 0 }
  },
  timeOf: () => 0,
}

async function claim<Written, Read extends Written>(
  options: OwnLogOptions<Written, Read>,
  signal: AbortSignal,
): Promise<LogWriter<Written>> {
  const { volume, clock, logger, stream, writer, codec, retention, leaseTiming, onFenced } = options
  for (let isWaiting = false; ; isWaiting = true) {
    signal.throwIfAborted()
    try {
      const opened = await openLogWriter<Written>({
        ...{ volume, clock, logger, stream, writer, codec, retention, onFenced },
        ...(leaseTiming === undefined ? {} : { leaseTiming }),
      })
      if (!signal.aborted) return opened
      await opened.close().catch(() => {})
    } catch (error) {
      if (!(error instanceof DtmsError) || error.code !== 'log.writer_busy') throw error
      if (!isWaiting) {
        logger.info('waiting until the former reader of this partition lets go', { error: describeError(error) })
      }
    }
    await pause(BUSY_PAUSE_MS, signal)
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    signal.addEventListener('abort', done)
  })
}
