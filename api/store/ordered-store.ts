import { compareKeys, type Key, type Keyed } from './keys.ts'
import type { Shelf } from './shelf.ts'

/**
 * Keeps the newest `capacity` entries in order. What falls out, and what arrives below the `floor`, is only in the log:
 * above the floor this store is complete, so a page that stays above it needs nothing else. Filters look at an `F`.
 */
export class OrderedStore<T, F = T> {
  readonly #capacity: number
  readonly #shelf: Shelf<T, F>
  /** Slots of the shelf, ascending by key. Cut at the front in chunks, so that an append costs no move of the whole. */
  #slots: number[] = []
  #first = 0
  #floor: Key | undefined

  constructor(capacity: number, shelf: Shelf<T, F>) {
    this.#capacity = capacity
    this.#shelf = shelf
  }

  get size(): number {
    return this.#slots.length - this.#first
  }

  get newest(): Keyed<T> | undefined {
    const slot = this.size === 0 ? undefined : this.#slots.at(-1)
    return slot === undefined ? undefined : this.#entry(slot)
  }

  /** Everything below or at this key is not here; undefined when nothing has ever been left out. */
  get floor(): Key | undefined {
    return this.#floor
  }

  /** Entries in any order. One merge for the whole batch: late ones cost the distance to their place, not a move each. */
  add(batch: readonly Keyed<T>[]): void {
    const floor = this.#floor
    const sorted = batch.filter((entry) => floor === undefined || compareKeys(entry, floor) > 0).sort(compareKeys)
    const [oldest] = sorted
    if (oldest === undefined) return
    const tail = this.#slots.splice(this.#indexFrom(oldest))
    let previous: Key | undefined
    let i = 0
    for (const entry of sorted) {
      let order = 1
      for (; i < tail.length; i += 1) {
        const slot = tail[i] as number
        order = this.#compare(slot, entry)
        if (order >= 0) break
        this.#slots.push(slot)
      }
      const repeated = order === 0 || (previous !== undefined && compareKeys(previous, entry) === 0)
      if (!repeated) this.#slots.push(this.#shelf.put(entry))
      previous = entry
    }
    for (; i < tail.length; i += 1) this.#slots.push(tail[i] as number)
    this.#trim()
  }

  /** At most `limit` entries below `before`, newest first, that lie in [from, to) and pass the filter. */
  descending(options: {
    before?: Key | undefined
    from?: number | undefined
    to?: number | undefined
    limit: number
    filter: (value: F) => boolean
  }): Keyed<T>[] {
    const { before, from = -Infinity, to, limit, filter } = options
    const shelf = this.#shelf
    const found: Keyed<T>[] = []
    let i = this.#slots.length - 1
    if (before !== undefined) i = Math.min(i, this.#indexFrom(before) - 1)
    if (to !== undefined) i = Math.min(i, this.#indexFrom({ at: to, writer: '', seq: 0 }) - 1)
    for (; i >= this.#first && found.length < limit; i -= 1) {
      const slot = this.#slots[i] as number
      if (shelf.at(slot) < from) break
      if (filter(shelf.probe(slot))) found.push(this.#entry(slot))
    }
    return found
  }

  #trim(): void {
    const excess = this.size - this.#capacity
    if (excess <= 0) return
    const end = this.#first + excess
    this.#floor = this.#key(this.#slots[end - 1] as number)
    for (let i = this.#first; i < end; i += 1) this.#shelf.release(this.#slots[i] as number)
    this.#first = end
    if (this.#first < 1024 && this.#first < this.#slots.length) return
    this.#slots = this.#slots.slice(this.#first)
    this.#first = 0
  }

  #key(slot: number): Key {
    return { at: this.#shelf.at(slot), writer: this.#shelf.writer(slot), seq: this.#shelf.seq(slot) }
  }

  #entry(slot: number): Keyed<T> {
    return { ...this.#key(slot), value: this.#shelf.get(slot) }
  }

  /** Most keys differ in their time, so the rest is not looked at before. */
  #compare(slot: number, key: Key): number {
    const at = this.#shelf.at(slot)
    return at === key.at ? compareKeys(this.#key(slot), key) : at - key.at
  }

  /** Index of the first entry whose key is at or above `key`. */
  #indexFrom(key: Key): number {
    let low = this.#first
    let high = this.#slots.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#compare(this.#slots[middle] as number, key) >= 0) high = middle
      else low = middle + 1
    }
    return low
  }
}
