/** A place in the order of a stream: by record time, then writer, then seq. No two lines share one. */
export interface Key {
  at: number
  writer: string
  seq: number
}

export interface Keyed<T> extends Key {
  value: T
}

export function compareKeys(a: Key, b: Key): number {
  if (a.at !== b.at) return a.at - b.at
  if (a.writer !== b.writer) return a.writer < b.writer ? -1 : 1
  return a.seq - b.seq
}

/**
 * Keeps the newest `capacity` entries in order. What falls out, and what arrives below the `floor`, is only in the log:
 * above the floor this store is complete, so a page that stays above it needs nothing else.
 */
export class OrderedStore<T> {
  readonly #capacity: number
  /** Ascending. Cut at the front in chunks, so that an append costs no move of the whole. */
  #entries: Keyed<T>[] = []
  #first = 0
  #floor: Key | undefined

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#entries.length - this.#first
  }

  get newest(): Keyed<T> | undefined {
    return this.size === 0 ? undefined : this.#entries.at(-1)
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
    const tail = this.#entries.splice(this.#indexAfter(oldest))
    let i = 0
    for (const entry of sorted) {
      for (let next = tail[i]; next !== undefined && compareKeys(next, entry) < 0; next = tail[i]) {
        this.#entries.push(next)
        i += 1
      }
      const last = this.#entries.length > this.#first ? this.#entries.at(-1) : undefined
      const repeated = (place: Key | undefined): boolean => place !== undefined && compareKeys(place, entry) === 0
      if (!repeated(last) && !repeated(tail[i])) this.#entries.push(entry)
    }
    for (; i < tail.length; i += 1) this.#entries.push(tail[i] as Keyed<T>)
    this.#trim()
  }

  /** At most `limit` entries below `before`, newest first, that lie in [from, to) and pass the filter. */
  descending(options: {
    before?: Key | undefined
    from?: number | undefined
    to?: number | undefined
    limit: number
    filter: (value: T) => boolean
  }): Keyed<T>[] {
    const { before, from = -Infinity, to, limit, filter } = options
    const found: Keyed<T>[] = []
    let i = this.#entries.length - 1
    if (before !== undefined) i = Math.min(i, this.#indexFrom(before) - 1)
    if (to !== undefined) i = Math.min(i, this.#indexFrom({ at: to, writer: '', seq: 0 }) - 1)
    for (; i >= this.#first && found.length < limit; i -= 1) {
      const entry = this.#entries[i] as Keyed<T>
      if (entry.at < from) break
      if (filter(entry.value)) found.push(entry)
    }
    return found
  }

  #trim(): void {
    const excess = this.size - this.#capacity
    if (excess <= 0) return
    this.#floor = keyOf(this.#entries[this.#first + excess - 1] as Keyed<T>)
    this.#first += excess
    this.#compact()
  }

  #compact(): void {
    if (this.#first < 1024 && this.#first < this.#entries.length) return
    this.#entries = this.#entries.slice(this.#first)
    this.#first = 0
  }

  /** Index of the first entry whose key is above `key`. */
  #indexAfter(key: Key): number {
    return this.#search((entry) => compareKeys(entry, key) > 0)
  }

  /** Index of the first entry whose key is at or above `key`. */
  #indexFrom(key: Key): number {
    return this.#search((entry) => compareKeys(entry, key) >= 0)
  }

  #search(isBeyond: (entry: Keyed<T>) => boolean): number {
    let low = this.#first
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (isBeyond(this.#entries[middle] as Keyed<T>)) high = middle
      else low = middle + 1
    }
    return low
  }
}

function keyOf({ at, writer, seq }: Key): Key {
  return { at, writer, seq }
}
