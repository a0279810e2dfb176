/** One entry: what happens, and its place in the order of all things. */
export interface Queued<E> {
  /** Milliseconds since 1970. */
  at: number
  /** Lower goes first at the same instant. */
  priority: number
  /** Given once, in order of scheduling; breaks the remaining ties. */
  sequence: number
  event: E
}

/**
 * Events ordered by (time, priority, sequence): a total order, so the same world always takes the same steps.
 *
 * A binary heap of plain data. What it holds can be saved as a sorted list and put back without a trace, because the
 * order never depends on how the heap is laid out.
 */
export class EventQueue<E> {
  readonly #heap: Queued<E>[] = []
  #sequence: number

  constructor(saved: { sequence: number; entries: readonly Queued<E>[] } = { sequence: 0, entries: [] }) {
    this.#sequence = saved.sequence
    for (const entry of saved.entries) this.#push(entry)
  }

  get size(): number {
    return this.#heap.length
  }

  /** Instant of the next event, or undefined when nothing is planned. */
  nextAt(): number | undefined {
    return this.#heap[0]?.at
  }

  schedule(at: number, priority: number, event: E): void {
    this.#sequence += 1
    this.#push({ at, priority, sequence: this.#sequence, event })
  }

  /** Takes the first event out. */
  pop(): Queued<E> | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    let index = 0
    for (;;) {
      const leftIndex = 2 * index + 1
      const left = heap[leftIndex]
      if (left === undefined) break
      const right = heap[leftIndex + 1]
      const child = right !== undefined && before(right, left) ? right : left
      if (!before(child, last)) break
      heap[index] = child
      index = child === left ? leftIndex : leftIndex + 1
    }
    heap[index] = last
    return first
  }

  /** Plain data in order of events; `keep` leaves out what has become void. */
  save(keep: (event: E) => boolean): { sequence: number; entries: Queued<E>[] } {
    const entries = this.#heap.filter((entry) => keep(entry.event))
    entries.sort((a, b) => (before(a, b) ? -1 : 1))
    return { sequence: this.#sequence, entries }
  }

  #push(entry: Queued<E>): void {
    const heap = this.#heap
    let index = heap.length
    heap.push(entry)
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parent = heap[parentIndex]
      if (parent === undefined || !before(entry, parent)) break
      heap[index] = parent
      index = parentIndex
    }
    heap[index] = entry
  }
}

function before<E>(a: Queued<E>, b: Queued<E>): boolean {
  if (a.at !== b.at) return a.at < b.at
  if (a.priority !== b.priority) return a.priority < b.priority
  return a.sequence < b.sequence
}
