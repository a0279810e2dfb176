import { DtmsError, exitCodeOf } from './errors.ts'
import type { Logger } from './logger.ts'

/** What every part with a life looks like: `start` once, `stop` any number of times. */
export interface Lifecycle {
  start(): Promise<void>
  stop(): Promise<void>
  /** Rejects when, after a good start, the part can no longer do its work; never resolves. See `Failure`. */
  readonly failed?: Promise<never>
}

/**
 * The way a running part says that it is over (its log was taken over by another writer): whoever runs it stops
 * everything and ends with the error's exit code.
 */
export class Failure {
  readonly promise: Promise<never>
  #reject: (error: unknown) => void = () => {}

  constructor() {
    this.promise = new Promise<never>((_resolve, reject) => {
      this.#reject = reject
    })
    // Whoever listens hears of it; when nobody does, it must not end the process as an unhandled rejection.
    this.promise.catch(() => {})
  }

  /** The first call counts. */
  fail(error: unknown): void {
    this.#reject(error)
  }
}

/** Time given to all undo steps of a stop together, milliseconds. */
export const STOP_DEADLINE_MS = 10_000

/**
 * Named steps to undo, run in reverse under one deadline. A step that fails or hangs is logged and passed over, so that
 * one stuck part does not keep the others from closing.
 */
export class UndoStack {
  readonly #steps: { name: string; undo: () => Promise<void> | void }[] = []
  readonly #logger: Logger
  #running: Promise<boolean> | undefined

  constructor(logger: Logger) {
    this.#logger = logger
  }

  push(name: string, undo: () => Promise<void> | void): void {
    this.#steps.push({ name, undo })
  }

  /** Idempotent: a second call waits for the first. True when every step ended in time. */
  run(deadlineMs = STOP_DEADLINE_MS): Promise<boolean> {
    this.#running ??= this.#unwind(performance.now() + deadlineMs)
    return this.#running
  }

  async #unwind(deadline: number): Promise<boolean> {
    let clean = true
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      const { name, undo } = step
      const outcome = await withDeadline(async () => undo(), Math.max(0, deadline - performance.now()))
      if (outcome.state === 'done') continue
      clean = false
      if (outcome.state === 'late') this.#logger.error('stop step did not end in time', { step: name })
      else this.#logger.error('stop step failed', { step: name, error: describeError(outcome.error) })
    }
    return clean
  }
}

type Outcome = { state: 'done' } | { state: 'late' } | { state: 'failed'; error: unknown }

async function withDeadline(work: () => Promise<void>, milliseconds: number): Promise<Outcome> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Outcome>((resolve) => {
    timer = setTimeout(() => resolve({ state: 'late' }), milliseconds)
  })
  const done = work().then(
    (): Outcome => ({ state: 'done' }),
    (error: unknown): Outcome => ({ state: 'failed', error }),
  )
  const outcome = await Promise.race([done, late])
  clearTimeout(timer)
  return outcome
}

/**
 * A signal that follows another within this time is its echo, milliseconds: a terminal, `npm` or `timeout` tells a whole
 * group of processes and its members as well.
 */
const ECHO_MS = 300

/** A plain object for a log line: message, code, hint and the chain of causes. */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) }
  const described: Record<string, unknown> = { message: error.message }
  if (error instanceof DtmsError) {
    described.code = error.code
    if (error.hint !== undefined) described.hint = error.hint
  } else if (error.stack !== undefined) described.stack = error.stack
  if (error.cause !== undefined) described.cause = describeError(error.cause)
  return described
}

/**
 * Starts an app, stops it on SIGINT or SIGTERM or when it has failed, and returns the exit code: 0 stopped, 1 failed,
 * 2 bad configuration. A second signal cuts a stop short. When the stop deadline passes (a worker blocked in a volume call survives even
 * `process.exit`), the process says so and kills itself.
 */
export async function runUntilSignal(app: Lifecycle, logger: Logger): Promise<number> {
  let release: (signal: string) => void = () => {}
  const signalled = new Promise<string>((resolve) => {
    release = resolve
  })
  let stopping = false
  let toldAt = Number.NEGATIVE_INFINITY
  const onSignal = (signal: NodeJS.Signals): void => {
    const now = performance.now()
    if (now - toldAt < ECHO_MS) return
    toldAt = now
    if (stopping) {
      logger.warn('second signal: stopping at once', { signal })
      process.kill(process.pid, 'SIGKILL')
    }
    stopping = true
    release(signal)
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  let code = 0
  try {
    const over = app.failed === undefined ? [signalled] : [signalled, app.failed]
    await Promise.race([app.start(), ...over])
    const signal = await Promise.race(over)
    logger.info('stopping', { signal })
  } catch (error) {
    logger.error('failed', { error: describeError(error) })
    code = exitCodeOf(error)
  }
  stopping = true
  const stopped = await withDeadline(() => app.stop(), STOP_DEADLINE_MS + 1000)
  process.off('SIGINT', onSignal)
  process.off('SIGTERM', onSignal)
  if (stopped.state === 'late') {
    logger.error('a part is stuck beyond the stop deadline: killing this process', {})
    process.kill(process.pid, 'SIGKILL')
  }
  if (stopped.state === 'failed') {
    logger.error('stop failed', { error: describeError(stopped.error) })
    return 1
  }
  logger.info('stopped', { code })
  return code
}
