import { DtmsError } from '../../lib/errors.ts'
import type { BusRecord, PartitionEnd } from '../bus.ts'
import { isMissingTopic, isPatienceLost, toBusError } from './errors.ts'

/** Sends to one topic under sequence numbers of its own. */
export interface Sender {
  send(records: readonly BusRecord[]): Promise<PartitionEnd[]>
  /** The next send begins with fresh sequence numbers. */
  renew(): Promise<void>
  close(): Promise<void>
}

export interface LaneOptions {
  topic: string
  sender: Sender
  /** Number of partitions now, asked anew; undefined while there is no such topic. */
  partitions(): Promise<number | undefined>
  /** The topic is not there: makes it again when a plan for it is known. */
  onMissing(): Promise<void>
  onTrouble(error: DtmsError): void
  /** Pause between attempts, milliseconds. */
  pauseMs?: number
}

interface Job {
  records: readonly BusRecord[]
  resolve(ends: PartitionEnd[]): void
  reject(error: unknown): void
}

/** The largest request and the most records of one: brokers take 1 MiB a partition by default; the client copies quadratically. */
const REQUEST_BYTES = 524_288
const REQUEST_RECORDS = 1000
/** What a record takes besides its value: key, headers, lengths; generous. */
const RECORD_OVERHEAD = 256

/**
 * Records on their way to one topic: in order, one request at a time, each repeated unchanged until the broker has
 * acknowledged it. One at a time is no accident: the client library hands the sequence numbers of a failed request to
 * the next one, and the broker would take that for a repeat and drop it.
 */
export class Lane {
  readonly #options: LaneOptions
  readonly #queue: Job[] = []
  #partitions = 0
  #closed = false
  #running: Promise<void> | undefined
  #wake: () => void = () => {}

  constructor(options: LaneOptions) {
    this.#options = options
  }

  publish(records: readonly BusRecord[]): Promise<PartitionEnd[]> {
    if (this.#closed) return Promise.reject(closedError())
    if (records.length === 0) return Promise.resolve([])
    return new Promise((resolve, reject) => {
      this.#queue.push({ records, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  /** Waits for the request under way; what has not been sent is refused with `bus.closed`. */
  async close(): Promise<void> {
    this.#closed = true
    this.#wake()
    for (const { reject } of this.#queue.splice(0)) reject(closedError())
    await this.#running
    await this.#options.sender.close()
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      const jobs = this.#queue.splice(0, fitting(this.#queue))
      if (jobs.length > 1 && (await this.#sendTogether(jobs))) continue
      for (const { records, resolve, reject } of jobs) await this.#sendAll(records).then(resolve, reject)
    }
    this.#running = undefined
  }

  /** Calls for different partitions as one request; false when they must be sent one by one to tell which is refused. */
  async #sendTogether(jobs: readonly Job[]): Promise<boolean> {
    try {
      const ends = await this.#sendAll(jobs.flatMap(({ records }) => records))
      for (const { records, resolve } of jobs) {
        const own = new Set(records.map(({ partition }) => partition))
        resolve(ends.filter(({ partition }) => own.has(partition)))
      }
      return true
    } catch (error) {
      if (error instanceof DtmsError && error.code === 'bus.refused') return false
      for (const { reject } of jobs) reject(error)
      return true
    }
  }

  async #sendAll(records: readonly BusRecord[]): Promise<PartitionEnd[]> {
    await this.#checkPartitions(records)
    const ends = new Map<number, number>()
    for (const part of requests(records)) {
      for (const { partition, offset } of await this.#send(part)) ends.set(partition, offset)
    }
    return [...ends].map(([partition, offset]) => ({ partition, offset })).sort((a, b) => a.partition - b.partition)
  }

  /** Records of a partition that does not exist would be dropped by the client library without a word. */
  async #checkPartitions(records: readonly BusRecord[]): Promise<void> {
    const highest = records.reduce((most, { partition }) => Math.max(most, partition), 0)
    if (highest < this.#partitions) return
    const found = await this.#insist(() => this.#options.partitions())
    // The client's producer knows the partitions of some seconds ago.
    if (this.#partitions > 0 && found > this.#partitions) await this.#options.sender.renew()
    this.#partitions = found
    if (highest < this.#partitions) return
    throw new DtmsError('bus.refused', `${this.#options.topic} has no partition ${highest}`, {
      hint: `it has ${this.#partitions}, counted from 0`,
      retryable: true,
    })
  }

  async #send(records: readonly BusRecord[]): Promise<PartitionEnd[]> {
    const { sender } = this.#options
    const ends: PartitionEnd[] = []
    for (let left = records; left.length > 0; ) {
      const sent = await this.#insist(async () => {
        try {
          return await sender.send(left)
        } catch (error) {
          if (isMissingTopic(error)) await this.#options.onMissing()
          if (!isPatienceLost(error)) await sender.renew()
          throw error
        }
      })
      ends.push(...sent)
      const done = new Set(sent.map(({ partition }) => partition))
      left = left.filter(({ partition }) => !done.has(partition))
      if (left.length > 0) await sender.renew()
    }
    return ends
  }

  /** Until it succeeds, is refused, or the lane closes. */
  async #insist<T>(work: () => Promise<T | undefined>): Promise<T> {
    for (;;) {
      let trouble: DtmsError
      try {
        const answer = await work()
        if (answer !== undefined) return answer
        await this.#options.onMissing()
        trouble = new DtmsError('bus.unavailable', `there is no topic ${this.#options.topic}`)
      } catch (error) {
        trouble = toBusError(error, `publishing to ${this.#options.topic}`)
        if (trouble.code === 'bus.refused') throw trouble
      }
      if (this.#closed) throw closedError()
      this.#options.onTrouble(trouble)
      await this.#pause()
      if (this.#closed) throw closedError()
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#options.pauseMs ?? 250)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

/** How many calls from the front go into one request: of partitions of their own, and no more than a request takes. */
function fitting(jobs: readonly Job[]): number {
  const taken = new Set<number>()
  let bytes = 0
  let records = 0
  for (const [at, job] of jobs.entries()) {
    const own = new Set(job.records.map(({ partition }) => partition))
    bytes += job.records.reduce((sum, { value }) => sum + value.length + RECORD_OVERHEAD, 0)
    records += job.records.length
    const fits = bytes <= REQUEST_BYTES && records <= REQUEST_RECORDS && [...own].every((one) => !taken.has(one))
    if (at > 0 && !fits) return at
    for (const one of own) taken.add(one)
  }
  return jobs.length
}

/** Cut so that no request is larger than a broker takes; one record alone may be. */
export function requests(records: readonly BusRecord[]): (readonly BusRecord[])[] {
  const parts: (readonly BusRecord[])[] = []
  let from = 0
  let bytes = 0
  records.forEach(({ value }, at) => {
    const size = value.length + RECORD_OVERHEAD
    if (at > from && (bytes + size > REQUEST_BYTES || at - from >= REQUEST_RECORDS)) {
      parts.push(records.slice(from, at))
      from = at
      bytes = 0
    }
    bytes += size
  })
  if (from < records.length) parts.push(from === 0 ? records : records.slice(from))
  return parts
}

export function closedError(): DtmsError {
  return new DtmsError('bus.closed', 'the bus is closed')
}
