/** Kinds of live events; those whose service does not run yet never come, asking for them is not wrong. */
export const eventTypes = [
  'transfer',
  'anomaly',
  'freshness',
  'window',
  'correlation',
  'incident',
  'fault',
  'alert',
  'reset',
] as const
export type EventType = (typeof eventTypes)[number]

export interface LiveEvent {
  number: number
  type: EventType
  /** The whole frame as it goes over the wire: serialised once, whoever listens. */
  frame: Buffer
}

export type Resume = { from: number } | { reset: 'unknown' | 'too-old' }

/**
 * The newest events, numbered from 1. Ids are `<start of the API, ms>-<number>`: after a restart an old id is recognised
 * as one of another run instead of being taken for a new event's.
 */
export class EventRing {
  readonly #startMs: number
  readonly #capacity: number
  readonly #events: LiveEvent[] = []
  #next = 1

  constructor(startMs: number, capacity: number) {
    this.#startMs = startMs
    this.#capacity = capacity
  }

  /** The id that the next event will get less one: what a client that has seen everything remembers. */
  get headId(): string {
    return this.idOf(this.#next - 1)
  }

  /** Number of the next event. */
  get next(): number {
    return this.#next
  }

  idOf(number: number): string {
    return `${this.#startMs}-${number}`
  }

  push(type: EventType, data: unknown): LiveEvent {
    const number = this.#next
    const frame = Buffer.from(`id: ${this.idOf(number)}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`)
    const event = { number, type, frame }
    this.#events[number % this.#capacity] = event
    this.#next += 1
    return event
  }

  /** Undefined when the event has fallen out or has not happened yet. */
  at(number: number): LiveEvent | undefined {
    const event = this.#events[number % this.#capacity]
    return event?.number === number ? event : undefined
  }

  /** Where a client that last saw `id` goes on. */
  resume(id: string): Resume {
    const parts = /^(\d{1,16})-(\d{1,16})$/.exec(id)
    const number = Number(parts?.[2])
    if (parts === null || Number(parts[1]) !== this.#startMs || number >= this.#next) return { reset: 'unknown' }
    const from = number + 1
    return from === this.#next || this.at(from) !== undefined ? { from } : { reset: 'too-old' }
  }
}
