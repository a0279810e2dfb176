import { type Logger, silentLogger } from '../logger.ts'
import { closedError } from './inline.ts'
import type { Operation, Operations } from './messages.ts'
import { CallThread, stalledError } from './thread.ts'
import type { SegmentHandle, Volume } from './volume.ts'

export interface OpenVolumeOptions {
  /** Made when it does not exist. */
  root: string
  /** A call that is under way for longer counts as stalled. */
  deadlineMs?: number
  logger?: Logger
  /** Replaces the system calls in the worker: see `WorkerData` in messages.ts. */
  callsModule?: string
  callsData?: unknown
}

/** The first stuck thread and its one replacement. */
const MOST_STUCK = 2

/**
 * The volume of a service: the same calls in a worker thread, so that a server that has gone away stops neither the event
 * loop nor other files.
 *
 * A thread that blocks in a call can neither be ended nor interrupted. It is given up, and one replacement may live beside
 * it; while that is stuck too, calls fail at once. As soon as a stuck call comes back its thread ends itself and makes
 * room for a new one. Opens nothing by itself: the first call starts the thread.
 */
export function openVolume(options: OpenVolumeOptions): Volume {
  return new WorkerVolume(options)
}

class WorkerVolume implements Volume {
  readonly #options: OpenVolumeOptions
  readonly #logger: Logger
  #active: CallThread | undefined
  readonly #stuck = new Set<CallThread>()
  /** Set when a thread was given up, cleared when a call of a later thread has come back. */
  #doubted = false
  #closed = false

  constructor(options: OpenVolumeOptions) {
    this.#options = options
    this.#logger = options.logger ?? silentLogger
  }

  get healthy(): boolean {
    return !this.#doubted && !this.#closed
  }

  list(folder: string) {
    return this.#call('list', [folder])
  }

  async read(path: string, offset: number, maxBytes: number) {
    const bytes = await this.#call('read', [path, offset, maxBytes])
    return bytes === undefined ? undefined : asBuffer(bytes)
  }

  async look(folder: string, file: string | undefined, offset: number, maxBytes: number) {
    const found = await this.#call('look', [folder, file, offset, maxBytes])
    return { ...found, bytes: found.bytes === undefined ? undefined : asBuffer(found.bytes) }
  }

  size(path: string) {
    return this.#call('size', [path])
  }

  createExclusive(path: string, bytes: Uint8Array) {
    return this.#call('createExclusive', [path, bytes])
  }

  async replace(path: string, bytes: Uint8Array, keepAs?: string) {
    await this.#call('replace', [path, bytes, keepAs])
  }

  async openSegment(path: string): Promise<SegmentHandle | undefined> {
    const thread = this.#thread()
    const handle = await this.#callOn(thread, 'openSegment', [path])
    if (handle === undefined) return undefined
    // The descriptor lives and dies with its thread.
    return {
      append: async (bytes) => {
        await this.#callOn(thread, 'append', [handle, bytes])
      },
      close: async () => {
        if (!thread.alive) return
        await this.#callOn(thread, 'closeSegment', [handle])
      },
    }
  }

  async remove(path: string) {
    await this.#call('remove', [path])
  }

  capacity() {
    return this.#call('capacity', [])
  }

  /** Ends the thread. One that is stuck cannot be ended; `killSelf` sees to it that the process can. */
  async close(): Promise<void> {
    if (this.#closed) return
    const thread = this.#active
    this.#closed = true
    this.#active = undefined
    if (thread === undefined) return
    try {
      await thread.call('closeAll', [])
    } catch {
      // A stuck or failed thread has nothing left that could be closed.
    }
    await thread.end()
  }

  async #call<O extends Operation>(operation: O, args: Operations[O]['args']): Promise<Operations[O]['result']> {
    return this.#callOn(this.#thread(), operation, args)
  }

  async #callOn<O extends Operation>(
    thread: CallThread,
    operation: O,
    args: Operations[O]['args'],
  ): Promise<Operations[O]['result']> {
    const result = await thread.call(operation, args)
    if (thread === this.#active && this.#doubted) {
      this.#doubted = false
      this.#logger.info('the volume answers again')
    }
    return result
  }

  #thread(): CallThread {
    if (this.#closed) throw closedError()
    if (this.#active !== undefined) return this.#active
    if (this.#stuck.size >= MOST_STUCK) throw stalledError()
    const { root, callsModule, callsData, deadlineMs = 5000 } = this.#options
    const thread = new CallThread({
      data: { root, callsData, ...(callsModule === undefined ? {} : { callsModule }) },
      deadlineMs,
      onStuck: () => this.#giveUp(thread),
      onEnd: (error) => this.#ended(thread, error),
    })
    this.#active = thread
    return thread
  }

  #giveUp(thread: CallThread): void {
    if (this.#active === thread) this.#active = undefined
    if (this.#stuck.size === 0) process.on('exit', killSelf)
    this.#stuck.add(thread)
    this.#doubted = true
    this.#logger.error('a volume call is stuck: its thread is given up', { stuck_threads: this.#stuck.size })
  }

  #ended(thread: CallThread, error: unknown): void {
    if (this.#active === thread) this.#active = undefined
    if (error !== undefined) this.#logger.error('the volume thread failed', { error: String(error) })
    if (!this.#stuck.delete(thread) || this.#stuck.size > 0) return
    process.off('exit', killSelf)
    this.#doubted = false
    this.#logger.info('the stuck volume calls have come back')
  }
}

/** A process with a thread in a blocked call hangs in its own exit: the only way out. */
function killSelf(): void {
  process.stderr.write('a volume call is still stuck: this process ends itself by SIGKILL\n')
  process.kill(process.pid, 'SIGKILL')
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
