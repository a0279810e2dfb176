import { describeError } from '../lifecycle.ts'
import type { Logger } from '../logger.ts'
import { startLoop } from '../loop.ts'
import type { TailBatch, Tailer } from './log.ts'

export interface FollowOptions<Read> {
  tailer: Tailer<Read>
  /** Wait between polls while there is something to read, milliseconds (DTMS_LOG_POLL_MS). */
  pollMs: number
  /**
   * Called for every poll that brought something, and once when the end of the log is reached for the first time. When it
   * fails it is called again with the same batch: it must be repeatable until it has succeeded.
   */
  onBatch: (batch: TailBatch<Read>) => Promise<void> | void
  logger: Logger
}

export interface Follower {
  /** False while the last attempt to read or to handle what was read has failed. */
  readonly healthy: boolean
  /** Milliseconds of the monotonic clock (`performance.now`) at which the last poll succeeded; undefined before. */
  readonly lastPollAt: number | undefined
  /** Resolves when everything that was there has been read and handled once. */
  readonly firstPass: Promise<void>
  wake(): void
  /** Resolves when the turn under way has ended. */
  stop(): Promise<void>
}

/** An idle reader looks at least this often, milliseconds. */
const IDLE_MS = 1000

/** Reads on and on: without a pause while behind, at `pollMs` while there is something, backing off to 1 s while idle. */
export function followLog<Read>(options: FollowOptions<Read>): Follower {
  const { tailer, pollMs, onBatch, logger } = options
  let waitMs = pollMs
  let failures = 0
  let lastPollAt: number | undefined
  let reachedEnd = false
  let held: TailBatch<Read> | undefined
  let resolveFirstPass: () => void = () => {}
  const firstPass = new Promise<void>((resolve) => {
    resolveFirstPass = resolve
  })

  async function turn(): Promise<number> {
    held ??= await tailer.poll()
    const batch = held
    const something = batch.entries.length + batch.gaps.length + batch.damaged.length + batch.repeated > 0
    if (something || (batch.caughtUp && !reachedEnd)) await onBatch(batch)
    held = undefined
    lastPollAt = performance.now()
    if (failures > 0) logger.info('reading goes on')
    failures = 0
    if (batch.caughtUp && !reachedEnd) {
      reachedEnd = true
      resolveFirstPass()
    }
    if (!batch.caughtUp) return 0
    waitMs = something ? pollMs : Math.min(IDLE_MS, waitMs * 1.5)
    return waitMs
  }

  const loop = startLoop(turn, (error) => {
    if (failures === 0) logger.warn('the log cannot be read; trying again', { error: describeError(error) })
    failures += 1
    return Math.min(IDLE_MS, pollMs * 2 ** Math.min(failures, 10))
  })
  return {
    get healthy() {
      return failures === 0
    },
    get lastPollAt() {
      return lastPollAt
    },
    firstPass,
    wake: () => loop.wake(),
    stop: () => loop.stop(),
  }
}
