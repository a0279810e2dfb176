import { Worker } from 'node:worker_threads'
import { DtmsError } from '../errors.ts'
import { workerEntry } from '../worker-entry.ts'
import { fromPlainError, type Operation, type Operations, type Response, type WorkerData } from './messages.ts'

export interface CallThreadOptions {
  data: Omit<WorkerData, 'abandoned'>
  deadlineMs: number
  /** Called once: a call has passed the deadline, all calls of this thread have been rejected. */
  onStuck: () => void
  /** Called once the thread is gone; with an error when it failed. */
  onEnd: (error: unknown) => void
}

interface Waiting {
  resolve: (value: unknown) => void
  reject: (error: DtmsError) => void
}

/** The loop may have been away (a stopped process, a long task) while the answer lay waiting: look once more. */
const SECOND_LOOK_MS = 20

export function stalledError(): DtmsError {
  return new DtmsError('volume.stalled', 'a call to the volume does not come back', {
    hint: 'check the server or the mount of the data directory; DTMS goes on as soon as it answers',
  })
}

/**
 * One worker thread and its calls, answered in order. The deadline is measured from the last answer, because a call that
 * waits behind a slow one is not stuck.
 */
export class CallThread {
  readonly #options: CallThreadOptions
  readonly #flag = new Int32Array(new SharedArrayBuffer(4))
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  #nextId = 1
  #headSince = 0
  #timer: NodeJS.Timeout | undefined
  #state: 'alive' | 'stuck' | 'ended' = 'alive'
  #failure: unknown

  constructor(options: CallThreadOptions) {
    this.#options = options
    const data: WorkerData = { ...options.data, abandoned: this.#flag.buffer as SharedArrayBuffer }
    this.#worker = new Worker(workerEntry(import.meta.url, './worker.ts'), {
      workerData: data,
      name: 'dtms-volume',
      execArgv: [],
    })
    this.#worker.on('message', (response: Response) => this.#answered(response))
    this.#worker.on('error', (error) => {
      this.#failure = error
    })
    this.#worker.on('exit', () => this.#exited())
  }

  get alive(): boolean {
    return this.#state === 'alive'
  }

  call<O extends Operation>(operation: O, args: Operations[O]['args']): Promise<Operations[O]['result']> {
    if (this.#state !== 'alive') return Promise.reject(stalledError())
    return new Promise((resolve, reject) => {
      const id = this.#nextId
      this.#nextId += 1
      if (this.#waiting.size === 0) this.#headSince = performance.now()
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject })
      const owned = args.map(owning)
      this.#worker.postMessage({ id, operation, args: owned }, owned.flatMap(memoryOf))
      this.#timer ??= setTimeout(() => this.#look(), this.#options.deadlineMs)
    })
  }

  async end(): Promise<void> {
    clearTimeout(this.#timer)
    if (this.#state !== 'alive') return
    await this.#worker.terminate()
  }

  #answered(response: Response): void {
    const waiting = this.#waiting.get(response.id)
    if (waiting === undefined) return
    this.#waiting.delete(response.id)
    this.#headSince = performance.now()
    if ('error' in response) waiting.reject(fromPlainError(response.error))
    else waiting.resolve(response.value)
  }

  #look(secondAt?: number): void {
    this.#timer = undefined
    if (this.#waiting.size === 0 || this.#state !== 'alive') return
    const left = this.#options.deadlineMs - (performance.now() - this.#headSince)
    if (left > 0) {
      this.#timer = setTimeout(() => this.#look(), left)
    } else if (secondAt !== this.#headSince) {
      const seen = this.#headSince
      this.#timer = setTimeout(() => this.#look(seen), SECOND_LOOK_MS)
    } else {
      this.#giveUp()
    }
  }

  #giveUp(): void {
    this.#state = 'stuck'
    Atomics.store(this.#flag, 0, 1)
    this.#worker.unref()
    this.#options.onStuck()
    this.#rejectAll(stalledError)
  }

  #exited(): void {
    clearTimeout(this.#timer)
    this.#state = 'ended'
    this.#options.onEnd(this.#failure)
    this.#rejectAll(() => new DtmsError('volume.unavailable', 'the volume thread has ended', { cause: this.#failure }))
  }

  #rejectAll(error: () => DtmsError): void {
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const { reject } of waiting) reject(error())
  }
}

/** Bytes go to the thread as a copy that moves there: the caller's memory stays the caller's, and is copied once. */
function owning(arg: unknown): unknown {
  if (!(arg instanceof Uint8Array)) return arg
  const copy = Buffer.allocUnsafeSlow(arg.length)
  copy.set(arg)
  return copy
}

function memoryOf(arg: unknown): ArrayBuffer[] {
  return arg instanceof Uint8Array ? [arg.buffer as ArrayBuffer] : []
}
