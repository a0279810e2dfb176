import { DtmsError } from '../lib/errors.ts'
import type { BusMessage, BusRecord, PartitionEnd, PartitionRange } from './bus.ts'

/** One reading group's place in one partition: everything before it is handled and saved. */
export interface GroupPlaces {
  committed(partition: number): number
}

interface Waiter {
  ends: PartitionEnd[]
  resolve(ends: PartitionEnd[]): void
  reject(error: unknown): void
}

/** A partition: records under growing offsets, the oldest forgotten. */
class Partition {
  first = 0
  readonly records: BusMessage[] = []

  get next(): number {
    return this.first + this.records.length
  }

  forget(before: number): void {
    if (before <= this.first) return
    this.records.splice(0, before - this.first)
    this.first = Math.max(this.first, before)
  }
}

/** A topic of the memory bus. */
export class MemoryTopic {
  readonly name: string
  readonly incarnation: string
  readonly #partitions: Partition[]
  readonly #groups = new Set<GroupPlaces>()
  readonly #listeners = new Set<() => void>()
  #waiters: Waiter[] = []

  constructor(name: string, partitions: number, incarnation: string) {
    this.name = name
    this.incarnation = incarnation
    this.#partitions = Array.from({ length: partitions }, () => new Partition())
  }

  get partitions(): number {
    return this.#partitions.length
  }

  ranges(): PartitionRange[] {
    return this.#partitions.map(({ first, next }, partition) => ({ partition, first, next }))
  }

  /** Resolves when every group has committed past the records; while there is no group, waits for one. */
  publish(records: readonly BusRecord[]): Promise<PartitionEnd[]> {
    for (const { partition } of records) this.#partition(partition)
    const ends = new Map<number, number>()
    for (const { partition, key, value, headers, timestampMs } of records) {
      const { next, records: kept } = this.#partition(partition)
      kept.push({ offset: next, key, value, headers, timestampMs })
      ends.set(partition, next)
    }
    if (ends.size === 0) return Promise.resolve([])
    for (const wake of this.#listeners) wake()
    return new Promise((resolve, reject) => {
      const list = [...ends].map(([partition, offset]) => ({ partition, offset })).sort(byPartition)
      this.#waiters.push({ ends: list, resolve, reject })
    })
  }

  /** At most `most` records from `offset` on; the offset must be between the partition's first and next. */
  read(partition: number, offset: number, most: number): BusMessage[] {
    const { first, records } = this.#partition(partition)
    return records.slice(offset - first, offset - first + most)
  }

  /** `wake` is called when records have come. */
  join(group: GroupPlaces, wake: () => void): void {
    this.#groups.add(group)
    this.#listeners.add(wake)
  }

  /** Groups have committed: forgets what nobody needs and lets publishers know. */
  settle(): void {
    const safe = this.#partitions.map((_, i) => this.#safe(i))
    const waiting: Waiter[] = []
    for (const waiter of this.#waiters) {
      if (waiter.ends.every(({ partition, offset }) => offset < (safe[partition] ?? 0))) waiter.resolve(waiter.ends)
      else waiting.push(waiter)
    }
    this.#waiters = waiting
    this.#partitions.forEach((partition, i) => {
      partition.forget(Math.min(safe[i] ?? 0, partition.next))
    })
  }

  close(error: DtmsError): void {
    for (const { reject } of this.#waiters) reject(error)
    this.#waiters = []
  }

  #safe(partition: number): number {
    let safe = Number.POSITIVE_INFINITY
    for (const group of this.#groups) safe = Math.min(safe, group.committed(partition))
    return safe === Number.POSITIVE_INFINITY ? 0 : safe
  }

  #partition(partition: number): Partition {
    const found = this.#partitions[partition]
    if (found !== undefined) return found
    throw new DtmsError('bus.refused', `${this.name} has no partition ${partition}`, {
      hint: `it has ${this.#partitions.length}, counted from 0`,
    })
  }
}

function byPartition(a: PartitionEnd, b: PartitionEnd): number {
  return a.partition - b.partition
}
