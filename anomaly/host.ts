import { Worker } from 'node:worker_threads'
import { DtmsError } from '../lib/errors.ts'
import type { TransferRecord } from '../lib/record/record.ts'
import { workerEntry } from '../lib/worker-entry.ts'
import type { ModelRefusal } from './model-file.ts'
import type { MaintenanceWindow, PipelineFacts } from './pipeline.ts'
import type { Processed, Saved, WorkerData, WorkerReply, WorkerRequest } from './worker-messages.ts'

/**
 * Heap of the thread, MB. A limit near what is needed makes the collector tidy up sooner: 45 MB resident instead of 72
 * after a day of the default world, at the same CPU time. 1,024 links with full baselines take about 200 of it.
 */
const HEAP = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 384 }

/** Records in one message: a large batch must not hold the event loop while it is copied over. */
const CHUNK = 2000

type Call = { [R in WorkerRequest as R['type']]: Omit<R, 'id'> }[WorkerRequest['type']]

interface Pending {
  resolve: (value: never) => void
  reject: (error: DtmsError) => void
}

/** The scoring thread as its service sees it. Once it has died every call fails: whoever holds it opens a new one. */
export class ScoringHost {
  readonly #worker: Worker
  readonly #pending = new Map<number, Pending>()
  readonly #whenReady: Promise<{ facts: PipelineFacts; refusedModel?: ModelRefusal }>
  readonly #onDeath: (error: DtmsError) => void
  #calls = 0
  #dead: DtmsError | undefined
  #closing = false

  /** `onDeath` is called once when the thread ends without having been closed. */
  constructor(data: WorkerData, onDeath: (error: DtmsError) => void = () => {}) {
    this.#onDeath = onDeath
    this.#worker = new Worker(workerEntry(import.meta.url, './worker.ts'), {
      ...{ workerData: data, name: 'anomaly', resourceLimits: HEAP },
    })
    this.#whenReady = new Promise((resolve, reject) => {
      this.#pending.set(0, { resolve, reject })
    })
    this.#whenReady.catch(() => {})
    this.#worker.on('message', (reply: WorkerReply) => this.#settle(reply))
    this.#worker.on('error', (error) => this.#die(error))
    this.#worker.on('exit', (code) => this.#die(new Error(`exit code ${code}`)))
  }

  get alive(): boolean {
    return this.#dead === undefined
  }

  /** What the thread has died of. */
  get death(): DtmsError | undefined {
    return this.#dead
  }

  /** Resolves when the saved state has been taken over. */
  ready(): Promise<{ facts: PipelineFacts; refusedModel?: ModelRefusal }> {
    return this.#whenReady
  }

  /** @throws DtmsError `internal.bug` when the thread has died or the pipeline has failed */
  async process(records: readonly TransferRecord[], maintenance: readonly MaintenanceWindow[]): Promise<Processed[]> {
    const answers: Processed[] = []
    for (let from = 0; from < records.length; from += CHUNK) {
      const chunk = records.slice(from, from + CHUNK)
      answers.push(await this.#call<Processed>({ type: 'process', records: chunk, maintenance }))
    }
    return answers
  }

  save(knownFit: number): Promise<Saved> {
    return this.#call<Saved>({ type: 'save', knownFit })
  }

  async close(): Promise<void> {
    this.#closing = true
    await this.#worker.terminate()
  }

  #call<T>(call: Call): Promise<T> {
    if (this.#dead !== undefined) return Promise.reject(this.#dead)
    this.#calls += 1
    const id = this.#calls
    return new Promise<T>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject })
      this.#worker.postMessage({ ...call, id })
    })
  }

  #settle(reply: WorkerReply): void {
    const id = reply.type === 'ready' ? 0 : reply.id
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    if (pending === undefined) return
    if (reply.type === 'failure') pending.reject(scoringError(reply.message))
    else pending.resolve((reply.type === 'ready' ? reply : reply.value) as never)
  }

  #die(error: unknown): void {
    if (this.#dead !== undefined) return
    this.#dead = scoringError(this.#closing ? 'it was closed' : String(error))
    for (const { reject } of this.#pending.values()) reject(this.#dead)
    this.#pending.clear()
    if (!this.#closing) this.#onDeath(this.#dead)
  }
}

function scoringError(reason: string): DtmsError {
  return new DtmsError('internal.bug', `the scoring thread has failed: ${reason}`, {
    hint: 'it is started again from the last checkpoint; report it if it comes back',
    retryable: true,
  })
}
