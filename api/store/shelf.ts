import type { Keyed } from './keys.ts'

/**
 * Where the entries of a store lie, by slot. Which form they have there is the shelf's affair: `probe` gives what filters
 * look at without building the whole value.
 */
export interface Shelf<T, F> {
  put(entry: Keyed<T>): number
  at(slot: number): number
  writer(slot: number): string
  seq(slot: number): number
  probe(slot: number): F
  get(slot: number): T
  /** The slot is given to another entry. */
  release(slot: number): void
}

/** Hands out numbers from 0 and takes them back. */
export class Slots {
  readonly #free: number[] = []
  #next = 0

  take(): number {
    const free = this.#free.pop()
    if (free !== undefined) return free
    this.#next += 1
    return this.#next - 1
  }

  release(slot: number): void {
    this.#free.push(slot)
  }
}

/** Entries as they are: for streams with few of them. */
export class ObjectShelf<T> implements Shelf<T, T> {
  readonly #slots = new Slots()
  readonly #entries: (Keyed<T> | undefined)[] = []

  put(entry: Keyed<T>): number {
    const slot = this.#slots.take()
    this.#entries[slot] = entry
    return slot
  }

  at(slot: number): number {
    return this.#entry(slot).at
  }

  writer(slot: number): string {
    return this.#entry(slot).writer
  }

  seq(slot: number): number {
    return this.#entry(slot).seq
  }

  probe(slot: number): T {
    return this.#entry(slot).value
  }

  get(slot: number): T {
    return this.#entry(slot).value
  }

  release(slot: number): void {
    this.#entries[slot] = undefined
    this.#slots.release(slot)
  }

  #entry(slot: number): Keyed<T> {
    return this.#entries[slot] as Keyed<T>
  }
}
