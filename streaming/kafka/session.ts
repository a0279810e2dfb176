import type { BusMessage, PartitionRange, SubscribeOptions, TopicPartition } from '../bus.ts'
import { judge, startOf } from './places.ts'

/** One fetched batch of a partition. */
export interface Fetched {
  /** Not empty; markers that are no records have been taken out. */
  messages: readonly BusMessage[]
  /** Offset behind the batch, markers included. */
  next: number
}

/** The client library's side of one partition. */
export interface PartitionPort {
  range(): Promise<PartitionRange>
  incarnation(): Promise<string>
  /** The next fetch begins here. */
  seek(offset: number): void
  pause(): void
  resume(): void
  /** The topic is another one now: the partition has to be given anew. */
  recreated(): void
  onError(what: string, error: unknown): void
}

export type SessionHandlers = Pick<SubscribeOptions, 'onAssigned' | 'onRecords' | 'onRevoked' | 'onLost'>

export interface SessionOptions {
  place: TopicPartition
  handlers: SessionHandlers
  port: PartitionPort
  /** Resolves when this process's former session of the partition has let go. */
  after: Promise<void>
  /** A batch that takes longer than this stops fetching of its partition and lets the others go on, milliseconds. */
  holdMs: number
  /** Pauses before something that failed is tried again: doubles from the first to the last, milliseconds. */
  retryMs?: { first: number; last: number }
}

/** One partition for as long as this member has it: restored, read batch by batch, let go. */
export class PartitionSession {
  readonly place: TopicPartition
  readonly #options: SessionOptions
  readonly #abort = new AbortController()
  readonly #restoring: Promise<void>
  #restored = false
  #taking = false
  #handling: Promise<void> | undefined
  #position: number | undefined
  #closing: Promise<void> | undefined
  #wake: () => void = () => {}

  constructor(options: SessionOptions) {
    this.place = options.place
    this.#options = options
    options.port.pause()
    this.#restoring = this.#restore()
  }

  get restored(): boolean {
    return this.#restored && this.#closing === undefined
  }

  /** Offset of the next record to handle; undefined until restored. */
  get position(): number | undefined {
    return this.#position
  }

  /**
   * Hands a batch on when the one before it has been handled. Resolves with the offset to fetch from as soon as it is
   * taken, so that the next is fetched while this one is handled; or with undefined when fetching goes on by other
   * means: the batch was not what was expected, or the one before takes long and the partition is paused meanwhile.
   */
  async take(fetched: Fetched): Promise<number | undefined> {
    if (this.#taking) return undefined
    this.#taking = true
    try {
      return (await this.#isFree()) && (await this.#isNext(fetched)) ? this.#begin(fetched) : undefined
    } finally {
      this.#taking = false
    }
  }

  /** Waits for the batch under way; false when that takes too long: then it has the partition fetched again at its end. */
  async #isFree(): Promise<boolean> {
    const handling = this.#handling
    if (handling === undefined || (await within(handling, this.#options.holdMs))) return true
    this.#options.port.pause()
    void handling.then(() => this.#goOn())
    return false
  }

  async #isNext({ messages }: Fetched): Promise<boolean> {
    const first = messages[0]?.offset
    if (first === undefined || !this.restored || this.#position === undefined) return false
    if (first !== this.#position && !(await this.#agrees(this.#position, first))) return false
    return this.restored
  }

  #begin(fetched: Fetched): number {
    const handling = this.#handle(fetched).then(() => {
      if (this.#handling === handling) this.#handling = undefined
    })
    this.#handling = handling
    return fetched.next
  }

  /** Takes no more; resolves when the call under way has ended and the partition was let go. */
  close(): Promise<void> {
    this.#closing ??= this.#end()
    return this.#closing
  }

  async #end(): Promise<void> {
    this.#abort.abort()
    this.#wake()
    this.#options.port.pause()
    await this.#restoring
    await this.#handling
    if (!this.#restored) return
    try {
      await this.#options.handlers.onRevoked(this.place)
    } catch (error) {
      this.#options.port.onError('letting a partition go failed', error)
    }
  }

  async #restore(): Promise<void> {
    const { place, handlers, port, after } = this.#options
    await after
    await this.#insist('restoring a partition failed', async () => {
      const [range, incarnation] = await Promise.all([port.range(), port.incarnation()])
      const { first, next } = range
      if (this.#abort.signal.aborted) return
      const wanted = await handlers.onAssigned({ ...place, incarnation, first, next }, this.#abort.signal)
      this.#restored = true
      // Restoring takes its time: what was there before it may be gone.
      const { offset, lost } = startOf(wanted, { ...range, ...(await port.range().catch(() => range)) })
      if (lost !== undefined) handlers.onLost(place, lost)
      this.#position = offset
      if (this.#closing !== undefined) return
      port.seek(offset)
      port.resume()
    })
  }

  async #handle({ messages, next }: Fetched): Promise<void> {
    const done = await this.#insist('records were not handled; they are delivered again', () =>
      this.#options.handlers.onRecords(this.place, messages),
    )
    if (done) this.#position = next
  }

  #goOn(): void {
    if (!this.restored || this.#position === undefined) return
    this.#options.port.seek(this.#position)
    this.#options.port.resume()
  }

  /** Whether a batch may be taken although it does not begin at the place expected. */
  async #agrees(expected: number, first: number): Promise<boolean> {
    const { place, handlers, port } = this.#options
    let range: PartitionRange
    try {
      range = await port.range()
    } catch (error) {
      port.onError('the range of a partition could not be asked for', error)
      port.seek(expected)
      return false
    }
    const judgement = judge(expected, first, range)
    if (judgement.kind === 'stale') port.seek(expected)
    if (judgement.kind === 'recreated') port.recreated()
    if (judgement.kind === 'lost') handlers.onLost(place, judgement.lost)
    return judgement.kind === 'take' || judgement.kind === 'lost'
  }

  /** Again and again until it succeeds or the session ends; says whether it succeeded. */
  async #insist(what: string, work: () => Promise<void>): Promise<boolean> {
    const { first, last } = this.#options.retryMs ?? { first: 100, last: 5000 }
    const { signal } = this.#abort
    for (let pauseMs = first; !signal.aborted; pauseMs = Math.min(last, 2 * pauseMs)) {
      try {
        await work()
        return true
      } catch (error) {
        if (signal.aborted) return false
        this.#options.port.onError(what, error)
      }
      await this.#pause(pauseMs)
    }
    return false
  }

  #pause(milliseconds: number): Promise<void> {
    if (this.#abort.signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

/** Whether the work ends within so many milliseconds. */
async function within(work: Promise<void>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds)
  })
  try {
    return await Promise.race([work.then(() => true as const), late])
  } finally {
    clearTimeout(timer)
  }
}
